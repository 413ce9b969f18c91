// The alarm list: ranked, with an acknowledge button; a new critical one is said aloud to screen readers.

import { byId, el, refill } from "./dom.js";
import { board, now, on } from "./store.js";
import { list, named, people, since, t, word } from "./text.js";

const RANK = { critical: 0, major: 1, notice: 2 };
const SHOWN = 200;
const MARK = { critical: "▲", major: "◆", notice: "●" };
let known = null;

export function alarms({ goto }) {
  on(["alarms"], () => draw(goto));
}

function draw(goto) {
  const rows = [...board.alarms.values()].sort((a, b) => rank(a) - rank(b) || b.raised_at.localeCompare(a.raised_at));
  const open = rows.filter((alarm) => !alarm.acknowledged_at).length;
  byId("alarm-count").textContent = String(open);
  byId("alarm-count").dataset.open = String(open > 0);
  refill(byId("alarm-list"), rows.length ? rows.slice(0, SHOWN).map((alarm) => item(alarm, goto)) : [el("li", { className: "none" }, t("No open alarms."))]);
  sayNew(rows);
}

const rank = (alarm) => RANK[alarm.severity] + (alarm.acknowledged_at ? 10 : 0);

function sayNew(rows) {
  const fresh = known ? rows.filter((alarm) => alarm.severity === "critical" && !known.has(alarm.id)) : [];
  known = new Set(rows.map((alarm) => alarm.id));
  if (fresh.length) byId("said").textContent = `${word("severity", "critical")}: ${title(fresh[0])}`;
}

/** Say what an alarm is about; its subject's name comes from the server, the sentence from the catalogue. */
export function title(alarm) {
  const name = named(alarm.about);
  if (alarm.service) return t("Several faults together: {name}", { name: word("service", alarm.service) });
  if (alarm.kind === "thing_silent") return t("Silent: {name}", { name });
  if (alarm.kind === "wrong_unit") return t("Unit changed: {name}", { name });
  if (alarm.kind === "account") return t("The account does not add up");
  if (alarm.kind === "value") return t("Limit passed: {name}", { name });
  return t("Out of service: {name}", { name });
}

/** Say whom it harms: people at their own pace, else residents if they needed a step-free way. */
function harm(alarm) {
  const services = { services: list(alarm.services.map((service) => word("service", service))) };
  if (alarm.people) return t("{n} people cut off: {services}", { n: people(alarm.people), ...services });
  if (alarm.if_needed.wheelchair) return t("{n} residents cut off if they used a wheelchair: {services}", { n: people(alarm.if_needed.wheelchair), ...services });
  if (alarm.if_needed.frail) return t("{n} residents cut off if they were frail: {services}", { n: people(alarm.if_needed.frail), ...services });
  return alarm.kind === "element_closed" ? t("nobody is cut off") : null;
}

function item(alarm, goto) {
  const acts = el("div", { className: "acts" });
  if (!alarm.acknowledged_at) acts.append(el("button", { type: "button", "data-key": `acknowledge-${alarm.id}`, "aria-label": `${t("Acknowledge")}: ${title(alarm)}`, onclick: (event) => acknowledge(alarm, event.target) }, t("Acknowledge")));
  if (alarm.about.position) acts.append(el("button", { type: "button", "data-key": `goto-${alarm.id}`, "aria-label": `${t("Show on the map")}: ${title(alarm)}`, onclick: () => goto(alarm.about.position) }, t("Show on the map")));
  const facts = [t("since {time}", { time: since(alarm.raised_at, now()) })];
  if (alarm.count > 1) facts.push(t("{n} times", { n: alarm.count }));
  if (alarm.acknowledged_at) facts.push(t("acknowledged {time}", { time: since(alarm.acknowledged_at, now()) }));
  return el("li", { "data-severity": alarm.severity },
    el("p", {}, el("span", { className: "severity" }, `${MARK[alarm.severity]} ${word("severity", alarm.severity)}`), el("strong", {}, title(alarm))),
    harm(alarm) ? el("p", {}, harm(alarm)) : null,
    el("p", { className: "quiet" }, facts.join(" · ")), acts);
}

async function acknowledge(alarm, button) {
  button.disabled = true;
  const answer = await fetch(`api/alarms/${alarm.id}/acknowledge`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ by: t("duty desk") }) });
  if (!answer.ok) {
    button.disabled = false;
    byId("said").textContent = t("Not acknowledged: the server refused.");
  }
}
