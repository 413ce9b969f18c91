// All services for one walker against the norm: what share is within, how many are beyond it, and how certain the norm is.

import { byId, el, refill } from "../dom.js";
import { atLeast, boot, named, number, people, percent, t, word } from "../text.js";
import { plan, said } from "./state.js";
import { files, share } from "./tables.js";

/** Give the rows of the present answer in one shape, whether it is a coverage or a scenario. */
export function rows() {
  if (plan.answer?.coverage) {
    return plan.answer.coverage.map((one) => ({
      service: one.service, limit_s: one.limit_s, residents: one.total.residents, within: one.total.possible, sure: one.total.certain, share: one.total.share_possible,
      norm_min: one.norm_clause.minutes, clause: one.norm_clause.clause, certainty: one.certainty,
    }));
  }
  return (plan.answer?.outcomes ?? []).map((one) => ({
    service: one.service, limit_s: one.limit_s, residents: one.residents, before: one.before.within, within: one.after.within, share: one.after.share, share_before: one.before.share,
    clause: one.norm.clause, certainty: one.certainty, norm_min: one.limit_s / 60,
  }));
}

/** "Reach it: 510 of 6,960; with what is unknown counted as lost: 470." */
export function headline() {
  const { today, then, if_needed } = plan.sides, side = then ?? today, total = side.total;
  const limit = number(plan.sides.limit_s / 60);
  const range = percent(total.share) === percent(total.share_possible) ? t("{share} within {n} min", { share: percent(total.share), n: limit }) : t("{low} to {high} within {n} min", { low: percent(total.share), high: percent(total.share_possible), n: limit });
  const beyond = atLeast(total.residents) - atLeast(total.possible);
  const values = { n: people(beyond), all: people(total.residents), minutes: limit };
  const first = then ? t("{before} today, {after} in the scenario", { before: percent(today.total.share_possible), after: percent(then.total.share_possible) }) : range;
  const rest = if_needed ? t("{n} of all {all} residents would be beyond {minutes} min if they moved so", values) : t("{n} of {all} residents of that age are beyond {minutes} min", values);
  return [first, rest];
}

/** Say the norm for the service chosen, with version and certainty: what is recalled is never called quoted. */
export function normText() {
  const norm = plan.sides.norm;
  const name = (boot.lang === "zh" && norm.name_zh) || norm.name;
  return t("Norm: {minutes} min ({level}), {clause}. {name}, version {version}; {certainty}.", {
    minutes: number(norm.minutes), level: said("level", norm.level), clause: norm.clause, name, version: norm.version, certainty: said("certainty", norm.certainty),
  });
}

/** Fill the panel; choose(service) hears which one is wanted on the map. */
export function draw(choose) {
  const node = byId("services");
  if (!plan.answer) return;
  const all = rows(), scenario = plan.edits.length > 0;
  const beyond = (row) => row.residents - row.within;
  all.sort((a, b) => beyond(b) - beyond(a));
  const heads = [t("Service"), t("Within the limit"), ...(scenario ? [t("Today")] : []), t("Beyond"), t("Norm")];
  const line = (row) => {
    const button = el("button", { type: "button", className: "plain", "data-key": row.service, "aria-current": row.service === plan.service ? "true" : undefined, onclick: () => choose(row.service) }, word("service", row.service));
    const bar = el("span", { className: "meter", "aria-hidden": "true" }, el("i"));
    bar.firstChild.style.width = `${Math.round((row.share ?? 0) * 100)}%`;
    return el("tr", { className: row.service === plan.service ? "chosen" : "" }, el("th", { scope: "row" }, button),
      el("td", {}, bar, percent(row.share)), ...(scenario ? [el("td", {}, percent(row.share_before))] : []), el("td", {}, people(beyond(row))),
      el("td", { className: "norm" }, t("{n} min", { n: number(row.limit_s / 60) }), el("small", { title: said("certainty", row.certainty) }, mark(row.certainty))));
  };
  const who = word("group", plan.group), when = plan.moment ? `${said("day", plan.moment.slice(0, 2))} ${plan.moment.slice(3)}` : t("whatever the hour");
  refill(node, [
    el("h2", {}, t("Who is beyond the norm: {who}", { who })),
    el("p", { className: "quiet" }, t("{when}; most people beyond it first. Choose a service to see it on the map.", { when })),
    el("table", { className: "table services" }, el("caption", { className: "unseen" }, t("All services against the norm")), el("thead", {}, el("tr", {}, ...heads.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...all.map(line))),
    el("ul", { className: "quiet marks" }, ...[...new Set(all.map((row) => row.certainty))].map((one) => el("li", {}, el("b", {}, mark(one)), " ", t("the norm is {certainty}", { certainty: said("certainty", one) })))),
    el("p", { className: "quiet" }, t("Numbers are rounded so that nobody can be told from them. What is closed or silent now counts; what is unknown is taken as open.")),
    ...(plan.run ? [share(plan.run), fileList()] : []),
  ]);
}

const mark = (certainty) => ({ V1: "●", V2: "◐", recalled: "○", A: "△" })[certainty] ?? certainty;

function fileList() {
  const names = plan.edits.length ? [["outcomes", false], ["buildings", true], ["edits", false]] : [["services", false], ["ages", false], ["areas", true]];
  return files(plan.run, names.map(([name, placed]) => ({ name, at: placed ? [0] : [] })));
}

export const gridRow = (side, id) => side?.grids.find((row) => row.id === id);
