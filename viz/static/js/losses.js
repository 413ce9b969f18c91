// Who loses what: the same bars and cards for the present and for a what-if.

import { el } from "./dom.js";
import { address, now } from "./store.js";
import { age, atLeast, list, minutes, named, people, range, since, t, word } from "./text.js";

/** Rows of the table by age: a bar of certain and possible, and the figure. */
export function bandRows(bands) {
  const most = Math.max(1, ...bands.map((row) => atLeast(row.possible)));
  return bands.map((row) => {
    const certain = (atLeast(row.certain) / most) * 100, possible = (atLeast(row.possible) / most) * 100;
    const bar = el("div", { className: "bar", "aria-hidden": "true" }, piece(certain, ""), piece(Math.max(0, possible - certain), "possible"));
    return el("tr", {}, el("th", { scope: "row" }, bandName(row.band)), el("td", {}, bar), el("td", {}, range(row.certain, row.possible)));
  });
}

function piece(width, className) {
  const node = el("i", { className });
  node.style.width = `${width}%`;
  return node;
}

export const bandName = (band) => (band.startsWith("0-") ? t("under {n}", { n: Number(band.slice(2)) + 1 }) : band.replace("-", "–"));

/** Name neighbouring bands as one span of ages. */
export function ageSpan(bands) {
  const first = bands[0], last = bands.at(-1);
  return bands.length === 1 ? bandName(first) : bandName(last.endsWith("+") ? `${first.split("-")[0]}+` : `${first.split("-")[0]}-${last.split("-")[1]}`);
}

/** One card: service and walker, people, cause, since when, next best and how much longer. */
export function lossCard(row, { show, key, gained = false }) {
  const bands = row.bands.filter((band) => atLeast(band.count) > 0).map((band) => `${bandName(band.band)}: ${people(band.count)}`);
  const what = `${word("service", row.service)} · ${word("group", row.group)}`;
  return el("li", { "data-certain": String(row.certain) },
    el("div", { className: "line" }, el("span", {}, what), el("span", { className: "big" }, people(row.people))),
    row.if_needed ? el("p", {}, el("span", { className: "tag" }, t("all residents, as if they moved so"))) : null,
    row.certain ? null : el("p", {}, el("span", { className: "tag" }, t("possible: if what is unknown is out"))),
    ...facts(row).map((fact) => el("p", {}, fact)),
    gained ? null : el("p", {}, nextBest(row)),
    el("p", { className: "quiet" }, bands.join(" · ")),
    show && el("div", { className: "acts" }, el("button", { type: "button", "data-key": key, onclick: () => show(row), "aria-label": `${t("Show on the map")}: ${what}` }, t("Show on the map"))));
}

function facts(row) {
  const found = [];
  if (row.causes.length) found.push(t("cause: {names}", { names: list(row.causes.map(named)) }));
  if (row.since) found.push(t("since {time}, {age}", { time: since(row.since, now()), age: age((now() - new Date(row.since)) / 1000) }));
  return found;
}

function nextBest(row) {
  if (row.extra_s === null) return t("no other can be reached on foot");
  const name = row.next_best ? named(row.next_best) : word("service", row.service);
  const next = row.extra_s < 1 ? t("from the upper floors {name} is too far", { name }) : t("next best: {name}, up to {extra} longer", { name, extra: minutes(row.extra_s) });
  return row.unreached ? [next, t("for some no other can be reached")].join(" · ") : next;
}

/** Choose the coverage picker's service and walker to match a card, so that map and card speak of the same. */
export function choose(row) {
  address.set({ service: row.service, group: row.group });
}
