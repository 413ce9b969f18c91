// What every screen's header does: text size, dark, light or high contrast, the other language, the clock.

import { byId } from "./dom.js";
import { address, on, present } from "./store.js";
import { boot, clock, day } from "./text.js";

const root = document.documentElement;

/** Make the header work; `resized` runs after a change of text size, `themed` with the theme just chosen. */
export function header({ resized = () => {}, themed = () => {} } = {}) {
  byId("size").onclick = () => {
    const large = root.dataset.size !== "large";
    root.dataset.size = large ? "large" : "standard";
    byId("size").setAttribute("aria-pressed", String(large));
    address.set({ size: root.dataset.size });
    resized();
  };
  const choose = (theme) => {
    root.dataset.theme = byId("theme").value = theme;
    themed(theme);
  };
  byId("theme").onchange = () => {
    choose(byId("theme").value);
    address.set({ theme: root.dataset.theme });
  };
  if (!address.get("theme") && matchMedia("(prefers-contrast: more)").matches) choose("contrast");
  on(["address"], follow);
  follow();
}

/** Let the links of the header keep what the reader has chosen. */
function follow() {
  const query = new URLSearchParams(location.search);
  for (const link of document.querySelectorAll(".screens a")) {
    const kept = new URLSearchParams({ lang: boot.lang, theme: root.dataset.theme, size: root.dataset.size });
    link.search = `?${kept}`;
  }
  query.set("lang", boot.lang === "zh" ? "en" : "zh");
  byId("language").href = `?${query}`;
}

/** Show the place's present time, every second. */
export function clockwork() {
  const show = () => {
    byId("clock").textContent = clock(present());
    byId("date").textContent = day(present());
  };
  setInterval(show, 1000);
  show();
}
