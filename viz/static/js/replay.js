// The past, any hour of it: the board of then is shown, marked as past, and the stream waits behind it. Escape is the way back.

import { byId, el } from "./dom.js";
import { title } from "./alarm_words.js";
import { address, live, on, present, show, view } from "./store.js";
import { boot, clock, fromLocal, hour, local, moment, t, word } from "./text.js";

const SPAN_MS = 86_400_000, MINUTE_MS = 60_000, FRAME_MS = 1000;
const root = document.documentElement;
let asked = 0, playing = 0, seen = null;

/** Make the controls work; `heard` is {moved(revision)}, called when another moment is shown, without a revision for the present. */
export function replay(heard) {
  const bar = byId("replay");
  bar.addEventListener("submit", (event) => event.preventDefault());
  byId("replay-button").addEventListener("click", () => (bar.hidden ? begin(new Date(present().getTime() - 3_600_000)) : back()));
  byId("replay-back").addEventListener("click", back);
  byId("replay-play").addEventListener("click", () => (playing ? pause() : play()));
  byId("replay-slider").addEventListener("input", () => { pause(); go(new Date(Number(byId("replay-slider").value) * MINUTE_MS)); });
  byId("replay-when").addEventListener("change", () => { pause(); go(fromLocal(byId("replay-when").value)); });
  for (const button of bar.querySelectorAll("[data-by]")) button.addEventListener("click", () => { pause(); go(new Date(view.at.getTime() + Number(button.dataset.by) * MINUTE_MS)); });
  addEventListener("keydown", (event) => { if (event.key === "Escape" && !bar.hidden && !view.asking && !event.target.closest?.("dialog")) back(); });
  on(["live alarms"], warn);
  on(["moment"], () => heard.moved(view.at ? view.revision : undefined));
  const at = address.get("at") && new Date(address.get("at"));
  if (at && !Number.isNaN(at.getTime()) && at < new Date()) begin(at);
}

function begin(at) {
  byId("replay").hidden = false;
  byId("replay-button").setAttribute("aria-pressed", "true");
  seen = criticals();
  const end = present().getTime(), first = boot.since ? Math.ceil(Date.parse(boot.since) / MINUTE_MS) * MINUTE_MS : 0, slider = byId("replay-slider");
  const start = Math.max(Math.min(end - SPAN_MS, at.getTime()), first);
  slider.min = Math.ceil(start / MINUTE_MS);
  slider.max = Math.floor(end / MINUTE_MS);
  slider.step = end - start > SPAN_MS / 4 ? 5 : 1;
  byId("replay-when").min = local(new Date(first));
  go(new Date(Math.max(at.getTime(), start))).then(() => slider.focus({ preventScroll: true }));
}

/** Show a moment; a newer wish overtakes an older answer. */
async function go(wanted) {
  const mine = ++asked, at = new Date(Math.min(wanted.getTime(), present().getTime() - 1000));
  if (Number.isNaN(at.getTime())) return false;
  const answer = await fetch(`api/state?at=${encodeURIComponent(at.toISOString())}`);
  if (mine !== asked) return false;
  if (!answer.ok) {
    byId("replay-said").textContent = t("Nothing is known of that moment.");
    byId("past-when").textContent = t("Nothing is known of that moment.");
    pause();
    return false;
  }
  const board = await answer.json();
  root.dataset.past = "true";
  view.revision = board.revision;
  address.set({ at: at.toISOString().slice(0, 19) + "Z" });
  show(at, board);
  mark(at);
  return true;
}

function mark(at) {
  const slider = byId("replay-slider"), text = moment(at);
  slider.value = Math.round(at.getTime() / MINUTE_MS);
  slider.setAttribute("aria-valuetext", text);
  byId("replay-when").value = local(at);
  byId("past-when").textContent = text;
  if (!playing) byId("replay-said").textContent = t("Shown as it was: {time}", { time: text });
}

async function play() {
  playing = 1;
  shown();
  while (playing) {
    const next = new Date(view.at.getTime() + Number(byId("replay-speed").value) * MINUTE_MS), begun = performance.now();
    if (next >= present() || !(await go(next))) break;
    await new Promise((done) => { setTimeout(done, Math.max(0, FRAME_MS - (performance.now() - begun))); });
  }
  pause();
}

function pause() {
  playing = 0;
  shown();
}

function shown() {
  byId("replay-play").textContent = playing ? t("Pause") : t("Play");
  byId("replay-play").setAttribute("aria-pressed", String(Boolean(playing)));
}

/** Back to the present, by one key or button. */
export function back() {
  asked++;
  pause();
  delete root.dataset.past;
  byId("replay").hidden = true;
  byId("replay-button").setAttribute("aria-pressed", "false");
  byId("past-now").hidden = true;
  address.set({ at: null });
  show(null);
  byId("said").textContent = t("Live again, {time}", { time: clock(present()) });
  byId("replay-button").focus({ preventScroll: true });
}

const criticals = () => new Set([...live.alarms.entries()].filter(([key, row]) => key !== "total" && row.severity === "critical" && !row.acknowledged_at).map(([key]) => key));

/** What is grave and new is said in the past too. */
function warn() {
  if (!view.at) return;
  const fresh = [...criticals()].filter((key) => !seen?.has(key));
  byId("past-now").hidden = !fresh.length;
  if (fresh.length) byId("past-now").replaceChildren(el("strong", {}, `▲ ${word("severity", "critical")}`), ` ${hour(present())} ${title(live.alarms.get(fresh[0]))}`);
}
