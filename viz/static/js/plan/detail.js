// One service, whole: how far people walk, which grids are worst off, by age, and through a day.

import { chart } from "../chart.js";
import { byId, el, refill } from "../dom.js";
import { atLeast, named, number, people, percent, t, word } from "../text.js";
import { normText } from "./services.js";
import { limits, plan, said, send } from "./state.js";
import { step } from "../styles.js";

const parts = {};

export function detail({ goto }) {
  const figure = () => el("figure", { className: "chart" });
  Object.assign(parts, { head: el("div"), minutes: figure(), grids: el("div"), ages: el("div"), hours: figure() });
  const day = el("select", { id: "day-of" }, ...Object.entries(dayNames()).map(([value, text]) => el("option", { value }, text)));
  const ask = el("button", { type: "button", onclick: () => throughDay(day.value) }, t("Show the day"));
  byId("detail").replaceChildren(parts.head, parts.minutes, parts.grids, parts.ages, el("h3", {}, t("Through a day")),
    el("div", { className: "ask-row" }, el("label", {}, t("Day"), day), ask), parts.hours);
  parts.goto = goto;
}

const dayNames = () => Object.fromEntries(["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"].map((day) => [day, said("day", day)]));

/** Draw what the sides say; called when the panel is seen and there is something new. */
export function draw() {
  const { sides } = plan;
  if (!sides) return;
  const service = word("service", sides.service), who = word("group", sides.group);
  refill(parts.head, [el("h2", {}, t("{service}, {who}", { service, who })), el("p", { className: "quiet" }, normText())]);
  minutes(sides);
  grids(sides);
  ages(sides);
}

function minutes(sides) {
  const now = sides.today, then = sides.then, limit = sides.limit_s / 60, last = now.minutes.length;
  const bins = [...now.minutes.keys()].map((i) => t("{from} to {to} min", { from: i, to: i + 1 }));
  const tail = [t("more than {n} min", { n: last }), t("no way at all")];
  const value = (side) => [...side.minutes, side.farther, side.unreached];
  const data = [value(now), ...(then ? [value(then)] : [])];
  const within = now.minutes.slice(0, Math.floor(limit)).reduce((sum, n) => sum + n, 0);
  chart(parts.minutes, {
    caption: t("How far people walk: minutes to the nearest, by people"),
    summary: t("{n} people within {limit} minutes; {far} walk more than {last} minutes; {none} have no way.", { n: people(within), limit: number(limit), far: people(now.farther), last, none: people(now.unreached) }),
    head: [t("Minutes"), t("Today"), ...(then ? [t("Scenario")] : [])],
    rows: [...bins, ...tail].map((text, i) => [text, ...data.map((side) => number(side[i]))]),
    option: (of) => ({
      legend: then ? { top: 0, right: 0 } : undefined,
      grid: { left: 8, right: 16, top: 32, bottom: 24, containLabel: true },
      xAxis: { type: "category", data: [...now.minutes.keys()].map((i) => String(i + 1)).concat([`>${last}`, "∅"]), name: t("minutes"), nameLocation: "middle", nameGap: 26, axisLabel: { interval: (i) => i === last || ((i + 1) % 5 === 0 && i + 2 < last) } },
      yAxis: { type: "value" },
      series: data.map((values, nth) => ({
        type: "bar", name: nth ? t("Scenario") : t("Today"), barCategoryGap: "12%",
        data: values.map((n, i) => ({ value: n, itemStyle: then ? undefined : { color: i < limit ? of.ramp[4] : of.ramp[0] } })),
        markLine: nth ? undefined : { silent: true, symbol: "none", lineStyle: { color: of.ink, type: "dashed" }, label: { formatter: t("limit {n} min", { n: number(limit) }), color: of.ink, textBorderWidth: 0 }, data: [{ xAxis: Math.max(0, Math.ceil(limit) - 1) }] },
      })),
    }),
  });
}

function grids(sides) {
  const side = sides.then ?? sides.today, before = new Map(sides.today.grids.map((row) => [row.id, row]));
  const beyond = (row) => atLeast(row.residents) - atLeast(row.possible);
  const all = side.grids.filter((row) => row.share !== null).sort((a, b) => beyond(b) - beyond(a));
  const heads = [t("Grid"), t("Residents"), t("Beyond"), ...(sides.then ? [t("Today")] : []), t("Within the limit")];
  const line = (row) => el("tr", {}, el("th", { scope: "row" }, el("span", { className: `swatch r${step(row.share)}`, "aria-hidden": "true" }),
    el("button", { type: "button", className: "plain", title: t("Show on the map"), onclick: () => parts.goto(row.id) }, named(row))),
  el("td", {}, people(row.residents)), el("td", {}, people(beyond(row))), ...(sides.then ? [el("td", {}, percent(before.get(row.id)?.share))] : []), el("td", {}, percent(row.share)));
  refill(parts.grids, [el("h3", {}, t("By grid, most people beyond the limit first")),
    el("table", { className: "table" }, el("caption", { className: "unseen" }, t("By grid")), el("thead", {}, el("tr", {}, ...heads.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...all.map(line)))]);
}

function ages(sides) {
  const side = sides.then ?? sides.today;
  const line = (row) => el("tr", {}, el("th", { scope: "row" }, row.band.replace("-", "–")), el("td", {}, people(row.residents)), el("td", {}, people(atLeast(row.residents) - atLeast(row.possible))), el("td", {}, percent(row.share)));
  const heads = [t("Age"), t("Residents"), t("Beyond"), t("Within the limit")];
  refill(parts.ages, [el("h3", {}, t("By age")), el("table", { className: "table" }, el("caption", { className: "unseen" }, t("By age")), el("thead", {}, el("tr", {}, ...heads.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...side.bands.map(line)))]);
}

async function throughDay(day) {
  const { moment, ...rest } = limits();
  const found = await send("api/simulate/coverage", { services: [plan.service], groups: [plan.group], day, ...rest });
  if (!found.ok) {
    byId("said").textContent = found.body.detail;
    return;
  }
  const [one] = found.body.answer.coverage, hours = one.hours;
  const low = Math.min(...hours.map((row) => row.share ?? 0)), high = Math.max(...hours.map((row) => row.share_possible ?? 0));
  await chart(parts.hours, {
    caption: t("{day}: share within the limit at each hour, by what is open then", { day: said("day", day) }),
    summary: t("From {low} to {high} through the day.", { low: percent(low), high: percent(high) }),
    head: [t("Hour"), t("For certain"), t("With unknown hours as open")],
    rows: hours.map((row) => [row.moment.slice(3), percent(row.share), percent(row.share_possible)]),
    option: () => ({
      legend: { top: 0, right: 0 },
      grid: { left: 8, right: 16, top: 32, bottom: 8, containLabel: true },
      xAxis: { type: "category", data: hours.map((row) => row.moment.slice(3)) },
      yAxis: { type: "value", min: 0, axisLabel: { formatter: (value) => percent(value) } },
      series: [
        { type: "line", step: "middle", name: t("For certain"), symbol: "circle", symbolSize: 5, data: hours.map((row) => row.share) },
        { type: "line", step: "middle", name: t("With unknown hours as open"), symbol: "diamond", symbolSize: 6, lineStyle: { type: "dashed" }, data: hours.map((row) => row.share_possible) },
      ],
    }),
  });
}
