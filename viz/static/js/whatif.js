// "What if it stops?": the people who would lose a service, by age and service; the present stays untouched.

import { byId, el, refill } from "./dom.js";
import { bandRows, lossCard } from "./losses.js";
import { board, changed, view } from "./store.js";
import { atLeast, named, people, t } from "./text.js";

let asked = 0;

/** Ask about one element {kind, id, name, name_zh}; `shown` hears the buildings, or null when the question ends. */
export async function ask(element, shown) {
  const mine = ++asked;
  view.asking = element;
  changed("what-if");
  banner(t("What if {name} stops? Counting…", { name: named(element) }), shown);
  const body = JSON.stringify({ close: [{ kind: element.kind, id: element.id }] });
  const answer = await fetch("api/what-if", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (mine !== asked) return;
  if (!answer.ok) {
    banner(t("The question could not be answered."), shown);
    return;
  }
  view.whatIf = await answer.json();
  const n = people(view.whatIf.people);
  banner(t("What if {name} stops? {n} people would lose a service.", { name: named(element), n }), shown);
  draw(element, shown);
  shown(view.whatIf.buildings);
}

export function end(shown) {
  asked++;
  view.asking = view.whatIf = null;
  byId("banner").hidden = true;
  draw(null, shown);
  shown(null);
}

function banner(text, shown) {
  byId("banner").hidden = false;
  byId("banner").replaceChildren(el("span", {}, text), el("button", { type: "button", onclick: () => end(shown) }, t("Back to now")));
}

/** Fill the panel: a picker of lifts, then the answer. */
export function draw(element, shown) {
  const panel = byId("what-if"), answer = view.whatIf;
  const parts = [picker(element, shown)];
  if (element && answer) {
    parts.push(el("h2", {}, t("If {name} stops", { name: named(element) })));
    if (answer.already_closed) parts.push(el("p", { className: "quiet" }, t("It is out of service already: nothing would change.")));
    parts.push(el("p", { className: "hero", "data-calm": String(atLeast(answer.people) === 0) }, el("strong", {}, people(answer.people)), el("span", {}, t("people would lose a service they reach now"))));
    if (answer.rows.length) {
      const table = el("table", { className: "bars" }, el("caption", { className: "unseen" }, t("By age")), el("tbody", {}, ...bandRows(answer.bands)));
      parts.push(el("h3", {}, t("By age")), table, el("h3", {}, t("By service")),
        el("ul", { className: "losses" }, ...answer.rows.map((row, i) => lossCard(row, { key: `whatif-${i}`, show: () => shown(row.buildings) }))));
    }
  }
  refill(panel, parts);
}

function picker(element, shown) {
  const lifts = [...board.things.values()].filter((thing) => thing.closes.length);
  const select = el("select", { id: "what-if-pick", onchange: () => {
    const thing = board.things.get(select.value);
    if (thing) ask({ ...thing.closes[0], name: thing.name, name_zh: thing.name_zh, position: thing.position }, shown);
  } }, el("option", { value: "" }, t("Choose a lift or gate")), ...lifts.sort((a, b) => named(a).localeCompare(named(b), undefined, { numeric: true })).map((thing) => {
    const chosen = element && thing.closes.some((c) => c.kind === element.kind && c.id === element.id);
    return el("option", { value: String(thing.id), selected: chosen }, named(thing));
  }));
  return el("label", { className: "filter" }, t("What if this stops?"), select);
}
