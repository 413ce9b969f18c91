// The last day of one property as a chart: numbers as a line, states as a band; where nothing was heard there is nothing drawn.

import { chart } from "./chart.js";
import { el } from "./dom.js";
import { hour, moment, named, number, since, t, word } from "./text.js";

const DAY_MS = 86_400_000, POINTS = 400, EACH = 5000, SILENT_INTERVALS = 3; // as in twin/devices.py
const STATES = { in_service: [t("in service"), t("out of service")], open: [t("open"), t("shut")] };

/** Draw into a figure, or say that nothing came; `still` tells whether it is wanted yet. */
export async function dayChart(figure, { thing, property, until, still }) {
  const from = new Date(until.getTime() - DAY_MS), isState = property in STATES;
  const query = new URLSearchParams({ property, from: from.toISOString(), to: until.toISOString(), points: isState ? EACH : POINTS });
  const answer = await fetch(`api/devices/${encodeURIComponent(thing.key)}/readings?${query}`);
  if (!still() || !answer.ok) return;
  const found = await answer.json();
  if (found.result !== "number") {
    words(figure, found);
    return;
  }
  const points = found.points.filter(([, value]) => typeof value === "number").map(([time, value]) => [Date.parse(time), value]);
  const silence = Math.max(SILENT_INTERVALS * thing.interval_s * 1000, found.points.length >= (isState ? EACH : POINTS) ? (2 * DAY_MS) / POINTS : 0);
  const spans = gaps(points, silence, from.getTime(), until.getTime());
  const name = word("property", property), unit = word("unit", found.unit);
  const what = unit ? `${name} (${unit})` : name;
  const caption = t("{name}: {property}, 24 h until {time}", { name: named(thing), property: what, time: moment(until) });
  const drawn = { caption, from: from.getTime(), until: until.getTime(), spans };
  await chart(figure, isState ? band(points, STATES[property], drawn) : line(points, unit, drawn));
}

/** What comes in words is a list of them. */
function words(figure, found) {
  const rows = found.points.slice(-48).map(([time, said]) => el("tr", {}, el("th", { scope: "row" }, hour(new Date(time))), el("td", {}, String(said))));
  figure.replaceChildren(el("figcaption", {}, word("property", found.property)), el("table", { className: "table" }, el("tbody", {}, ...rows)));
}

/** Spans [from, until] in which nothing was heard for longer than a device may keep silent. */
function gaps(points, silence, from, until) {
  const times = [from, ...points.map(([time]) => time), until];
  return times.slice(1).map((time, i) => [times[i], time]).filter(([begun, ended]) => ended - begun > silence);
}

/** Break the line where nothing was heard. */
function broken(points, spans) {
  const breaks = spans.map(([begun]) => [begun + 1, null]);
  return [...points, ...breaks].sort((a, b) => a[0] - b[0]);
}

/** The hour, with its day where that is not the last one's. */
const when = (ms, drawn) => since(new Date(ms).toISOString(), new Date(drawn.until));

const axis = (drawn) => ({ type: "time", min: drawn.from, max: drawn.until, axisLabel: { formatter: (value) => hour(new Date(value)), hideOverlap: true } });
const WIDE_MS = DAY_MS / 5; // a gap with room for its word
const unknown = (of, spans) => ({
  silent: true, itemStyle: { color: of.ink_quiet, opacity: 0.14 }, label: { position: "inside", color: of.ink, fontSize: of.small },
  data: spans.map(([begun, ended]) => [{ xAxis: begun, name: ended - begun > WIDE_MS ? t("not known") : "" }, { xAxis: ended }]),
});
const gapText = (spans) => (spans.length ? t("Not known, shaded: {spans}", { spans: spans.slice(0, 4).map(([begun, ended]) => `${hour(new Date(begun))}–${hour(new Date(ended))}`).join(", ") }) : t("No gaps."));

function line(points, unit, drawn) {
  const values = points.map(([, value]) => value), round = (value) => `${number(Math.round(value * 100) / 100)} ${unit}`.trim();
  const said = values.length ? t("From {low} to {high}, last {last}.", { low: round(Math.min(...values)), high: round(Math.max(...values)), last: round(values.at(-1)) }) : t("Nothing was heard.");
  const every = Math.max(1, Math.floor(points.length / 48));
  return {
    caption: drawn.caption, height: 11, summary: `${drawn.caption}. ${said} ${gapText(drawn.spans)}`,
    option: (of) => ({
      xAxis: axis(drawn), yAxis: { type: "value", scale: true, name: unit },
      series: [{ type: "line", showSymbol: points.length < 30, data: broken(points, drawn.spans), connectNulls: false, lineStyle: { width: 2 }, markArea: unknown(of, drawn.spans) }],
    }),
    head: [t("Time"), unit || t("Value")],
    rows: [...points.filter((_, i) => i % every === 0 || i === points.length - 1).map(([time, value]) => [time, when(time, drawn), round(value)]), ...drawn.spans.map(([begun, ended]) => [begun, `${when(begun, drawn)}–${when(ended, drawn)}`, t("not known")])]
      .sort((a, b) => a[0] - b[0]).map(([, ...cells]) => cells),
  };
}

/** Spells of one state each: {begun, ended, value}; value null where it is not known. */
function spells(points, drawn) {
  const found = [], known = [...points.map(([time, value]) => [time, value]), ...drawn.spans.map(([begun]) => [begun + 1, null])].sort((a, b) => a[0] - b[0]);
  known.forEach(([time, value], i) => {
    const ended = known[i + 1]?.[0] ?? drawn.until, last = found.at(-1);
    if (last && last.value === value) last.ended = ended;
    else found.push({ begun: time, ended, value });
  });
  return found;
}

function band(points, [good, bad], drawn) {
  const runs = spells(points, drawn), text = (value) => (value === null ? t("not known") : value ? good : bad);
  const out = runs.filter((run) => run.value === 0), area = (run) => [{ xAxis: run.begun }, { xAxis: run.ended }];
  const hours = (some) => number(Math.round(some.reduce((sum, run) => sum + run.ended - run.begun, 0) / 360_000) / 10);
  const said = t("{state}: {n} h.", { state: bad, n: hours(out) });
  return {
    caption: drawn.caption, height: 8, summary: `${drawn.caption}. ${said} ${gapText(drawn.spans)}`,
    option: (of) => ({
      xAxis: axis(drawn), yAxis: { type: "value", min: 0, max: 1, interval: 1, axisLabel: { formatter: (value) => (value ? good : bad) } },
      series: [
        { type: "line", step: "end", symbol: "none", data: broken(points, drawn.spans), connectNulls: false, lineStyle: { width: 3, color: of.open }, areaStyle: { color: of.open, opacity: 0.25 }, markArea: unknown(of, drawn.spans) },
        { type: "line", data: [], markArea: { silent: true, itemStyle: { color: of.cut_off, opacity: 0.45 }, data: out.map(area) } },
      ],
    }),
    head: [t("From"), t("Until"), t("State")],
    rows: runs.map((run) => [when(run.begun, drawn), when(run.ended, drawn), text(run.value)]),
  };
}

