// The keeper's screen: its tabs by address, each a module of its own that is fetched when it is opened.

import { byId, el } from "../dom.js";
import { header } from "../header.js";
import { address } from "../store.js";
import { boot, t } from "../text.js";
import { watchWidth } from "../width.js";
import { warn } from "./kit.js";

const links = [...document.querySelectorAll("[data-tab]")];
const panel = byId("panel");
let leave = null, opening = 0;

/** Show a tab; `focus` where a person chose it. */
async function open(name, { focus = false } = {}) {
  const mine = ++opening;
  leave?.();
  leave = null;
  for (const link of links) {
    if (link.dataset.tab === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  links.find((link) => link.dataset.tab === name)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  panel.setAttribute("aria-busy", "true");
  panel.replaceChildren(el("p", { className: "quiet" }, t("Loading …")));
  panel.dataset.tab = name;
  try {
    const tab = await import(`./${name}.js`);
    if (mine !== opening) return;
    leave = (await tab.show(panel)) ?? null;
  } catch (error) {
    if (mine !== opening) return;
    panel.replaceChildren(el("p", { className: "problem", role: "alert" }, error.message));
  }
  panel.setAttribute("aria-busy", "false");
  if (focus) panel.focus();
}

function chosen() {
  const asked = address.get("tab");
  return boot.tabs.includes(asked) ? asked : boot.tabs[0];
}

for (const link of links) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const query = new URLSearchParams(location.search);
    for (const name of ["message", "mapping"]) query.delete(name);
    query.set("tab", link.dataset.tab);
    history.pushState(null, "", `?${query}`);
    address.set({});
    open(link.dataset.tab, { focus: true });
  });
}
addEventListener("popstate", () => open(chosen()));
addEventListener("linli:open", (event) => {
  address.set(event.detail);
  open(event.detail.tab, { focus: true });
});
addEventListener("unhandledrejection", (event) => warn(event.reason?.message ?? String(event.reason)));
header({ resized: watchWidth() });
open(chosen());
