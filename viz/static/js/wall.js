// The wall: the map and key figures in large letters, and beside them in turn who is cut off, the alarms, each service's coverage.

import { harm, MARK, title } from "./alarm_words.js";
import { byId, el } from "./dom.js";
import { bandRows, lossCard } from "./losses.js";
import { address, board, now, on, view } from "./store.js";
import { step } from "./styles.js";
import { atLeast, boot, number, people, percent, range, since, t, word } from "./text.js";

const TURN_MS = 15_000, KEPT_MS = 60_000, ROWS = 5;
const root = document.documentElement;
const PAGES = [["cut-off", cutOff], ["alarms", alarms], ["services", services]];
let page = 0, timer = 0, paused = matchMedia("(prefers-reduced-motion: reduce)").matches, resized = null;
const covered = { at: 0, key: "", rows: [] };

/** Make the button and the keys work; `heard.resized` is called when the letters change size. */
export function wall(heard) {
  resized = heard.resized;
  byId("wall-button").addEventListener("click", () => enter(true));
  byId("wall-leave").addEventListener("click", leave);
  byId("wall-pause").addEventListener("click", () => { paused = !paused; turn(0); });
  byId("wall-next").addEventListener("click", () => turn(1));
  byId("wall-before").addEventListener("click", () => turn(-1));
  document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement && root.dataset.full) leave(); });
  addEventListener("keydown", (event) => { if (event.key === "Escape" && root.dataset.wall && !view.at && !view.asking) leave(); });
  on(["losses", "alarms", "figures", "watch"], () => { if (root.dataset.wall) draw(); });
  if (address.get("wall") === "1") enter(false);
}

async function enter(full) {
  root.dataset.wall = "true";
  byId("wall").hidden = false;
  address.set({ wall: "1" });
  resized();
  turn(0);
  byId("wall-pause").focus({ preventScroll: true });
  if (!full || !root.requestFullscreen) return;
  root.dataset.full = "true";
  await root.requestFullscreen().catch(() => { delete root.dataset.full; }); // a kiosk or a policy may refuse: the view is large all the same
}

function leave() {
  clearTimeout(timer);
  delete root.dataset.wall;
  delete root.dataset.full;
  byId("wall").hidden = true;
  address.set({ wall: null });
  if (document.fullscreenElement) document.exitFullscreen();
  resized();
  byId("wall-button").focus({ preventScroll: true });
}

function turn(by) {
  clearTimeout(timer);
  page = (page + by + PAGES.length) % PAGES.length;
  byId("wall-pause").textContent = paused ? t("Go on") : t("Pause");
  byId("wall-pause").setAttribute("aria-pressed", String(paused));
  draw();
  if (!paused) timer = setTimeout(() => turn(1), TURN_MS);
}

function draw() {
  const [name, fill] = PAGES[page], f = board.figures.get("all"), total = board.losses.get("total");
  const figure = (text, value, urgent) => el("div", { "data-urgent": String(Boolean(urgent)) }, el("dt", {}, text), el("dd", {}, value));
  if (f && total) byId("wall-figures").replaceChildren(
    figure(t("Cut off now"), range(total.certain, total.possible), atLeast(total.certain) > 0),
    figure(t("Alarms"), number(board.alarms.get("total")?.waiting ?? 0), board.alarms.get("total")?.critical > 0),
    figure(t("Lifts in service"), `${number(f.lifts.open)}/${number(f.lifts.total)}`, false),
    figure(t("Devices reporting"), `${number(f.things.ok)}/${number(f.things.total)}`, false));
  root.dataset.wallPage = name;
  byId("wall-at").textContent = `${page + 1} / ${PAGES.length}`;
  byId("wall-body").replaceChildren(...fill());
}

function cutOff() {
  const total = board.losses.get("total");
  if (!total) return [];
  const calm = total.certain !== null && atLeast(total.certain) === 0;
  const rows = [...board.losses.entries()].filter(([key]) => key !== "total").map(([, row]) => row).sort((a, b) => Number(a.if_needed) - Number(b.if_needed) || Number(b.certain) - Number(a.certain) || atLeast(b.people) - atLeast(a.people));
  const cards = rows.slice(0, 2).map((row, i) => lossCard(row, { key: `wall-${i}`, show: null }));
  return [el("h2", {}, byId("now-title").textContent), el("p", { className: "hero", "data-calm": String(calm) }, el("strong", {}, people(total.certain)), el("span", {}, t("people have lost a service they usually reach"))),
    el("table", { className: "bars" }, el("caption", { className: "unseen" }, t("By age")), el("tbody", {}, ...bandRows(total.bands))), el("ul", { className: "losses" }, ...cards)];
}

function alarms() {
  const rows = [...board.alarms.entries()].filter(([key]) => key !== "total").map(([, row]) => row).sort((a, b) => Number(b.mark.split("-")[0]) - Number(a.mark.split("-")[0]) || b.id - a.id);
  const items = rows.slice(0, ROWS).map((alarm) => el("li", { "data-severity": alarm.severity },
    el("p", {}, el("span", { className: "severity" }, `${MARK[alarm.severity]} ${word("severity", alarm.severity)}`), el("strong", {}, title(alarm))),
    harm(alarm) ? el("p", {}, harm(alarm)) : null,
    el("p", { className: "quiet" }, [t("since {time}", { time: since(alarm.raised_at, now()) }), alarm.acknowledged_at ? t("acknowledged by {who}", { who: alarm.acknowledged_by }) : null].filter(Boolean).join(" · "))));
  if (rows.length > ROWS) items.push(el("li", { className: "none" }, t("and {n} more", { n: number(rows.length - ROWS) })));
  return [el("h2", {}, t("Alarms")), el("ol", { className: "alarms" }, ...(items.length ? items : [el("li", { className: "none" }, t("No open alarms."))]))];
}

function services() {
  const form = byId("picker"), key = [form.group.value, form.minutes.value, view.at?.toISOString() ?? ""].join(" ");
  if (key !== covered.key || Date.now() - covered.at > KEPT_MS) readServices(key, { group: form.group.value, minutes: form.minutes.value });
  const values = { group: word("group", form.group.value), minutes: form.minutes.value };
  return [el("h2", {}, t("Coverage by service")), el("p", { className: "quiet" }, t("{group}, within {minutes} min", values)),
    el("table", { className: "table" }, el("caption", { className: "unseen" }, t("Coverage by service")), el("tbody", {}, ...covered.rows.map((row) => el("tr", {}, el("th", { scope: "row" }, word("service", row.service)),
      el("td", {}, el("span", { className: `swatch r${step(row.total.share ?? 0)}`, "aria-hidden": "true" }), percent(row.total.share))))))];
}

async function readServices(key, asked) {
  Object.assign(covered, { at: Date.now(), key });
  const rows = [];
  for (const service of Object.keys(boot.words.service)) {
    const answer = await fetch(`api/coverage?${new URLSearchParams({ ...asked, service, ...(view.at ? { at: view.at.toISOString() } : {}) })}`);
    if (covered.key !== key) return;
    if (answer.ok) rows.push({ service, total: (await answer.json()).total });
  }
  covered.rows = rows;
  if (root.dataset.wall) draw();
}
