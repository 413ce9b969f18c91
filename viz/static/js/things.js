// Devices: what the map's signs say, as a list; from a lift one asks "what if it stops?".

import { byId, el, refill } from "./dom.js";
import { glyph } from "./glyphs.js";
import { address, board, now, on, view } from "./store.js";
import { age, boot, named, number, t, word } from "./text.js";

const SIZES = { closed: 36, unknown: 34, open: 22, ok: 20, silent: 22, never_seen: 20 }; // pixels when near
const WORST = { closed: 0, unknown: 1, never_seen: 2, silent: 3, open: 4, ok: 5 };

const MOST = 200; // rows of the list; the others are found by the filter and the search
const SHORTEST_MS = 50, SHARE = 10; // the list rests ten times as long as its drawing took, however fast the feed
let due = 0, restsUntil = 0, hear = null;

export function things(heard) {
  hear = heard;
  const filter = byId("thing-filter");
  const choice = address.get("devices") ?? "lift";
  for (const [value, text] of [["all", t("All devices")], ...Object.entries(boot.words.thing_kind)]) filter.append(el("option", { value, selected: value === choice }, text));
  filter.onchange = () => { address.set({ devices: filter.value }); draw(); };
  on(["things", "tab"], () => { due ||= setTimeout(draw, Math.max(0, restsUntil - performance.now())); });
  setInterval(() => refreshAges(), 1000);
}

function draw() {
  due = 0;
  if (byId("things").hidden) return; // it is drawn when its tab is opened
  const begun = performance.now();
  const kind = byId("thing-filter").value;
  const rows = [...board.things.values()].filter((thing) => kind === "all" || thing.kind === kind);
  rows.sort((a, b) => WORST[a.state] - WORST[b.state] || named(a).localeCompare(named(b), boot.lang, { numeric: true }));
  const items = rows.slice(0, MOST).map((thing) => item(thing));
  if (rows.length > MOST) items.push(el("li", { className: "none" }, t("and {n} more", { n: number(rows.length - MOST) })));
  refill(byId("thing-list"), rows.length ? items : [el("li", { className: "none" }, t("No device of this kind."))]);
  restsUntil = performance.now() + Math.max(SHORTEST_MS, SHARE * (performance.now() - begun));
}

/** "Out of service · reported 3 min ago": the state in words and how old it is. */
export function stateText(thing) {
  const parts = [word("thing_state", thing.state)];
  if (thing.time) parts.push(t("{age} ago", { age: age((now() - new Date(thing.time)) / 1000) }));
  return parts.join(" · ");
}

export function valuesText(thing) {
  return thing.readings.filter((reading) => reading.value !== null && reading.unit !== "1")
    .map((reading) => `${word("property", reading.property)} ${number(Math.round(reading.value * 10) / 10)} ${word("unit", reading.unit)}`).join(" · ");
}

function item(thing) {
  const name = named(thing), values = valuesText(thing);
  const state = el("p", { className: `state state-${thing.state}` }, stateText(thing));
  state.dataset.thing = thing.id;
  const acts = el("div", { className: "acts" }, el("button", { type: "button", "data-key": `place-${thing.id}`, "aria-label": `${t("Show on the map")}: ${name}`, onclick: () => hear.goto(thing.position) }, t("Show on the map")),
    el("button", { type: "button", "data-key": `look-${thing.id}`, "aria-label": `${t("Last 24 h")}: ${name}`, onclick: () => hear.look("thing", thing.id) }, t("Last 24 h")));
  if (thing.closes.length && !view.at) {
    const text = thing.state === "closed" ? t("What if it is mended?") : t("What if it stops?");
    acts.prepend(el("button", { type: "button", "data-key": `ask-${thing.id}`, "aria-label": `${text} ${name}`, onclick: () => hear.ask(question(thing)) }, text));
  }
  return el("li", { "data-state": thing.state }, glyph(thing.kind, thing.state),
    el("div", { className: "body" },
      el("div", { className: "line" }, el("span", {}, name), thing.simulated ? el("span", { className: "tag" }, t("simulated")) : null),
      state, values ? el("p", { className: "quiet" }, values) : null, acts));
}

/** What to ask about a device: that it stops, or, where it is out, that it is mended. */
export const question = (thing) => ({ name: thing.name, name_zh: thing.name_zh, position: thing.position, closes: thing.closes, mend: thing.state === "closed" });

function refreshAges() {
  if (byId("things").hidden) return;
  for (const node of byId("thing-list").querySelectorAll("[data-thing]")) {
    const thing = board.things.get(node.dataset.thing);
    if (thing) node.textContent = stateText(thing);
  }
}

/** Signs for the map: one a device of the kinds that are shown, the larger the worse. */
export function signs(isShown) {
  return [...board.things.values()].filter((thing) => isShown(thing.kind)).map((thing) => ({ position: thing.position, icon: `${thing.kind}:${thing.state}`, size: SIZES[thing.state], row: thing }))
    .sort((a, b) => WORST[b.row.state] - WORST[a.row.state]);
}
