// Three columns, two or one by the width in letters, not in pixels: large text gets the room it needs. And the tabs.

import { byId } from "./dom.js";
import { address } from "./store.js";

const WIDE_REM = 78, SIDE_REM = 52;
const root = document.documentElement;

export function layout() {
  const fit = () => {
    const rem = innerWidth / parseFloat(getComputedStyle(root).fontSize);
    const next = rem >= WIDE_REM ? "wide" : rem >= SIDE_REM ? "side" : "stack";
    if (root.dataset.layout === next) return;
    root.dataset.layout = next;
    const narrow = next !== "wide", panel = byId("now");
    if (narrow) panel.setAttribute("role", "tabpanel");
    else panel.removeAttribute("role");
    byId("legend").open = next !== "stack";
    open(address.get("tab") ?? (narrow ? "now" : "alarms"), { keep: false });
  };
  addEventListener("resize", fit);
  fit();
  const bar = document.querySelector("[role=tablist]");
  bar.addEventListener("click", (event) => { const tab = event.target.closest("[role=tab]"); if (tab) open(tab.id.slice(4)); });
  bar.addEventListener("keydown", step);
  return { fit };
}

const tabs = () => [...document.querySelectorAll("[role=tab]")].filter((tab) => tab.offsetParent !== null);

function step(event) {
  const all = tabs(), at = all.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  const next = all[(to + all.length) % all.length];
  open(next.id.slice(4));
  next.focus();
}

/** Show one panel; on a wall "now" is always there, so its tab opens the alarms. */
export function open(name, { keep = true } = {}) {
  const wide = root.dataset.layout === "wide", shown = wide && name === "now" ? "alarms" : byId(`tab-${name}`) ? name : "alarms";
  root.dataset.tab = shown;
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const chosen = tab.id === `tab-${shown}`;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    const panel = byId(tab.getAttribute("aria-controls"));
    if (panel.id !== "now") panel.hidden = !chosen;
  }
  if (keep) address.set({ tab: shown });
}
