// What the map shows, switch by switch; the address keeps it. Facilities follow the question until somebody chooses.

import { byId, el } from "./dom.js";
import { address, changed, on } from "./store.js";
import { boot, t, word } from "./text.js";

const GROUND = { grids: ["grids", "grid-borders"], streets: ["street", "street-casing", "rail", "names"], "cut-off": ["highlights"] };
const split = (text) => (text ? text.split(",") : []);

/** Whether something is shown: "grids", "streets", "cut-off", "coverage", or a kind of device. */
export const isShown = (name) => !split(address.get("off")).includes(name);

/** The services whose facilities are shown: those chosen, else that of the question. */
export const services = () => (address.get("facilities") === null ? [byId("picker").service.value] : split(address.get("facilities")));

/** The ids of the map's layers that are switched off. */
export const hidden = () => new Set(Object.entries(GROUND).flatMap(([name, ids]) => (isShown(name) ? [] : ids)));

export function switches() {
  const button = byId("layers-button"), panel = byId("layers");
  const open = (shown) => { panel.hidden = !shown; button.setAttribute("aria-expanded", String(shown)); };
  button.addEventListener("click", () => { open(panel.hidden); if (!panel.hidden) { draw(); panel.querySelector("input").focus(); } });
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") { open(false); button.focus(); event.stopPropagation(); } });
  byId("layers-close").addEventListener("click", () => { open(false); button.focus(); });
  on(["address"], () => { if (!panel.hidden) follow(); });
}

function draw() {
  const ground = [["cut-off", t("Cut off")], ["coverage", t("Coverage")], ["grids", t("Grids")], ["streets", t("Streets")]];
  byId("layers-body").replaceChildren(
    group(t("Map"), ground.map(([name, text]) => box(name, text, turn))),
    group(t("Devices"), Object.entries(boot.words.thing_kind).map(([kind, text]) => box(kind, text, turn))),
    group(t("Facilities"), Object.keys(boot.words.service).map((service) => box(`service ${service}`, word("service", service), chooseServices))));
  follow();
}

const group = (title, boxes) => el("fieldset", {}, el("legend", {}, title), ...boxes);
const box = (name, text, run) => el("label", {}, el("input", { type: "checkbox", value: name, onchange: run }), text);
const boxes = () => [...byId("layers-body").querySelectorAll("input")];

function follow() {
  const shown = services();
  for (const input of boxes()) {
    const service = input.value.startsWith("service ") ? input.value.slice(8) : null;
    input.checked = service ? shown.includes(service) : isShown(input.value);
  }
}

function turn() {
  const off = boxes().filter((input) => !input.value.startsWith("service ") && !input.checked).map((input) => input.value);
  address.set({ off: off.length ? off.join(",") : null });
  changed("layers");
}

function chooseServices() {
  const chosen = boxes().filter((input) => input.value.startsWith("service ") && input.checked).map((input) => input.value.slice(8));
  const asIs = chosen.length === 1 && chosen[0] === byId("picker").service.value;
  address.set({ facilities: asIs ? null : chosen.join(",") });
  changed("layers");
}
