// What has been asked: every result is kept under the hash of its inputs, and can be opened again or sent as a link.

import { byId, el, refill } from "../dom.js";
import { now } from "../store.js";
import { number, since, t, word } from "../text.js";
import { said, send } from "./state.js";

/** Say in one line what a run asked. */
export function askedText({ question, asked }) {
  const parts = [];
  const services = asked.services ?? (asked.service ? [asked.service] : []), groups = asked.groups ?? (asked.group ? [asked.group] : []);
  if (asked.title) parts.push(asked.title);
  if (services.length) parts.push(services.map((one) => word("service", one)).join(" / "));
  if (groups.length) parts.push(groups.map((one) => word("group", one)).join(" / "));
  if (asked.minutes) parts.push(t("{n} min", { n: number(asked.minutes) }));
  if (asked.moment) parts.push(`${said("day", asked.moment.slice(0, 2))} ${asked.moment.slice(3)}`);
  if (asked.day) parts.push(said("day", asked.day));
  if (asked.edits) parts.push(asked.edits.map((one) => said("edit", one.edit)).join(" + "));
  if (question === "siting" || question === "front") parts.push(t("{n} new", { n: number(asked.new) }));
  return parts.join(" · ");
}

/** List the runs; open(hash) hears which one is wanted. */
export async function draw(open) {
  const node = byId("runs"), found = await send("api/plan/runs?limit=100");
  if (!found.ok) {
    node.replaceChildren(el("p", { className: "refused" }, found.body.detail));
    return;
  }
  const line = (run) => el("tr", {},
    el("th", { scope: "row" }, el("button", { type: "button", className: "plain", "data-key": run.run, disabled: run.state !== "done", onclick: () => open(run.run) }, said("question", run.question)), el("small", { className: "what" }, askedText(run))),
    el("td", {}, since(run.created_at, now())), el("td", {}, run.created_by ?? "–"), el("td", {}, said("state", run.state)));
  const table = el("table", { className: "table runs" }, el("caption", { className: "unseen" }, t("Results kept")), el("thead", {}, el("tr", {}, ...[t("Question"), t("Asked at"), t("Who"), t("State")].map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...found.body.runs.map(line)));
  refill(node, [el("h2", {}, t("Results kept")), el("p", { className: "quiet" }, t("Every answer is kept with all that it rests on; the same question gives the same answer. Open one to see it, take it away or send its link.")), found.body.runs.length ? table : el("p", { className: "none" }, t("Nothing yet."))]);
}
