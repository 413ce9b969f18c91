// The breaks as a list, each with who is behind it, why, and what to do; the map shows the same.

import { byId, el, refill } from "../dom.js";
import { list, number, people, t, word } from "../text.js";
import { called, count, failing, title } from "./words.js";

const FIRST = 20; // cards at once

/** Give the breaks on ways to a service, for the people of an age band, those with most people behind them first. */
export function chosen(answer, { service, band }) {
  const behind = (one) => {
    const shown = Object.entries(one.by_service).filter(([name]) => !service || name === service);
    const counts = shown.map(([name, bands]) => [name, band ? bands[band] ?? 0 : Object.values(bands).reduce((sum, n) => sum + n, 0)]);
    return counts.filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  };
  return answer.breaks.map((one) => ({ ...one, behind: behind(one) })).filter((one) => one.behind.length)
    .sort((a, b) => b.behind[0][1] - a.behind[0][1]).map((one, at) => ({ ...one, number: at + 1 }));
}

/** Draw the cards; `acts` has show(break) and measure(break). */
export function breaks(rows, measurements, acts, { all = false } = {}) {
  byId("breaks-count").textContent = number(rows.length);
  const cards = (all ? rows : rows.slice(0, FIRST)).map((one) => card(one, measurements, acts));
  refill(byId("breaks"), cards.length ? cards : [el("li", { className: "none" }, t("No way breaks."))]);
  byId("more-breaks").hidden = all || rows.length <= FIRST;
  byId("more-breaks").textContent = t("Show all {n}", { n: number(rows.length) });
}

function card(one, measurements, acts) {
  const name = title(one), own = measurements.filter((each) => each.element === `edge:${one.source_id}`);
  const services = list(one.behind.slice(0, 4).map(([service, n]) => t("{service} {n}", { service: word("service", service), n: count(n) })));
  const more = one.behind.length > 4 ? t("and {n} more services", { n: number(one.behind.length - 4) }) : null;
  return el("li", { "data-break": String(one.id), "data-measured": String(own.length > 0) },
    el("div", { className: "line" }, el("span", {}, el("b", { className: "number" }, String(one.number)), " ", name), el("strong", { className: "big" }, t("{n} people", { n: people(one.behind[0][1]) }))),
    el("p", { className: "why" }, one.fails.map(failing).join("; ") || called("element", one.kind)),
    one.below_clause.length ? el("p", { className: "quiet" }, t("Passable, and below its clause: {what}", { what: one.below_clause.map(failing).join("; ") })) : null,
    el("p", { className: "quiet" }, [services, more].filter(Boolean).join(" ")),
    one.not_measured.length ? el("p", { className: "missing" }, t("Not measured: {what}", { what: list(one.not_measured.map((each) => called("element", each))) })) : null,
    own.length ? el("p", { className: "done" }, t("Measured on the spot: {what}", { what: list([...new Set(own.map((each) => called("measurement", each.kind)))]) })) : null,
    el("div", { className: "acts" },
      el("button", { type: "button", "data-key": `show-${one.id}`, "aria-label": `${t("Show on the map")}: ${one.number} ${name}`, onclick: () => acts.show(one) }, t("Show on the map")),
      el("button", { type: "button", "data-key": `measure-${one.id}`, "aria-label": `${t("Measure")}: ${one.number} ${name}`, onclick: () => acts.measure(one) }, t("Measure"))));
}

export function mends(answer, names, acts) {
  const { chosen: rows, proven, people_services: gained, bound } = answer.mends;
  refill(byId("mends"), rows.length ? rows.map((one) => el("li", {},
    el("div", { className: "line" }, el("span", {}, title({ ...one, name: one.name ?? names.get(one.id) })), el("span", {}, called("element", one.kind === "facility" ? "entrance" : one.kind))),
    one.source_id ? el("div", { className: "acts" },
      el("button", { type: "button", "data-key": `mend-${one.id}`, "aria-label": `${t("Show on the map")}: ${title({ ...one, name: names.get(one.id) })}`, onclick: () => acts.show(one) }, t("Show on the map"))) : null)) : [el("li", { className: "none" }, t("No mend joins anything."))]);
  byId("mends-note").textContent = rows.length ? [t("Together they give {n} residents a service again, counted once for each service.", { n: count(gained) }), proven ? t("Proven: no other choice of so many gives more.") : t("Not proven: no choice gives more than {n}.", { n: count(bound) })].join(" ") : "";
}
