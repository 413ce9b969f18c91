// Looking closer, step by step: the place's grids, a grid's buildings, a building's services, a device and its last day.

import { byId, el, refill } from "./dom.js";
import { dayChart } from "./day.js";
import { glyph } from "./glyphs.js";
import { bandName } from "./losses.js";
import { address, board, on, view } from "./store.js";
import { kindText, nameOf } from "./search.js";
import { stateText, valuesText } from "./things.js";
import { atLeast, list, minutes, named, number, people, t, word } from "./text.js";

let asked = 0, shown = null, hear = null, waiting = null;

/** Make the panel work; `heard` is {goto(position), opened()}. */
export function places(heard) {
  hear = heard;
  on(["tab"], () => { if (!byId("places").hidden && !shown) look(...wanted(), { move: false }); });
  on(["things"], () => {
    refreshState();
    const run = waiting;
    waiting = null;
    run?.();
  });
  on(["moment"], () => { if (shown && !byId("places").hidden) look(shown.kind, shown.id, { move: false }); });
  if (address.get("look") || !byId("places").hidden) look(...wanted(), { move: false });
}

function wanted() {
  const [kind, id] = (address.get("look") ?? "").split(":");
  return ["grid", "building", "facility", "thing"].includes(kind) && /^\d+$/.test(id) ? [kind, Number(id)] : ["grid", 0];
}

/** Show one thing and what is in it; `move`: the map goes there too and the panel takes the focus. */
export async function look(kind, id, { move = true } = {}) {
  const mine = ++asked, box = byId("places");
  shown = { kind, id };
  address.set({ look: id ? `${kind}:${id}` : null });
  if (move) hear.opened();
  const answer = await fetch(`api/inside/${kind}/${id}`);
  if (mine !== asked) return;
  if (!answer.ok) {
    refill(box, [el("p", { className: "none" }, t("It is not there any more.")), crumb({ kind: "grid", id: 0 })]);
    return;
  }
  const found = await answer.json();
  const title = el("h2", { tabIndex: -1 }, id ? nameOf(found) : t("Whole place"));
  refill(box, [trail(found), title, ...facts(found), ...(found.bands.length ? [ages(found)] : []), ...lists(found)]);
  if (move) {
    title.focus({ preventScroll: true });
    box.scrollTop = 0;
    if (id) hear.goto(found.position);
  }
  if (kind === "building") await services(box, id, mine);
  if (kind === "thing") await days(box, id, mine);
}

const crumb = (part) => el("button", { type: "button", className: "plain", "data-key": `crumb-${part.kind}-${part.id}`, onclick: () => look(part.kind, part.id) }, part.id ? nameOf(part) : t("Whole place"));

function trail(found) {
  if (!found.id) return el("p", { className: "quiet" }, t("Choose a grid, then a building, a facility or a device."));
  const steps = [{ kind: "grid", id: 0 }, ...found.path];
  return el("nav", { className: "trail", "aria-label": t("Where this is") }, el("ol", {}, ...steps.map((part) => el("li", {}, crumb(part)))));
}

function facts(found) {
  if (!found.id) return [];
  const f = found.facts, rows = [];
  const row = (name, value) => { if (value !== null && value !== undefined && value !== "") rows.push(el("div", {}, el("dt", {}, name), el("dd", {}, value))); };
  row(t("Kind"), found.kind === "building" ? null : kindText(found));
  row(t("Code"), f.code);
  row(t("Floors"), f.floors === undefined ? null : f.floors_assumed ? t("{n}, assumed", { n: f.floors }) : number(f.floors));
  if (found.kind === "building") row(t("Lift"), { true: t("yes"), false: t("no"), null: t("not known") }[f.lift]);
  row(t("Hours"), f.hours);
  if (found.kind === "facility") row(t("Step-free"), { true: t("yes"), false: t("no"), null: t("not known") }[f.step_free]);
  row(t("Capacity"), f.capacity);
  row(t("Residents"), found.residents ? people(found.residents) : null);
  const lost = found.kind === "building" ? lostBy(found.id) : [];
  const parts = [el("dl", { className: "facts" }, ...rows)];
  if (lost.length) parts.push(el("p", { className: "warned" }, "▲ ", t("Cut off from: {services}", { services: list(lost) })));
  if (found.kind === "thing") parts.unshift(state(found.id));
  return parts;
}

const lostBy = (id) => [...new Set([...board.losses.entries()].filter(([key, row]) => key !== "total" && row.certain && row.buildings.includes(id)).map(([, row]) => word("service", row.service)))];

function state(id) {
  const thing = board.things.get(String(id)), line = el("p", { className: `state state-${thing?.state ?? "never_seen"}`, "data-state-of": String(id) });
  line.textContent = thing ? [stateText(thing), valuesText(thing)].filter(Boolean).join(" · ") : t("not known");
  return line;
}

function refreshState() {
  const line = byId("places").querySelector("[data-state-of]");
  if (line) line.replaceWith(state(Number(line.dataset.stateOf)));
}

function ages(found) {
  return el("details", {}, el("summary", {}, t("Residents by age")), el("table", { className: "table" }, el("caption", { className: "unseen" }, t("Residents by age")),
    el("tbody", {}, ...found.bands.map((row) => el("tr", {}, el("th", { scope: "row" }, bandName(row.band)), el("td", {}, people(row.count)))))));
}

const TITLES = { grid: () => t("Grids"), building: () => t("Buildings"), facility: () => t("Facilities"), thing: () => t("Devices") };

function lists(found) {
  const cut = new Set([...board.losses.entries()].filter(([key, row]) => key !== "total" && row.certain).flatMap(([, row]) => row.buildings));
  return Object.entries(TITLES).flatMap(([kind, title]) => {
    const parts = found.inside.filter((part) => part.kind === kind);
    if (!parts.length) return [];
    if (kind === "building") parts.sort((a, b) => Number(cut.has(b.id)) - Number(cut.has(a.id)));
    const heading = found.kind === "facility" ? t("Devices at it and near it") : title();
    return [el("h3", {}, `${heading} (${number(parts.length)})`), el("ul", { className: "parts" }, ...parts.map((part) => entry(part, cut)))];
  });
}

function entry(part, cut) {
  const thing = part.kind === "thing" ? board.things.get(String(part.id)) : null;
  const sign = part.kind === "facility" ? glyph(part.sort, "facility", "glyph small") : thing ? glyph(part.sort, thing.state, "glyph small") : null;
  const notes = [part.residents && atLeast(part.residents) ? t("{n} residents", { n: people(part.residents) }) : null, part.kind === "facility" ? word("service", part.sort) : null,
    thing ? word("thing_state", thing.state) : null, part.distance_m ? t("{n} m", { n: number(part.distance_m) }) : null, part.kind === "building" && cut.has(part.id) ? `▲ ${t("cut off now")}` : null];
  return el("li", {}, sign, el("button", { type: "button", className: "plain", "data-key": `part-${part.kind}-${part.id}`, onclick: () => look(part.kind, part.id) }, nameOf(part)), el("span", { className: "quiet" }, notes.filter(Boolean).join(" · ")));
}

/** The nearest of each service from a building, now, for the walker of the question. */
async function services(box, id, mine) {
  if (view.at) return;
  const group = byId("picker").group.value;
  const answer = await fetch(`api/ways?${new URLSearchParams({ building: id, group })}`);
  if (mine !== asked || !answer.ok) return;
  const found = await answer.json();
  const line = (row) => el("tr", {}, el("th", { scope: "row" }, word("service", row.service)),
    el("td", {}, row.nearest ? el("button", { type: "button", className: "plain", onclick: () => look("facility", row.nearest.facility) }, named(row.nearest) || word("service", row.service)) : t("none can be reached")), el("td", {}, row.nearest ? minutes(row.nearest.seconds) : "–"));
  box.append(el("h3", {}, t("Nearest services, {group}", { group: word("group", group) })),
    el("table", { className: "table" }, el("caption", { className: "unseen" }, t("Nearest services, {group}", { group: word("group", group) })), el("tbody", {}, ...found.services.map(line))));
}

async function days(box, id, mine) {
  const thing = board.things.get(String(id));
  if (!thing) { // the stream has yet to say which devices there are
    if (!board.things.size) waiting = () => mine === asked && days(box, id, mine);
    return;
  }
  const properties = [...new Set(thing.readings.map((reading) => reading.property))];
  for (const property of properties) {
    const figure = el("figure", { className: "day" });
    box.append(figure);
    await dayChart(figure, { thing, property, until: view.at ?? new Date(Date.now() + view.ahead_ms), still: () => mine === asked });
  }
}

