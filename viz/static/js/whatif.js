// "What if it stops?": the people who would lose a service, by age and service; and, of what is out, "what if it is mended?".

import { byId, el, refill } from "./dom.js";
import { bandRows, lossCard } from "./losses.js";
import { board, changed, view } from "./store.js";
import { question } from "./things.js";
import { atLeast, named, people, t } from "./text.js";

let asked = 0;

/** Ask about one device {closes, mend, name, name_zh}; `shown` hears the buildings, or null when the question ends. */
export async function ask(device, shown) {
  const mine = ++asked, name = named(device);
  view.asking = device;
  view.whatIf = null;
  banner(t("{name}: counting…", { name }), shown);
  draw(shown);
  const parts = device.closes.map(({ kind, id }) => ({ kind, id }));
  const body = JSON.stringify(device.mend ? { mend: parts } : { close: parts });
  const answer = await fetch("api/what-if", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  if (mine !== asked) return;
  if (!answer.ok) {
    banner(t("The question could not be answered."), shown);
    return;
  }
  const found = await answer.json();
  view.whatIf = device.mend ? found.gained : found.lost;
  const n = people(view.whatIf.people);
  banner(device.mend ? t("If {name} is mended, {n} people have a service back.", { name, n }) : t("If {name} stops, {n} people lose a service.", { name, n }), shown);
  draw(shown);
  shown(view.whatIf.buildings);
}

export function end(shown) {
  asked++;
  view.asking = view.whatIf = null;
  byId("banner").hidden = true;
  draw(shown);
  shown(null);
  changed("what-if");
}

function banner(text, shown) {
  byId("banner").hidden = false;
  byId("banner").replaceChildren(el("span", {}, text), el("button", { type: "button", onclick: () => end(shown) }, t("Back to now")));
}

/** Fill the panel: a picker of lifts and gates, then the answer. */
export function draw(shown) {
  if (view.at) {
    refill(byId("what-if"), [el("p", { className: "none" }, t("What if is asked of the present: go back to now first."))]);
    return;
  }
  const device = view.asking, answer = view.whatIf, parts = [picker(shown)];
  if (device && answer) {
    const name = named(device);
    parts.push(el("h2", {}, device.mend ? t("If {name} is mended", { name }) : t("If {name} stops", { name })));
    const text = device.mend ? t("people would have a service back") : t("people would lose a service they reach now");
    parts.push(el("p", { className: "hero", "data-calm": String(device.mend || atLeast(answer.people) === 0) }, el("strong", {}, people(answer.people)), el("span", {}, text)));
    if (answer.rows.length) {
      const table = el("table", { className: "bars" }, el("caption", { className: "unseen" }, t("By age")), el("tbody", {}, ...bandRows(answer.bands)));
      parts.push(el("h3", {}, t("By age")), table, el("h3", {}, t("By service")),
        el("ul", { className: "losses" }, ...answer.rows.map((row, i) => lossCard(row, { key: `whatif-${i}`, gained: device.mend, show: () => shown(row.buildings) }))));
    } else parts.push(el("p", { className: "none" }, t("Nothing would change for anybody.")));
  }
  refill(byId("what-if"), parts);
}

function picker(shown) {
  const choosable = [...board.things.values()].filter((thing) => thing.closes.length).sort((a, b) => named(a).localeCompare(named(b), undefined, { numeric: true }));
  const chosen = view.asking && JSON.stringify(view.asking.closes[0].id);
  const select = el("select", { id: "what-if-pick", "data-key": "what-if-pick", onchange: () => {
    const thing = board.things.get(select.value);
    if (thing) ask(question(thing), shown);
  } }, el("option", { value: "" }, t("Choose a lift or gate")), ...choosable.map((thing) => el("option", { value: String(thing.id), selected: String(thing.closes[0].id) === chosen }, named(thing))));
  return el("label", { className: "filter" }, t("What if this stops?"), select);
}
