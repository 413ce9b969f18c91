// The step-free audit: asks for it, shows it in lists and on the map, takes measurements, prints the report.

import { aloud } from "../aloud.js";
import { byId, el } from "../dom.js";
import { header } from "../header.js";
import { TwinMap, drawable } from "../map.js";
import { address } from "../store.js";
import { boot, t } from "../text.js";
import { watchWidth } from "../width.js";
import { breaks, chosen, mends } from "./breaks.js";
import { measuring, open, openNear } from "./measure.js";
import { answered, audit } from "./run.js";
import * as tables from "./tables.js";
import { called, failing } from "./words.js";

const root = document.documentElement, filter = byId("filter");
const state = { run: null, answer: null, lines: { features: [] }, measurements: [], rows: [], shown: null, all: false };
let map = null;

const wanted = () => ({ service: filter.service.value, band: filter.people.value });
const announce = (text) => { byId("said").textContent = text; };

function draw() {
  if (!state.answer) return;
  const names = new Map(state.lines.features.map((one) => [one.id, one.properties.name]));
  state.rows = chosen(state.answer, wanted()).map((one) => ({ ...one, name: names.get(one.id) }));
  breaks(state.rows, state.measurements, { show, measure }, { all: state.all });
  mends(state.answer, names, { show });
  tables.services(state.answer, wanted().service);
  tables.elements(state.answer);
  report();
  mark();
}

/** Put the breaks that the list has on the map, the one chosen above all. */
function mark() {
  if (!map) return;
  const listed = new Set(state.rows.map((one) => one.id));
  const features = state.lines.features.filter((one) => listed.has(one.id) || one.properties.class === "mend")
    .map((one) => (one.id === state.shown ? { ...one, properties: { ...one.properties, class: "chosen" } } : one));
  map.data.breaks = { type: "FeatureCollection", features };
  map.push("base");
}

function show(one) {
  const line = state.lines.features.find((each) => each.id === one.id);
  if (!line || !map) return;
  state.shown = one.id;
  mark();
  map.goto(line.geometry.coordinates[Math.floor(line.geometry.coordinates.length / 2)], 17.5);
  if (root.dataset.layout === "stack") byId("map-base").scrollIntoView({ block: "center" });
}

function measure(one) {
  open([{ element: `edge:${one.source_id}`, kind: one.kind, name: one.name ?? null, name_zh: null, metres: null }]);
}

function report() {
  for (const lang of ["zh", "en"]) {
    const query = new URLSearchParams({ lang, months: byId("lift-filter").months.value });
    if (wanted().service) query.append("service", wanted().service);
    byId(`report-${lang}`).href = `api/audits/${state.run}/report.pdf?${query}`;
  }
}

async function sentences() {
  const query = new URLSearchParams({ lang: boot.lang, run: state.run });
  if (wanted().service) query.set("service", wanted().service);
  const told = await answered(await fetch(`api/spoken/audit/text?${query}`));
  byId("sentences").replaceChildren(...told.sentences.slice(1).map((text) => el("p", {}, text)));
}

function bands() {
  const known = [...new Set(state.answer.breaks.flatMap((one) => Object.keys(one.by_band)))].sort((a, b) => parseInt(a, 10) - parseInt(b, 10));
  const before = filter.people.value || address.get("people") || "";
  filter.people.replaceChildren(el("option", { value: "" }, t("Everybody")), ...known.map((band) => el("option", { value: band, selected: band === before }, t("aged {band}", { band }))));
}

async function ask() {
  byId("again").disabled = true;
  root.dataset.audit = "running";
  byId("progress").textContent = t("The audit is running");
  try {
    const found = await audit((done) => { if (done?.total) byId("progress").textContent = t("{n} of {m} services", { n: done.done, m: done.total }); });
    Object.assign(state, { run: found.run, answer: found.answer });
    [state.lines] = await Promise.all([answered(await fetch(`api/audits/${state.run}/lines`)), sentences()]);
    bands();
    draw();
    byId("progress").textContent = t("Network version {n}", { n: state.answer.network_version });
    root.dataset.audit = "ready";
  } catch (error) {
    byId("progress").textContent = error.message;
    root.dataset.audit = "failed";
  } finally {
    byId("again").disabled = false;
  }
}

async function saved(line) {
  announce(line.is_in_twin ? t("Saved. The audit now counts it as measured.") : t("Saved."));
  state.measurements = await tables.measured({ removed });
  await ask();
  byId("measured-title").focus();
}

async function removed(text) {
  state.measurements = await tables.measured({ removed });
  announce(text);
  byId("measured-title").focus();
}

function hovered(layer, object, info) {
  const one = layer === "breaks" && object && state.answer?.breaks.find((each) => each.id === object.id), tip = byId("tip");
  tip.hidden = !one;
  if (!one) return;
  tip.textContent = [object.properties.name, ...one.fails.map(failing)].filter(Boolean).join("\n") || called("element", one.kind);
  tip.style.left = `${Math.min(info.x + 14, info.viewport.width - 260)}px`;
  tip.style.top = `${Math.min(info.y + 14, info.viewport.height - 90)}px`;
}

function picked(layer, object, info) {
  const row = layer === "breaks" && state.rows.find((one) => one.id === object.id);
  if (row) {
    show(row);
    const card = document.querySelector(`[data-break="${row.id}"] [data-key^=measure]`);
    card?.focus();
    card?.scrollIntoView({ block: "center" });
  } else if (info.coordinate) openNear(info.coordinate);
}

function startMap() {
  if (!drawable()) {
    root.dataset.map = "none";
    byId("map-message").hidden = false;
    byId("map-message").textContent = t("This browser cannot draw the map (no WebGL). The lists beside it say the same.");
    return;
  }
  map = new TwinMap(byId("map-base"), byId("map-live"), { pick: picked, hover: hovered, ready: () => { root.dataset.map = "ready"; } });
  byId("zoom-in").onclick = () => map.zoom(1);
  byId("zoom-out").onclick = () => map.zoom(-1);
  byId("whole").onclick = () => map.fly({ ...map.whole(), home: true });
}

filter.service.value = address.get("service") ?? "";
filter.onchange = () => {
  address.set({ service: wanted().service || null, people: wanted().band || null });
  state.all = false;
  draw();
  if (state.run) sentences();
};
byId("more-breaks").onclick = () => { state.all = true; draw(); byId("breaks-title").focus(); };
byId("again").onclick = ask;
byId("measure-any").onclick = () => open();
byId("lift-filter").onchange = () => { tables.lifts(byId("lift-filter").months.value); report(); };
header({ resized: watchWidth(), themed: (theme) => { boot.scene = boot.scenes[theme]; map?.retheme(boot.scene); } });
aloud(byId("aloud"), () => ({ about: "audit", run: state.run, ...(wanted().service ? { service: wanted().service } : {}) }));
measuring({ saved });
startMap();
tables.lifts(byId("lift-filter").months.value);
tables.measured({ removed }).then((found) => { state.measurements = found; draw(); });
ask();
