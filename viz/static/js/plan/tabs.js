// The planner's tabs; what is shown is in the address.

import { byId } from "../dom.js";
import { address } from "../store.js";

const every = () => [...document.querySelectorAll("[role=tab]")];

let left = () => {};

/** Make the tabs work; `leaving` hears that another is shown. */
export function tabs(leaving) {
  left = leaving;
  const bar = document.querySelector("[role=tablist]");
  bar.addEventListener("click", (event) => { const tab = event.target.closest("[role=tab]"); if (tab) show(tab.id.slice(4)); });
  bar.addEventListener("keydown", (event) => {
    const all = every(), at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = all[(to + all.length) % all.length];
    show(next.id.slice(4));
    next.focus();
  });
  show(address.get("tab") ?? "services", { keep: false });
}

/** Show one panel. */
export function show(name, { keep = true } = {}) {
  const shown = byId(`tab-${name}`) ? name : "services";
  for (const tab of every()) {
    const chosen = tab.id === `tab-${shown}`;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !chosen;
    if (chosen) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  left();
  if (keep) address.set({ tab: shown });
}
