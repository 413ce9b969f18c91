// The scenario: what is closed, opened, added or moved, by lists or on the map, and what that does to whom.

import { byId, el, refill } from "../dom.js";
import { boot, minutes, named, number, people, percent, t, word } from "../text.js";
import { edit as change, plan, said, send } from "./state.js";
import { results, share } from "./tables.js";

const ACTS = ["add", "close", "open", "move", "capacity", "hours", "lift"];
const MOST_LISTED = 200;
const hooks = {}; // what the page gives: arm(banner, hint, heard), middle(), facilities(), things(), ways(), centre(building), show
let act = "add", elements = [];

/** Make the panel; see hooks. */
export function scenario(given) {
  Object.assign(hooks, given);
  const panel = byId("scenario");
  const form = el("form", { className: "edit-form", onsubmit: (event) => event.preventDefault() });
  panel.replaceChildren(el("h2", {}, t("What would change")), el("div", { id: "edit-list" }), el("div", { id: "outcome" }), form, el("div", { id: "outcome-tables" }));
  drawForm(form);
}

/** What the reader reads of an edit. */
export function editText(one) {
  const { edit } = one, name = one.name || one.name_zh ? named(one) : edit.name;
  const kind = edit.service && word("service", edit.service);
  if (edit.edit === "add") return edit.name ? t("Add: {service}, {name}", { service: kind, name: edit.name }) : t("Add: {service}", { service: kind });
  const more = edit.edit === "capacity" ? ` → ${number(edit.capacity)}` : edit.edit === "hours" ? ` → ${edit.opening_hours}` : "";
  return `${said("edit", edit.edit)}: ${name || edit.element || edit.facility || edit.building}${more}`;
}

function drawForm(form) {
  form.dataset.service = plan.service;
  const acts = el("div", { className: "acts-of-edit", role: "group", "aria-label": t("What to change") }, ...ACTS.map((name) => el("button", { type: "button", "data-key": `act-${name}`, "aria-pressed": String(name === act), onclick: () => { act = name; hooks.disarm(); drawForm(form); } }, said("edit", name))));
  refill(form, [el("h3", {}, t("Add a change")), acts, ...fields(form)]);
}

function fields(form) {
  if (act === "add") return addFields();
  if (act === "lift") return [addressFields(t("In which house?"), (house) => push({ edit: { edit: "lift", building: `building_lift#${house.building}` }, name: house.label, position: hooks.centre(house.building) }))];
  const place = act === "move";
  const pick = elementFields(form, act === "close" || act === "open", (one) => {
    if (act === "close" || act === "open") return push({ edit: { edit: act, element: one.key }, name: one.name, name_zh: one.name_zh, position: one.position, at: [one.key] });
    if (place) return placeMoved(one);
    const value = form.querySelector("[name=value]").value.trim();
    if (!value) return say(t("Say the new value first."));
    const edit = act === "capacity" ? { edit: act, facility: one.key, capacity: Number(value) } : { edit: act, facility: one.key, opening_hours: value };
    return push({ edit, name: one.name, name_zh: one.name_zh, position: one.position });
  });
  if (act === "capacity") pick.unshift(el("label", { className: "field" }, t("New capacity"), el("input", { name: "value", type: "number", min: 0, max: 1000000 })));
  if (act === "hours") pick.unshift(el("label", { className: "field" }, t("New hours, as in Mo-Fr 08:00-18:00"), el("input", { name: "value", type: "text", maxLength: 200 })));
  return pick;
}

function addFields() {
  const service = el("select", { name: "add-service" }, ...Object.entries(boot.words.service).map(([value, text]) => el("option", { value, selected: value === plan.service }, text)));
  const name = el("input", { type: "text", maxLength: 200 }), capacity = el("input", { type: "number", min: 0, max: 1000000 }), hours = el("input", { type: "text", maxLength: 200, placeholder: "Mo-Fr 08:00-18:00" });
  const make = ([lon, lat]) => {
    const edit = { edit: "add", service: service.value, lon: Number(lon.toFixed(6)), lat: Number(lat.toFixed(6)) };
    if (name.value.trim()) edit.name = name.value.trim();
    if (capacity.value) edit.capacity = Number(capacity.value);
    if (hours.value.trim()) edit.opening_hours = hours.value.trim();
    push({ edit, position: [edit.lon, edit.lat] });
  };
  return [
    el("label", { className: "field" }, t("Service"), service),
    el("details", {}, el("summary", {}, t("Name, capacity, hours (not needed)")), el("label", { className: "field" }, t("Name"), name), el("label", { className: "field" }, t("Capacity"), capacity), el("label", { className: "field" }, t("Opening hours"), hours)),
    where(t("Click on the map where the new one is to be."), make),
  ];
}

/** Three ways to say a place: a click on the map, the middle of the map, an address. */
function where(hint, heard) {
  return el("fieldset", {}, el("legend", {}, t("Where?")),
    el("div", { className: "ask-row" },
      el("button", { type: "button", className: "main-act", "data-key": "on-the-map", onclick: () => hooks.arm(hint, (layer, object, coordinate) => { if (coordinate) heard(coordinate); return Boolean(coordinate); }) }, t("Click on the map")),
      el("button", { type: "button", "data-key": "at-the-middle", onclick: () => heard(hooks.middle()), onfocus: () => hooks.cross(true), onblur: () => hooks.cross(false), onmouseenter: () => hooks.cross(true), onmouseleave: () => hooks.cross(false) }, t("At the middle of the map"))),
    addressFields(t("Or at an address"), (house) => { const at = hooks.centre(house.building); if (at) heard(at); }));
}

function addressFields(label, heard) {
  const text = el("input", { type: "search", maxLength: 100 }), found = el("ul", { className: "found", "aria-live": "polite" });
  const find = async () => {
    const answer = await send(`api/addresses?${new URLSearchParams({ text: text.value })}`);
    const rows = answer.ok ? answer.body.addresses : [];
    found.replaceChildren(...(rows.length ? rows.map((house) => el("li", {}, el("button", { type: "button", onclick: () => { found.replaceChildren(); heard(house); } }, house.label))) : [el("li", { className: "none" }, t("Nothing found."))]));
  };
  text.onkeydown = (event) => { if (event.key === "Enter") { event.preventDefault(); find(); } };
  return el("div", { className: "by-address" }, el("div", { className: "ask-row" }, el("label", { className: "grow" }, label, text), el("button", { type: "button", onclick: find }, t("Find"))), found);
}

function elementFields(form, isNetwork, heard) {
  const text = el("input", { type: "search", maxLength: 100, oninput: () => list() }), choice = el("select", { size: 6, className: "elements", "aria-label": t("What to choose from") });
  const list = () => {
    const wanted = text.value.trim().toLowerCase();
    elements = candidates(isNetwork).filter((one) => !wanted || one.label.toLowerCase().includes(wanted)).slice(0, MOST_LISTED);
    choice.replaceChildren(...elements.map((one, i) => el("option", { value: String(i) }, one.label)));
  };
  const take = () => { const one = elements[Number(choice.value)]; if (choice.value !== "" && one) heard(one); };
  choice.onkeydown = (event) => { if (event.key === "Enter") { event.preventDefault(); take(); } };
  choice.ondblclick = take;
  list();
  hooks.listed = list;
  const onMap = async () => {
    if (isNetwork) await hooks.ways();
    hooks.arm(isNetwork ? t("Click on a facility, a lift or a way.") : t("Click on a facility."), (layer, object) => {
      const one = picked(layer, object, isNetwork);
      if (one) heard(one);
      return Boolean(one);
    });
  };
  return [el("label", { className: "field" }, isNetwork ? t("Find a facility, lift or gate") : t("Find a facility"), text), choice,
    el("div", { className: "ask-row" }, el("button", { type: "button", className: "main-act", "data-key": "take", onclick: take }, said("edit", act)), el("button", { type: "button", "data-key": "on-the-map", onclick: onMap }, t("Click on the map")))];
}

const facility = (feature) => ({ key: `facility#${feature.id}`, name: feature.properties.name, name_zh: feature.properties.name_zh, position: feature.geometry.coordinates, label: [named(feature.properties) || t("without a name"), word("service", feature.properties.service)].join(" · ") });

function candidates(isNetwork) {
  const mine = hooks.facilities().map((feature) => ({ ...facility(feature), first: feature.properties.service === plan.service }));
  mine.sort((a, b) => Number(b.first) - Number(a.first) || a.label.localeCompare(b.label, boot.lang));
  if (!isNetwork) return mine;
  const parts = hooks.things().filter((thing) => thing.closes.length).map((thing) => ({ key: `${thing.closes[0].kind}#${thing.closes[0].id}`, name: thing.name, name_zh: thing.name_zh, position: thing.position, label: `${named(thing)} · ${word("thing_state", thing.state)}` }));
  return [...mine.filter((one) => one.first), ...parts, ...mine.filter((one) => !one.first)];
}

function picked(layer, object, isNetwork) {
  if (layer === "facilities" && object.id) return facility(object);
  if (layer === "ways" && isNetwork) {
    const line = object.geometry.coordinates, name = object.properties.name || said("kind", object.properties.kind);
    return { key: `edge#${object.id}`, name, position: line[Math.floor(line.length / 2)] };
  }
  return null;
}

function placeMoved(one) {
  say(t("{name}: now say where it is to be.", { name: named(one) }));
  const make = ([lon, lat]) => push({ edit: { edit: "move", facility: one.key, lon: Number(lon.toFixed(6)), lat: Number(lat.toFixed(6)) }, name: one.name, name_zh: one.name_zh, position: [lon, lat] });
  const form = document.querySelector(".edit-form");
  form.querySelector(".moving")?.remove();
  form.append(el("div", { className: "moving" }, el("p", {}, t("Move {name} to:", { name: named(one) })), where(t("Click on the map where it is to be."), make)));
  form.querySelector(".moving button").focus();
}

function say(text) {
  byId("said").textContent = text;
}

function push(one) {
  hooks.disarm();
  document.querySelector(".edit-form .moving")?.remove();
  say(t("{edit}. Counting…", { edit: editText(one) }));
  change([...plan.edits, one]);
}

/** Follow the picker and the changes made so far. */
export function follow() {
  const form = document.querySelector(".edit-form");
  if (form && form.dataset.service !== plan.service && !form.contains(document.activeElement)) drawForm(form);
  drawEdits();
}

function drawEdits() {
  byId("edit-count").hidden = !plan.edits.length;
  byId("edit-count").textContent = String(plan.edits.length);
  if (!byId("edit-list")) return;
  const rows = plan.edits.map((one, i) => el("li", {}, el("span", {}, editText(one)),
    one.position ? el("button", { type: "button", "data-key": `see-${i}`, onclick: () => hooks.goto(one.position) }, t("Show")) : null,
    el("button", { type: "button", "data-key": `off-${i}`, "aria-label": [t("Take back"), editText(one)].join(": "), onclick: () => change(plan.edits.filter((_, at) => at !== i)) }, t("Take back"))));
  const none = [el("p", { className: "quiet" }, t("Nothing yet: the map shows today. Close, open, add or move something, and see who gains and who loses."))];
  refill(byId("edit-list"), rows.length ? [el("ol", { className: "edits" }, ...rows), el("div", { className: "ask-row" }, el("button", { type: "button", "data-key": "undo", onclick: () => change(plan.edits.slice(0, -1)) }, t("Undo the last")), el("button", { type: "button", "data-key": "clear", onclick: () => change([]) }, t("Back to today")))] : none);
}

/** Draw what the changes do. */
export function drawOutcome() {
  const node = byId("outcome");
  if (!node) return;
  if (!plan.edits.length || !plan.answer?.outcomes) {
    node.replaceChildren();
    byId("outcome-tables").replaceChildren();
    hooks.show([], null);
    return;
  }
  const one = plan.answer.outcomes.find((row) => row.service === plan.service), sum = (bands) => Object.values(bands).reduce((all, n) => all + n, 0);
  const parts = [];
  if (one) {
    const gained = sum(one.gained), lost = sum(one.lost), net = one.after.within - one.before.within;
    parts.push(el("p", { className: "hero", "data-calm": String(net >= 0) }, el("strong", {}, `${net > 0 ? "+" : net < 0 ? "−" : "±"}${people(Math.abs(net))}`),
      el("span", {}, t("people within {time} of: {service}", { time: minutes(one.limit_s), service: word("service", one.service) }))));
    parts.push(el("p", {}, t("{before} before, {after} after; for certain {gained} gain it and {lost} lose it.", { before: percent(one.before.share), after: percent(one.after.share), gained: people(gained), lost: people(lost) })));
    if (one.seated) parts.push(el("p", {}, t("{after} find a seat, {before} before.", { before: people(one.seated.before), after: people(one.seated.after) })));
  } else parts.push(el("p", { className: "none" }, t("This service has no facility, before or after.")));
  node.replaceChildren(el("h3", {}, t("What it does")), ...parts, share(plan.run));
  results(byId("outcome-tables"), plan.run, { show: hooks.show });
}
