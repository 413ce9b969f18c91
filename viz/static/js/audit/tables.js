// The tables of the audit: services, what is measured, lifts by month, measurements.

import { byId, el } from "../dom.js";
import { boot, named, number, percent, t, word } from "../text.js";
import { answered } from "./run.js";
import { called, count, said, title } from "./words.js";

const cell = (text, name = "td") => el(name, name === "th" ? { scope: "row" } : {}, text);

export function services(answer, service) {
  const rows = answer.services.filter((one) => !service || one.service === service);
  byId("services").tBodies[0].replaceChildren(...rows.map((one) => el("tr", {},
    cell(word("service", one.service), "th"), cell(count(one.step_free)),
    cell(t("{n} in {m} min", { n: count(one.step_free_within), m: Math.round(one.limit_s / 60) })),
    cell(count(one.breaks["1"])), cell(count(one.breaks["2"])), cell(count(one.breaks["3+"])), cell(count(one.no_way)),
    cell(`${one.norm.clause} (${called("certainty", one.certainty)})`))));
}

export function elements(answer) {
  byId("elements").tBodies[0].replaceChildren(...answer.elements.map((one) => el("tr", {},
    cell(called("element", one.element), "th"), cell(number(one.measured)), cell(number(one.estimated)),
    el("td", { className: one.not_measured ? "missing" : "" }, one.not_measured_m ? t("{n}, {m} m of way", { n: number(one.not_measured), m: number(Math.round(one.not_measured_m)) }) : number(one.not_measured)))));
}

/** Lifts by month: a row a lift; of each month the availability as a bar, and in words the hours out and unknown. */
export async function lifts(months) {
  const { lifts: rows } = await answered(await fetch(`api/lift-months?months=${months}`));
  const table = byId("lifts"), names = [...new Set(rows.map((one) => one.month))];
  const byLift = new Map();
  for (const one of rows) byLift.set(one.key, [...(byLift.get(one.key) ?? []), one]);
  table.tHead.rows[0].replaceChildren(el("th", { scope: "col" }, t("Lift")), ...names.map((month) => el("th", { scope: "col" }, month)));
  table.tBodies[0].replaceChildren(...[...byLift.values()].map((parts) => el("tr", {},
    el("th", { scope: "row" }, named(parts[0]), " ", parts[0].simulated ? el("span", { className: "tag" }, t("simulated")) : null),
    ...names.map((month) => ofMonth(parts.find((one) => one.month === month))))));
  if (!rows.length) table.tBodies[0].replaceChildren(el("tr", {}, el("td", {}, t("No lift is watched."))));
}

function ofMonth(one) {
  if (!one) return cell("–");
  const hours = (value) => number(Math.round(value * 10) / 10);
  return el("td", {}, el("b", {}, one.availability === null ? t("unknown") : percent(one.availability)), one.availability === null ? null : share(one.availability),
    el("small", {}, t("out {out} h, unknown {unknown} h", { out: hours(one.closed_h), unknown: hours(one.unknown_h) })));
}

function share(part) {
  const filled = el("i", {});
  filled.style.width = `${part * 100}%`;
  return el("span", { className: "share", "aria-hidden": "true" }, filled);
}

/** The measurements, the latest first; a photo can be taken away where somebody is to be seen on it. */
export async function measured({ removed }) {
  const { measurements } = await answered(await fetch("api/measurements"));
  byId("measured").replaceChildren(...measurements.map((one) => card(one, removed)));
  if (!measurements.length) byId("measured").replaceChildren(el("li", { className: "none" }, t("Nothing has been measured on the spot yet.")));
  return measurements;
}

function card(one, removed) {
  const when = new Date(one.measured_at).toLocaleString(boot.lang === "zh" ? "zh-CN" : "en-GB", { timeZone: boot.place.timezone, dateStyle: "medium", timeStyle: "short" });
  const source = one.element.split(":").slice(1).join(":");
  const name = one.element.startsWith("facility:") ? `${word("service", one.what)} · ${one.name ?? source}` : title({ ...one, kind: one.what ?? "path", source_id: source });
  const take = async () => {
    await answered(await fetch(`api/photos/${one.photo}.jpg`, { method: "DELETE" }));
    removed(t("The photo is taken away; the measurement stays."));
  };
  return el("li", { "data-measurement": String(one.id) },
    el("div", { className: "line" }, el("span", {}, `${called("measurement", one.kind)}: ${said(one)}`), one.is_in_twin ? el("span", { className: "tag" }, t("counts in the audit")) : null),
    el("p", {}, name), el("p", { className: "quiet" }, t("{who}, {when}", { who: one.measured_by, when })), one.note ? el("p", { className: "quiet" }, one.note) : null,
    one.photo ? el("figure", {}, el("a", { href: `api/photos/${one.photo}.jpg` }, el("img", { src: `api/photos/${one.photo}.jpg`, loading: "lazy", alt: t("Photo of {name}", { name }) })),
      el("button", { type: "button", "data-key": `remove-${one.id}`, onclick: take }, t("Somebody is on it: take it away"))) : null);
}
