// The planner: joins the picker, the two maps, the panels and the address.

import { byId, el } from "../dom.js";
import { glyph } from "../glyphs.js";
import { header } from "../header.js";
import { drawable } from "../map.js";
import { address, on } from "../store.js";
import { boot, minutes, named, people, percent, t, word } from "../text.js";
import { watchWidth } from "../width.js";
import * as detail from "./detail.js";
import * as edits from "./edits.js";
import { SideMap, swipe, tied } from "./maps.js";
import * as more from "./more.js";
import * as runs from "./runs.js";
import * as services from "./services.js";
import * as sites from "./sites.js";
import { compute, open, plan, readSides, said, send } from "./state.js";
import { show as showTab, tabs } from "./tabs.js";

const root = document.documentElement, BOUNDS = ["<50", "50–70", "70–85", "85–95", "≥95"];
const MOST_PLATES = 30;
const MOVED_PX = 6; // a press that moves further looks around
const form = byId("picker");
const data = { facilities: [], things: [], ways: null };
let today = null, then = null, armed = null, numbers = [];

const both = () => [today, then].filter(Boolean);
const follow = tied(both);
const goto = (position) => today?.goto(position);
const split = swipe((isOpen) => {
  if (isOpen && today && !then) then = new SideMap(byId("then-base"), byId("then-live"), heard("then", today));
  then?.cover((plan.sides?.then ?? plan.sides?.today));
  signs();
});

function heard(side, first) {
  return { side, first, moved: follow, hover: (layer, object, info) => hovered(side, layer, object, info), ready: () => { root.dataset.map = "ready"; } };
}

function startMap() {
  if (!drawable()) {
    root.dataset.map = "none";
    byId("map-message").hidden = false;
    byId("map-message").textContent = t("This browser cannot draw the map (no WebGL). The tables beside it say the same.");
    return;
  }
  today = new SideMap(byId("map-base"), byId("map-live"), heard("today", null));
  byId("zoom-in").onclick = () => today.zoom(1);
  byId("zoom-out").onclick = () => today.zoom(-1);
  byId("whole").onclick = () => today.fly({ ...today.whole(), home: true });
}

/** What a click chooses: only while something is to be chosen. deck's own tap is lost where the browser draws slowly. */
function listen() {
  const frame = byId("map-frame");
  let down = null;
  frame.addEventListener("pointerdown", (event) => { down = [event.clientX, event.clientY]; });
  frame.addEventListener("click", (event) => {
    if (!armed || event.target.tagName !== "CANVAS" || !down) return;
    if (Math.hypot(event.clientX - down[0], event.clientY - down[1]) > MOVED_PX) return;
    const box = event.target.getBoundingClientRect(), map = byId("map-then").contains(event.target) ? then : today;
    const { layer, object, coordinate } = map.at(event.clientX - box.left, event.clientY - box.top);
    if (armed.heard(layer, object, coordinate)) disarm();
  });
}

function arm(hint, heardPick) {
  armed = { heard: heardPick };
  byId("banner").hidden = false;
  byId("banner").replaceChildren(el("span", {}, hint), el("button", { type: "button", onclick: disarm }, t("Cancel")));
  byId("map-frame").dataset.armed = "true";
  if (root.dataset.layout === "stack") byId("map-frame").scrollIntoView({ block: "center" });
}

function disarm() {
  armed = null;
  byId("banner").hidden = true;
  delete byId("map-frame").dataset.armed;
  both().forEach((map) => map.fill("ways", { features: [] }));
}

async function ways() {
  data.ways ??= await send("map/network.geojson");
  if (!data.ways.ok) return;
  for (const feature of data.ways.body.features) feature.properties.class = feature.properties.kind;
  both().forEach((map) => map.fill("ways", data.ways.body));
}

function hovered(side, layer, object, info) {
  const text = object ? tipText(side, layer, object) : null, tip = byId("tip");
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  const left = info.x > info.viewport.width - 250;
  tip.style.left = `${info.x + (left ? -14 : 14)}px`;
  tip.style.top = `${Math.min(info.y + 14, info.viewport.height - 90)}px`;
  tip.style.translate = left ? "-100% 0" : "none";
}

function tipText(side, layer, object) {
  const shown = plan.sides?.[side] ?? plan.sides?.today;
  if (layer === "facilities") return [named(object.row), word("service", object.row.service)].filter(Boolean).join("\n");
  if (layer === "ways") return [object.properties.name, said("kind", object.properties.kind)].filter(Boolean).join("\n");
  if (layer === "buildings") {
    const row = shown?.buildings.find((one) => one.id === object.id);
    const parts = [object.properties.name || t("Building")];
    if (row) parts.push(row.seconds === null ? t("no way at all") : t("{service}: {time}", { service: word("service", plan.service), time: minutes(row.seconds) }));
    return parts.length > 1 || object.properties.name ? parts.join("\n") : null;
  }
  const row = layer === "grids" ? services.gridRow(shown, object.id) : null;
  return row ? [named(row), t("{n} residents", { n: people(row.residents) }), t("covered: {share}", { share: percent(row.share) })].join("\n") : null;
}

/** Facilities of the service chosen, as they are on each side, and the rows of a result by number. */
function signs() {
  const mine = data.facilities.filter((feature) => feature.properties.service === plan.service);
  const sign = (row, position, id) => ({ position, icon: `${plan.service}:facility`, size: 32, row, id, properties: row, geometry: { coordinates: position } });
  const here = mine.map((feature) => sign(feature.properties, feature.geometry.coordinates, feature.id));
  today?.sign("facilities", here);
  const moved = new Map(), added = [], gone = new Set();
  for (const { edit } of plan.edits) {
    const id = Number((edit.facility ?? edit.element ?? "").split("#")[1]);
    if (edit.edit === "move") moved.set(id, [edit.lon, edit.lat]);
    if (edit.edit === "close" && edit.element.startsWith("facility#")) gone.add(id);
    if (edit.edit === "add" && edit.service === plan.service) added.push(sign({ service: edit.service, name: edit.name || t("new") }, [edit.lon, edit.lat]));
  }
  then?.sign("facilities", [...here.filter((one) => !gone.has(one.id)).map((one) => (moved.has(one.id) ? { ...one, position: moved.get(one.id) } : one)), ...added]);
  const houses = new Map(numbers.flatMap((one) => one.keys).filter((key) => key.startsWith("building")).map((key) => [Number(key.split("#")[1]), "what_if"]));
  today?.mark(houses);
  const plates = numbers.length <= MOST_PLATES ? numbers : []; // more would lie over each other: the outlines say it
  both().forEach((map) => map.fill("numbers", plates));
  if (then && today) then.fill("highlights", today.data.highlights);
}

/** Show rows of a result on the map, and go to one of them where one is chosen. */
function show(rows, row) {
  numbers = rows;
  signs();
  legend();
  if (row) goto(row.position);
}

function headline() {
  const node = byId("covered");
  if (!plan.sides && !plan.problem) node.replaceChildren(t("Counting…"));
  if (plan.problem) {
    node.replaceChildren(el("span", { className: "refused" }, plan.problem), " ", el("button", { type: "button", onclick: () => compute() }, t("Ask again")));
    return;
  }
  if (!plan.sides) return;
  const [first, rest] = services.headline();
  node.replaceChildren(el("strong", {}, first), rest);
}

function legend() {
  const key = (sign, text) => el("li", {}, sign, el("span", {}, text));
  byId("legend-body").replaceChildren(
    el("div", { className: "scale" }, el("p", {}, t("Residents who reach the service, %")), el("div", { className: "ramp" }, ...BOUNDS.map((text, i) => el("div", { className: `r${i}` }, el("span", {}, text))))),
    el("ul", { className: "keys" }, key(glyph(plan.service, "facility", "glyph small"), word("service", plan.service)),
      numbers.length && numbers.length <= MOST_PLATES ? key(el("span", { className: "plate", "aria-hidden": "true" }, "1"), t("row of the table")) : null,
      numbers.length ? key(el("span", { className: "outline what_if", "aria-hidden": "true" }), t("building of a result")) : null));
}

function panels() {
  services.draw(choose);
  if (!byId("detail").hidden) detail.draw();
  edits.follow();
  edits.drawOutcome();
  sites.asked();
}

function refresh() {
  headline();
  if (!plan.sides) return;
  fillForm();
  today?.cover(plan.sides.today);
  split(Boolean(plan.sides.then));
  if (plan.sides.then) then?.cover(plan.sides.then);
  signs();
  legend();
  panels();
}

function choose(service) {
  plan.service = service;
  address.set({ service });
  plan.run ? readSides() : compute();
}

function fillForm() {
  const moment = plan.moment ?? "";
  form.service.value = plan.service;
  form.group.value = plan.group;
  form.minutes.value = plan.minutes && [...form.minutes.options].some((one) => one.value === String(plan.minutes)) ? String(plan.minutes) : "";
  form.day.value = moment.slice(0, 2);
  form.hour.disabled = !moment;
  if (moment) form.hour.value = moment.slice(3);
}

function readForm() {
  plan.service = form.service.value;
  plan.group = form.group.value;
  plan.minutes = form.minutes.value ? Number(form.minutes.value) : null;
  form.hour.disabled = !form.day.value;
  plan.moment = form.day.value ? `${form.day.value} ${form.hour.value}` : null;
}

form.onsubmit = (event) => event.preventDefault();
form.onchange = (event) => {
  readForm();
  address.set({ service: plan.service, group: plan.group, minutes: plan.minutes === null ? null : String(plan.minutes) });
  if (event.target.name === "service" && plan.run) readSides();
  else compute();
};

async function openRun(hash) {
  const found = await send(`api/runs/${encodeURIComponent(hash)}`);
  if (!found.ok || !found.body.answer) {
    plan.problem = found.ok ? t("This result has no answer: {state}.", { state: said("state", found.body.state) }) : found.body.detail;
    headline();
    return;
  }
  const run = found.body;
  address.set({ run: run.run });
  if (await open(run)) {
    showTab(run.question === "scenario" ? "scenario" : "services");
    return;
  }
  const isSite = ["siting", "front"].includes(run.question);
  showTab(isSite ? "sites" : "more");
  await (isSite ? sites : more).reopen(run);
}

async function begin() {
  const minutesAsked = address.get("minutes");
  if (minutesAsked) form.minutes.value = minutesAsked;
  readForm();
  legend();
  headline();
  byId("services").replaceChildren(el("p", { className: "none" }, t("Counting…")));
  const [facilities, things] = await Promise.all([send("map/facilities.geojson"), send("api/things")]);
  data.facilities = facilities.ok ? facilities.body.features : [];
  data.things = things.ok ? things.body.things : [];
  const hash = address.get("run");
  const kept = hash ? await send(`api/runs/${encodeURIComponent(hash)}`) : null;
  const isMap = kept?.ok && ["coverage", "scenario"].includes(kept.body.question);
  if (!isMap) await compute({ keep: !hash });
  if (hash) await openRun(hash);
}

const fit = watchWidth((shape) => { byId("legend").open = shape !== "stack"; });
header({ resized: fit, themed: async (theme) => {
  const answer = await send(`viz/scene?theme=${theme}`);
  if (answer.ok) both().forEach((map) => map.retheme(answer.body));
} });
startMap();
listen();
tabs(disarm);
detail.detail({ goto: (grid) => { const feature = today?.data.grids?.features.find((one) => one.id === grid); if (feature) goto(middle(feature)); } });
edits.scenario({
  arm, disarm, ways, show, goto, facilities: () => data.facilities, things: () => data.things,
  middle: () => (today ? [today.view.longitude, today.view.latitude] : [(boot.place.bounds[0] + boot.place.bounds[2]) / 2, (boot.place.bounds[1] + boot.place.bounds[3]) / 2]),
  centre: (building) => { const feature = today?.footprints?.get(building); return feature ? middle(feature) : null; },
  cross: (isShown) => { byId("cross").hidden = !isShown; },
});
sites.sites({ show, opened: () => showTab("scenario") });
more.more({ show });
on(["sides"], refresh);
on(["edits"], edits.follow);
byId("tab-detail").addEventListener("click", () => detail.draw());
new MutationObserver(() => { if (!byId("detail").hidden) detail.draw(); }).observe(byId("detail"), { attributeFilter: ["hidden"] });
new MutationObserver(() => { if (!byId("runs").hidden) runs.draw(openRun); }).observe(byId("runs"), { attributeFilter: ["hidden"] });
if (!byId("runs").hidden) runs.draw(openRun);
addEventListener("keydown", (event) => { if (event.key === "Escape" && armed) disarm(); });
begin();

function middle(feature) {
  const ring = feature.geometry.type === "Polygon" ? feature.geometry.coordinates[0] : feature.geometry.coordinates[0][0];
  return [0, 1].map((axis) => ring.reduce((sum, point) => sum + point[axis], 0) / ring.length);
}
