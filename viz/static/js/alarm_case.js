// One alarm in a dialog: its life, and to hand it over, note on it, or close it.

import { act, take } from "./alarm_acts.js";
import { harm, MARK, reading, step, title } from "./alarm_words.js";
import { byId, el } from "./dom.js";
import { now } from "./store.js";
import { since, t, word } from "./text.js";

let open = null;

/** Open the dialog; `changed` is called after each thing done in it. */
export async function showCase(alarm, { changed }) {
  const dialog = byId("alarm-case");
  open = { id: alarm.id, changed };
  dialog.replaceChildren(form(alarm, dialog));
  dialog.addEventListener("close", () => byId("alarm-list").querySelector(`[data-key="case-${alarm.id}"]`)?.focus(), { once: true });
  dialog.showModal();
  await life();
}

async function life() {
  const answer = await fetch(`api/alarms/${open.id}`), list = byId("alarm-life");
  if (!answer.ok || !list) return;
  const alarm = await answer.json();
  list.replaceChildren(...alarm.events.map((event) => el("li", {}, el("time", { dateTime: event.at }, since(event.at, now())), el("span", {}, step(event)))));
}

function form(alarm, dialog) {
  const who = el("input", { id: "alarm-to", maxLength: 80, value: alarm.assigned_to ?? "", autocomplete: "off" });
  const text = el("textarea", { id: "alarm-note", maxLength: 2000, rows: 3 });
  const button = (words, run, options = {}) => el("button", { type: "button", onclick: run, ...options }, words);
  const done = async (path, body) => { if (await act(`${alarm.id}/${path}`, body)) { open.changed(); await life(); return true; } return false; };
  const write = async () => { if (text.value.trim() && await done("note", { text: text.value })) text.value = ""; };
  const close = async () => { if (text.value.trim() ? await done("close", { text: text.value }) : text.focus()) dialog.close(); };
  return el("form", { method: "dialog" },
    el("h2", { id: "alarm-case-title" }, `${MARK[alarm.severity]} ${word("severity", alarm.severity)} · ${title(alarm)}`),
    ...[reading(alarm), harm(alarm)].filter(Boolean).map((words) => el("p", {}, words)),
    el("h3", {}, t("What has happened")), el("ol", { id: "alarm-life", className: "life" }),
    el("label", { htmlFor: "alarm-to" }, t("Assigned to")),
    el("div", { className: "row" }, who, button(t("Assign"), () => done("assign", { to: who.value.trim() || null }))),
    el("label", { htmlFor: "alarm-note" }, alarm.cleared_at ? t("What it was") : t("Note")), text,
    el("div", { className: "acts" },
      alarm.acknowledged_at || alarm.cleared_at ? null : button(t("Acknowledge"), async () => { if (await take([alarm.id])) { open.changed(); await life(); } }),
      button(t("Write note"), write),
      alarm.cleared_at ? button(t("Close the alarm"), close, { className: "main-act" }) : null,
      el("button", { type: "submit", value: "back" }, t("Back to the list"))));
}
