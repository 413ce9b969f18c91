// The one home of charts: ECharts as SVG, in the page's own colours, with the same rows as a table beside it.

import { el } from "./dom.js";
import { boot, t } from "./text.js";

const SOURCE = new URL("../vendor/echarts.js", import.meta.url);
const COLOURS = ["accent", "cut-off", "open", "unknown", "affected", "notice", "ink", "ink-quiet", "line", "control-line", "panel", "panel-raised"];
const shown = new WeakMap(); // by figure: what to draw it again with
let loading = null;

/** Load ECharts when the first chart is wanted: a page without one never pays for it. */
function library() {
  loading ??= new Promise((found, failed) => {
    const script = el("script", { src: SOURCE.href });
    script.onload = () => found(globalThis.echarts);
    script.onerror = () => failed(new Error("the charts could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

/** The page's colours by name, "ramp" being the five steps of coverage, and the size of small text in pixels. */
function look() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const colours = Object.fromEntries(COLOURS.map((name) => [name.replace("-", "_"), read(name)]));
  return { ...colours, ramp: [0, 1, 2, 3, 4].map((i) => read(`ramp-${i}`)), small: parseFloat(style.fontSize) * 0.8125, font: getComputedStyle(document.body).fontFamily };
}

function theme(of) {
  const axis = {
    axisLine: { lineStyle: { color: of.control_line } }, axisTick: { lineStyle: { color: of.control_line } },
    axisLabel: { color: of.ink_quiet, fontSize: of.small }, nameTextStyle: { color: of.ink_quiet, fontSize: of.small },
    splitLine: { lineStyle: { color: of.line } },
  };
  const text = { color: of.ink, fontSize: of.small, fontFamily: of.font };
  return { color: [of.accent, of.cut_off, of.open, of.unknown], textStyle: text, categoryAxis: { ...axis, splitLine: { show: false } }, valueAxis: axis, timeAxis: axis, legend: { textStyle: text } };
}

/**
 * Draw a chart into an element, or again where one is. caption: what it shows, in words; option(look): ECharts' own;
 * head and rows: the same as a table, the first of a row its heading; summary: one sentence for who cannot see it.
 * height in rem. pick(index, series) hears a click on a mark: give the same act as a button elsewhere.
 */
export async function chart(figure, asked) {
  const held = shown.get(figure);
  const now = held ?? { plot: el("div", { className: "plot" }), words: el("figcaption", {}), table: el("details", { className: "chart-table" }) };
  now.asked = asked;
  now.words.textContent = asked.caption;
  now.plot.style.height = `${asked.height ?? 14}rem`;
  const open = now.table.open;
  now.table.replaceChildren(el("summary", {}, t("The same as a table")), rows(asked));
  now.table.open = open;
  if (!held) {
    figure.replaceChildren(now.words, now.plot, now.table);
    shown.set(figure, now);
    new ResizeObserver(() => now.drawn?.resize()).observe(now.plot);
    new MutationObserver(() => draw(now)).observe(document.documentElement, { attributeFilter: ["data-theme", "data-size"] });
  }
  await draw(now);
}

function rows({ caption, head, rows: lines }) {
  return el("div", { className: "wide-table", tabIndex: 0, role: "region", "aria-label": caption }, el("table", { className: "table" }, el("caption", { className: "unseen" }, caption),
    el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...lines.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((cell) => el("td", {}, cell)))))));
}

async function draw(now) {
  const echarts = await library(), of = look(), { asked } = now;
  const option = asked.option(of), many = [option.series].flat().length > 1;
  now.drawn?.dispose();
  now.drawn = echarts.init(now.plot, theme(of), { renderer: "svg", locale: boot.lang === "zh" ? "ZH" : "EN" });
  // Nothing moves, patterns say what colours say, and the description is ours: ECharts' own would read every value.
  const aria = { enabled: true, label: { description: asked.summary ?? asked.caption }, decal: { show: many } };
  now.drawn.setOption({ animation: false, grid: { left: 8, right: 16, top: 24, bottom: 8, containLabel: true }, ...option, aria });
  now.plot.setAttribute("role", "img");
  if (asked.pick) now.drawn.on("click", (mark) => asked.pick(mark.dataIndex, mark.seriesIndex));
}
