// The grid worker's page: what stands in the own grids, to take on and to note.

import { harm, MARK, reading, title } from "../alarm_words.js";
import { byId, el, refill } from "../dom.js";
import { header } from "../header.js";
import { number, since, t, word } from "../text.js";
import { watchWidth } from "../width.js";
import { ask, attempt, field, tell, warn } from "./kit.js";

const EVERY_MS = 15000;
const notes = new Map(); // what is being written, so that a fresh list loses none of it

async function load() {
  const { data } = await ask("api/alarms?limit=100");
  const { critical, major, notice } = data.total, all = critical + major + notice, rows = data.alarms.map(row);
  byId("counted").textContent = t("Alarms that stand: {n}", { n: number(all) });
  if (data.next) rows.push(el("li", { className: "none" }, t("and {n} more", { n: number(all - rows.length) })));
  refill(byId("mine"), rows.length ? rows : [el("li", { className: "none" }, t("Nothing stands in your grids."))]);
}

const act = (alarm, what, body, words) => attempt(async () => {
  await ask(`api/alarms/${alarm.id}/${what}`, { method: "POST", body });
  tell(words);
  await load();
});

function row(alarm) {
  const text = el("textarea", { rows: 2, maxLength: 2000, id: `note-${alarm.id}`, "data-key": `text-${alarm.id}`, value: notes.get(alarm.id) ?? "", oninput: () => notes.set(alarm.id, text.value) });
  const write = async () => {
    if (!text.value.trim()) { text.focus(); return; }
    const said = text.value;
    notes.delete(alarm.id);
    if ((await act(alarm, "note", { text: said }, t("Noted."))) === undefined && byId("alerted").textContent) notes.set(alarm.id, said);
  };
  return el("li", { "data-severity": alarm.severity },
    el("p", { className: "line" }, el("span", {}, el("span", { className: "severity" }, `${MARK[alarm.severity]} ${word("severity", alarm.severity)}`), title(alarm)), el("span", { className: "quiet" }, since(alarm.raised_at, new Date()))),
    ...[reading(alarm), harm(alarm)].filter(Boolean).map((words) => el("p", {}, words)),
    alarm.acknowledged_at ? el("p", { className: "quiet" }, t("acknowledged by {who}", { who: alarm.acknowledged_by ?? "–" })) : null,
    el("details", { className: "noting", open: notes.has(alarm.id) }, el("summary", {}, t("Write note")), field(t("Note"), text), el("div", { className: "acts" }, el("button", { type: "button", "data-key": `note-${alarm.id}`, onclick: write }, t("Send note")))),
    alarm.acknowledged_at ? null : el("div", { className: "acts" }, el("button", { type: "button", className: "main-act", "data-key": `take-${alarm.id}`, "aria-label": `${t("Acknowledge")}: ${title(alarm)}`, onclick: () => act(alarm, "acknowledge", {}, t("You have taken it on.")) }, t("Acknowledge"))));
}

/** Look again, unless somebody is writing. */
function again() {
  if (document.activeElement?.tagName === "TEXTAREA") return;
  load().catch((error) => warn(error.message));
}

header({ resized: watchWidth() });
byId("again").onclick = () => attempt(load);
setInterval(again, EVERY_MS);
attempt(load);
