// Who is cut off now, which repair helps most, and the key figures.

import { byId, el, refill } from "./dom.js";
import { bandRows, choose, lossCard } from "./losses.js";
import { board, now as clockNow, on, view } from "./store.js";
import { atLeast, named, number, people, since, t } from "./text.js";

const SHOWN = 12; // cards; the rest is counted

export function now({ show, ask }) {
  on(["losses"], () => drawLosses(show, ask));
  on(["figures"], drawFigures);
  on(["watch"], drawWatch);
}

function drawLosses(show, ask) {
  const total = board.losses.get("total");
  if (!total) return;
  drawHero(total);
  byId("by-band").tBodies[0].replaceChildren(...bandRows(total.bands));
  const rows = [...board.losses.entries()].filter(([key]) => key !== "total");
  rows.sort(([, a], [, b]) => Number(a.if_needed) - Number(b.if_needed) || Number(b.certain) - Number(a.certain) || atLeast(b.people) - atLeast(a.people));
  const cards = rows.slice(0, SHOWN).map(([key, row]) => lossCard(row, { key, show: (shown) => { choose(shown); show(shown.buildings); } }));
  if (rows.length > SHOWN) cards.push(el("li", { className: "none" }, t("and {n} more", { n: number(rows.length - SHOWN) })));
  const none = total.certain === null ? t("Not counted yet.") : t("Nobody is cut off from anything.");
  refill(byId("losses"), cards.length ? cards : [el("li", { className: "none" }, none)]);
  drawRepairs(total.repairs, ask);
}

/** Say since when nobody has counted: figures that nobody keeps are not shown as the present. */
function drawWatch() {
  const watch = board.watch.get("all"), note = byId("watched");
  if (!watch) return;
  note.hidden = watch.watched;
  byId("now").dataset.watched = String(watch.watched);
  const text = watch.since ? t("Not watched since {time}: the figures are of then", { time: since(watch.since, clockNow()) }) : t("Not watched yet: nobody has counted who is cut off");
  if (!watch.watched && note.textContent !== text) note.textContent = text;
}

function drawHero(total) {
  const hero = byId("hero"), text = people(total.certain);
  hero.dataset.calm = String(total.certain !== null && atLeast(total.certain) === 0);
  if (byId("cut-off").textContent !== text) byId("cut-off").textContent = text;
  const more = people(total.possible) !== text;
  byId("cut-off-range").hidden = !more;
  if (more) byId("cut-off-range").textContent = t("up to {n} if the lifts and gates that are silent are out as well", { n: people(total.possible) });
}

function drawRepairs(repairs, ask) {
  const rows = repairs.map((repair) => el("li", {},
    view.at ? el("span", {}, named(repair)) : el("button", { type: "button", className: "plain", "data-key": `repair-${repair.closes[0].kind}-${repair.closes[0].id}`, onclick: () => ask({ ...repair, mend: true }) }, named(repair)),
    el("strong", {}, atLeast(repair.people) ? t("{n} people", { n: people(repair.people) }) : t("{n} in wheelchairs", { n: people(repair.step_free) }))));
  refill(byId("repairs"), rows.length ? rows : [el("li", { className: "none" }, t("Nothing is out that cuts anyone off."))]);
}

function drawFigures() {
  const f = board.figures.get("all");
  if (!f) return;
  const figure = (name, value, note) => el("div", {}, el("dt", {}, name), el("dd", {}, value, note ? el("small", {}, ` ${note}`) : null));
  byId("figures").replaceChildren(
    figure(t("Lifts in service"), number(f.lifts.open), t("of {n}", { n: number(f.lifts.total) })),
    figure(t("Lifts out"), number(f.lifts.closed), f.lifts.unknown ? t("{n} unknown", { n: number(f.lifts.unknown) }) : null),
    figure(t("Devices reporting"), number(f.things.ok), t("of {n}", { n: number(f.things.total) })),
    figure(t("Refused, 24 h"), f.quarantined === null ? "–" : number(f.quarantined)),
    figure(t("Residents"), number(f.residents)),
    figure(t("65 and older"), f.older === null ? "–" : people(f.older)),
  );
  view.figures = f;
}
