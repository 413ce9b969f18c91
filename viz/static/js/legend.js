// The legend, and the words for what the pointer is on.

import { byId, el } from "./dom.js";
import { buildingRow, gridRow, shareRange } from "./coverage.js";
import { glyph } from "./glyphs.js";
import { idOf, marks } from "./styles.js";
import { stateText, valuesText } from "./things.js";
import { boot, minutes, named, people, t, word } from "./text.js";

const BOUNDS = ["<50", "50–70", "70–85", "85–95", "≥95"];

export function legend() {
  const key = (state) => el("li", {}, glyph("lift", state, "glyph small"), el("span", {}, word("thing_state", state)));
  const outline = (why, text) => el("li", {}, el("span", { className: `outline ${why}`, "aria-hidden": "true" }), el("span", {}, text));
  byId("legend-body").replaceChildren(
    el("div", { className: "scale" }, el("p", {}, t("Residents who reach the service, %")),
      el("div", { className: "ramp" }, ...BOUNDS.map((text, i) => el("div", { className: `r${i}` }, el("span", {}, text))))),
    el("ul", { className: "keys" },
      outline("certain", t("cut off now")), outline("possible", t("perhaps cut off")), outline("what_if", t("what if")),
      el("li", {}, glyph(byId("picker").service.value, "facility", "glyph small"), el("span", { id: "legend-service" }, word("service", byId("picker").service.value))),
      ...["open", "slower", "closed", "unknown", "silent", "never_seen"].map(key)));
}

/** Write what a tip says about the thing under the pointer; null where there is nothing to say. */
export function tipText(layer, object) {
  if (layer === "things") return [named(object.row), stateText(object.row), valuesText(object.row), object.row.simulated ? t("simulated") : ""].filter(Boolean).join("\n");
  if (layer === "facilities") return [named(object.row), word("service", object.row.service), object.row.demo ? t("demo data") : ""].filter(Boolean).join("\n");
  if (layer === "highlights" || layer === "buildings" || layer === "tiles") return buildingText(object);
  if (layer === "grids") return gridText(object);
  return null;
}

function buildingText(feature) {
  const row = buildingRow(idOf(feature)), parts = [feature.properties.name || t("Building")];
  const mark = marks.get(idOf(feature));
  if (mark) parts.push({ certain: t("cut off now"), possible: t("perhaps cut off"), what_if: t("what if") }[mark]);
  if (row?.seconds !== undefined && row?.seconds !== null) parts.push(t("{service}: {time}", { service: word("service", byId("picker").service.value), time: minutes(row.seconds) }));
  return parts.length > 1 || feature.properties.name ? parts.join("\n") : null;
}

function gridText(feature) {
  const row = gridRow(feature.id);
  if (!row) return null;
  return [named(row), t("{n} residents", { n: people(row.residents) }), t("covered: {share}", { share: shareRange(row) })].join("\n");
}

