// The operations room's panels by the width of the window, and its tabs.

import { byId } from "./dom.js";
import { address, changed } from "./store.js";
import { watchWidth } from "./width.js";

const root = document.documentElement;

export function layout() {
  const fit = watchWidth((shape) => {
    const narrow = shape !== "wide", panel = byId("now");
    if (narrow) panel.setAttribute("role", "tabpanel");
    else panel.removeAttribute("role");
    byId("legend").open = shape !== "stack";
    open(address.get("tab") ?? (narrow ? "now" : "alarms"), { keep: false });
  });
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
  changed("tab");
}
