// The alarm list: the most urgent live, the others by page; a new critical one is said aloud and sounds.

import { take } from "./alarm_acts.js";
import { showCase } from "./alarm_case.js";
import { harm, MARK, reading, title } from "./alarm_words.js";
import { byId, el, refill } from "./dom.js";
import { alert, sound } from "./sound.js";
import { board, live, now, on, view } from "./store.js";
import { number, since, t, word } from "./text.js";

const SEVERITIES = Object.keys(MARK);
const AGAIN_MS = 1500; // between readings of what is not in the stream
let standing = "open", further = [], next = null, known = null, again = 0, goto = null;

export function alarms(options) {
  goto = options.goto;
  for (const name of ["open", "cleared"]) byId(`alarms-${name}`).addEventListener("click", () => choose(name));
  byId("alarms-more").addEventListener("click", more);
  byId("acknowledge-all").addEventListener("click", () => take(waiting().map((alarm) => alarm.id)));
  sound(byId("sound"));
  on(["alarms"], () => { draw(); readAgain(); });
  on(["live alarms"], sayNew); // also while the past is shown
}

const standingOf = (alarms) => [...alarms.entries()].filter(([key]) => key !== "total").map(([, row]) => row);
const rows = () => standingOf(board.alarms);
const order = (alarm) => alarm.mark.split("-").map(Number);

function shown() {
  const first = standing === "open" ? rows() : [], ids = new Set(first.map((alarm) => alarm.id));
  if (view.at) return first.sort((a, b) => Boolean(a.acknowledged_at) - Boolean(b.acknowledged_at) || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.id - a.id);
  return [...first, ...further.filter((alarm) => !ids.has(alarm.id))].sort((a, b) => order(b)[0] - order(a)[0] || b.id - a.id);
}

const waiting = () => shown().filter((alarm) => !alarm.acknowledged_at && !alarm.cleared_at);

function draw() {
  const total = board.alarms.get("total"), list = shown();
  drawTotals(total);
  byId("acknowledge-all").hidden = Boolean(view.at) || waiting().length < 2;
  byId("alarms-more").hidden = Boolean(view.at) || !(standing === "open" ? count(total) > list.length : next);
  const none = standing === "open" ? t("No open alarms.") : t("Nothing waits to be closed.");
  refill(byId("alarm-list"), list.length ? list.map(item) : [el("li", { className: "none" }, none)]);
}

const count = (total) => (total ? total.critical + total.major + total.notice : 0);

function drawTotals(total) {
  if (!total) return;
  byId("alarm-count").textContent = number(total.waiting);
  byId("alarm-count").dataset.open = String(total.waiting > 0);
  byId("alarm-totals").replaceChildren(...Object.keys(MARK).map((severity) => el("span", { "data-severity": severity }, `${MARK[severity]} ${word("severity", severity)} ${number(total[severity])}`)));
  if (total.explained) byId("alarm-totals").append(el("span", {}, t("{n} explained by others", { n: number(total.explained) })));
  byId("alarms-cleared").textContent = t("To close ({n})", { n: number(total.to_close) });
}

function item(alarm) {
  const name = title(alarm), facts = [t("since {time}", { time: since(alarm.raised_at, now()) })];
  if (alarm.cleared_at) facts.push(t("cleared {time}", { time: since(alarm.cleared_at, now()) }));
  if (alarm.count > 1) facts.push(t("{n} times", { n: alarm.count }));
  if (alarm.explains) facts.push(t("explains {n} others", { n: number(alarm.explains) }));
  if (alarm.acknowledged_at) facts.push(t("acknowledged {time} by {who}", { time: since(alarm.acknowledged_at, now()), who: alarm.acknowledged_by }));
  if (alarm.assigned_to) facts.push(t("assigned to {who}", { who: alarm.assigned_to }));
  const tag = alarm.escalated_at && !alarm.acknowledged_at ? el("span", { className: "tag" }, "▲ ", t("waits too long")) : null;
  return el("li", { "data-severity": alarm.severity },
    el("p", {}, el("span", { className: "severity" }, `${MARK[alarm.severity]} ${word("severity", alarm.severity)}`), el("strong", {}, name), tag),
    ...[reading(alarm), harm(alarm)].filter(Boolean).map((text) => el("p", {}, text)),
    el("p", { className: "quiet" }, facts.join(" · ")), acts(alarm, name));
}

function acts(alarm, name) {
  const button = (key, text, run) => el("button", { type: "button", "data-key": `${key}-${alarm.id}`, "aria-label": `${text}: ${name}`, onclick: run }, text);
  const box = el("div", { className: "acts" });
  if (!alarm.acknowledged_at && !alarm.cleared_at && !view.at) box.append(button("acknowledge", t("Acknowledge"), () => take([alarm.id])));
  if (!view.at) box.append(button("case", alarm.cleared_at ? t("Close…") : t("Assign, note…"), () => showCase(alarm, { changed: () => read() })));
  if (alarm.about.position) box.append(button("goto", t("Show on the map"), () => goto(alarm.about.position)));
  return box;
}

function choose(name) {
  standing = name;
  for (const each of ["open", "cleared"]) byId(`alarms-${each}`).setAttribute("aria-pressed", String(each === name));
  further = [];
  next = null;
  draw();
  if (name === "cleared") more();
}

/** Read the page behind the last alarm that is shown. */
async function more() {
  const last = shown().at(-1);
  const page = await fetchPage(last && (standing === "open" || next) ? last.mark : null);
  if (!page) return;
  further = [...further, ...page.alarms];
  next = page.next;
  draw();
}

/** What is not in the stream may have changed with what is: read as many again. */
function readAgain() {
  if (again || !(further.length || standing === "cleared")) return;
  again = setTimeout(() => { again = 0; read(); }, AGAIN_MS);
}

async function read() {
  if (!further.length && standing === "open") return;
  const wanted = Math.max(further.length, 1), found = [];
  let after = standing === "open" ? rows().sort((a, b) => order(b)[0] - order(a)[0] || b.id - a.id).at(-1)?.mark ?? null : null;
  do {
    const page = await fetchPage(after);
    if (!page) return;
    found.push(...page.alarms);
    after = next = page.next;
  } while (after && found.length < wanted);
  further = found;
  draw();
}

async function fetchPage(after) {
  const query = new URLSearchParams(after?.startsWith("?") ? after : { standing, ...(after ? { after } : {}) });
  const answer = await fetch(`api/alarms?${query}`);
  return answer.ok ? answer.json() : null;
}

function sayNew() {
  const critical = standingOf(live.alarms).filter((alarm) => alarm.severity === "critical" && !alarm.acknowledged_at);
  const marks = new Set(critical.map((alarm) => `${alarm.id} ${alarm.escalated_at ?? ""}`));
  const fresh = known ? critical.filter((alarm) => !known.has(`${alarm.id} ${alarm.escalated_at ?? ""}`)) : [];
  known = marks;
  if (!fresh.length) return;
  byId("alerted").textContent = `${word("severity", "critical")}: ${title(fresh[0])}`;
  alert();
}
