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

/** Lifts by month: a bar of the known hours, and the unknown in words beside it. */
export async function lifts(months) {
  const { lifts: rows } = await answered(await fetch(`api/lift-months?months=${months}`));
  const body = byId("lifts").tBodies[0];
  const hours = (value) => t("{n} h", { n: number(Math.round(value * 10) / 10) });
  body.replaceChildren(...rows.map((one) => el("tr", {},
    el("th", { scope: "row" }, named(one), one.simulated ? el("span", { className: "tag" }, t("simulated")) : null), cell(one.month),
    el("td", {}, one.availability === null ? t("unknown") : percent(one.availability), one.availability === null ? null : share(one.availability)),
    cell(hours(one.closed_h)), cell(hours(one.unknown_h)))));
  if (!rows.length) body.replaceChildren(el("tr", {}, el("td", { colSpan: 5 }, t("No lift is watched."))));
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
  const name = title({ ...one, kind: one.element.split(":")[0] === "edge" ? "path" : "entrance", source_id: one.element.split(":").slice(1).join(":") });
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
