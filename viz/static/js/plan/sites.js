// Where new sites serve most: a quick answer with its bound, the search with its progress and a stop, and what more money buys.

import { chart } from "../chart.js";
import { byId, el } from "../dom.js";
import { number, people, percent, t, word } from "../text.js";
import { edit, follow, limits, plan, said, send } from "./state.js";
import { address } from "../store.js";
import { results, share } from "./tables.js";

const hooks = {};
const fields = {};

export function sites(given) {
  Object.assign(hooks, given);
  const count = (value, most) => el("input", { type: "number", min: 1, max: most, value, inputMode: "numeric" });
  Object.assign(fields, {
    new: count(2, 100), goal: el("select", {}, ...Object.keys(goals()).map((value) => el("option", { value }, said("goal", value)))),
    seconds: count(60, 3600), cost: el("input", { type: "number", min: 0.01, step: "any", value: 1 }), budget: el("input", { type: "number", min: 0.01, step: "any", placeholder: t("no limit") }),
  });
  const field = (label, node) => el("label", { className: "field" }, label, node);
  byId("sites").replaceChildren(
    el("h2", {}, t("Where would new sites help most?")), el("p", { className: "quiet", id: "sites-of" }),
    el("form", { className: "site-form", onsubmit: (event) => { event.preventDefault(); seek(); } },
      el("div", { className: "pair" }, field(t("New sites"), fields.new), field(t("Goal"), fields.goal)),
      el("details", {}, el("summary", {}, t("Money and time")), el("div", { className: "pair" }, field(t("Cost of one"), fields.cost), field(t("Budget"), fields.budget), field(t("Look for at most, s"), fields.seconds))),
      el("div", { className: "ask-row" }, el("button", { type: "submit", className: "main-act" }, t("Find the best sites")), el("button", { type: "button", onclick: buy }, t("What more money buys")))),
    el("div", { id: "sites-answer" }));
  asked();
}

const goals = () => ({ people: 1, walking: 1, longest: 1, all: 1, backup: 1, fair: 1 });

/** Say for whom and within what the sites are sought: it is the picker above the map that decides. */
export function asked() {
  if (!byId("sites-of")) return;
  const within = plan.minutes ? t("{n} min", { n: number(plan.minutes) }) : t("the norm's time");
  byId("sites-of").textContent = t("For: {service}, {who}, within {within}. Choose others above the map.", { service: word("service", plan.service), who: word("group", plan.group), within });
}

const question = () => ({ service: plan.service, group: plan.group, ...(plan.minutes ? { minutes: plan.minutes } : {}), new: Number(fields.new.value) });

function stage(text) {
  const state = el("p", { className: "progress", role: "status" }, text), stop = el("button", { type: "button", hidden: true }, t("Stop: take the best so far"));
  const bar = el("div", { className: "searching" }, state, stop), quick = el("div"), best = el("div");
  byId("sites-answer").replaceChildren(bar, quick, best);
  return { state, stop, bar, quick, best };
}

/** Ask at once for the greedy choice, then search for the proof. */
async function seek() {
  const at = stage(t("Choosing quickly…")), body = { ...question(), goal: fields.goal.value };
  const quick = await run(at, "siting", { ...body, seconds: 0 });
  if (!quick?.answer) return;
  if (quick.answer.siting.proven) return found(at, quick);
  at.quick.replaceChildren(summary(quick.answer.siting, t("Quick answer")));
  at.state.textContent = t("Searching for the proof…");
  const best = await run(at, "siting", { ...body, seconds: Number(fields.seconds.value) });
  if (best?.answer) await found(at, best);
}

async function buy() {
  const at = stage(t("Searching…")), budget = Number(fields.budget.value);
  const best = await run(at, "front", { ...question(), cost: Number(fields.cost.value), ...(budget ? { budget } : {}), seconds: Number(fields.seconds.value) });
  if (best?.answer) await front(at, best);
}

/** Begin a run and follow it; gives it when it has ended, null where it was refused. */
async function run(at, name, body) {
  const begun = await send(`api/simulate/${name}`, body);
  if (!begun.ok) return refused(at, begun.body.detail);
  const { link } = begun.body;
  at.stop.hidden = false;
  at.stop.onclick = async () => { at.stop.disabled = true; await send(`${link.slice(1)}/stop`, {}); };
  const ended = await follow(link.slice(1), (now) => { if (now.state === "running" && now.progress?.value !== undefined) at.state.textContent = progress(now.progress); });
  at.stop.hidden = true;
  at.stop.disabled = false;
  if (ended.state === "failed" || ended.state === "lost") return refused(at, ended.reason ?? said("state", ended.state));
  if (!ended.answer) return refused(at, t("Stopped before there was an answer."));
  return ended;
}

function progress({ value, bound, nodes }) {
  if (value === null || bound === null) return t("Searching…");
  return t("Best so far {value}; no choice is better than {bound}; {nodes} nodes seen", { value: number(Math.round(value)), bound: number(Math.round(bound)), nodes: number(nodes ?? 0) });
}

function refused(at, why) {
  at.state.textContent = why;
  at.stop.hidden = true;
  return null;
}

function summary(one, title) {
  const gap = one.proven ? t("proven: no choice is better") : one.gap === null ? t("not proven") : t("at most {gap} below the best there can be", { gap: percent(one.gap) });
  return el("section", { className: "card", "aria-label": title }, el("h3", {}, title), el("p", { className: "big" }, t("{then} of {all} within the time, {gained} more than now", { then: people(one.within_limit_then), all: people(one.residents), gained: people(one.gained) })),
    el("p", {}, el("span", { "aria-hidden": "true" }, one.proven ? "✓ " : "≈ "), gap));
}

/** Show a kept siting or front, found by its link or just now. */
export async function reopen(kept) {
  const at = stage("");
  await (kept.question === "front" ? front(at, kept) : found(at, kept));
}

async function found(at, best) {
  const one = best.answer.siting, fresh = one.sites.filter((site) => !site.there);
  at.state.textContent = one.proven ? t("Done: the optimum, proven.") : t("Done: the best found, not proven.");
  address.set({ run: best.run });
  const tables = el("div");
  at.best.replaceChildren(summary(one, one.proven ? t("Proven optimum") : t("Best found")), use(fresh, one.service), share(best.run), tables);
  await results(tables, best.run, { show: hooks.show });
}

const use = (places, service) => el("button", { type: "button", className: "main-act", disabled: !places.length, onclick: () => {
  edit(places.map((site) => ({ edit: { edit: "add", service, lon: Number(site.lon.toFixed(6)), lat: Number(site.lat.toFixed(6)), name: site.name ?? "" }, position: [site.lon, site.lat] })));
  hooks.opened();
} }, t("See these as a scenario"));

async function front(at, best) {
  const points = best.answer.front, service = best.answer.service, figure = el("figure", { className: "chart" }), chosen = el("div", { className: "card" }), tables = el("div");
  at.state.textContent = points.every((point) => point.proven) ? t("Done: every point is proven.") : t("Done: not every point is proven.");
  address.set({ run: best.run });
  const pick = (i) => {
    const point = points[i];
    chosen.replaceChildren(el("p", { className: "big" }, t("For {cost}: {n} within the time", { cost: number(point.cost), n: people(point.within_limit) })), use(point.buildings, service));
    hooks.show(point.buildings.map((house, nth) => ({ keys: [`building#${house.id}`], text: String(nth + 1), position: [house.lon, house.lat], name: house.name })), null);
  };
  const choose = el("label", { className: "filter" }, t("Point"), el("select", { onchange: (event) => pick(Number(event.target.value)) }, ...points.map((point, i) => el("option", { value: String(i), selected: i === points.length - 1 }, t("{cost}: {n} people", { cost: number(point.cost), n: people(point.within_limit) })))));
  at.best.replaceChildren(el("h3", {}, t("What more money buys")), figure, choose, chosen, share(best.run), tables);
  await chart(figure, {
    caption: t("People within the time by what is spent: no choice is both cheaper and better"),
    summary: t("From {first} people for nothing to {last} for {cost}.", { first: people(points[0].within_limit), last: people(points.at(-1).within_limit), cost: number(points.at(-1).cost) }),
    head: [t("Cost"), t("Within the time"), t("Proven")],
    rows: points.map((point) => [number(point.cost), number(point.within_limit), point.proven ? t("yes") : t("no")]),
    pick,
    option: (of) => ({
      grid: { left: 8, right: 32, top: 32, bottom: 24, containLabel: true },
      xAxis: { type: "value", name: t("cost"), nameLocation: "middle", nameGap: 26 }, yAxis: { type: "value", name: t("people"), scale: true, nameTextStyle: { align: "left" } },
      series: [{ type: "line", step: "end", symbol: "circle", symbolSize: 12, data: points.map((point) => [point.cost, point.within_limit]), label: { show: true, position: "top", color: of.ink, textBorderWidth: 0, formatter: ({ value }) => number(value[1]) } }],
    }),
  });
  await results(tables, best.run, { show: () => {} });
  pick(points.length - 1);
}
