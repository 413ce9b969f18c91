// What every screen's header does: text size, light or dark, the other language, the clock.

import { byId } from "./dom.js";
import { address, now, on } from "./store.js";
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
  byId("theme").onclick = () => {
    const theme = root.dataset.theme === "light" ? "dark" : "light";
    root.dataset.theme = theme;
    byId("theme").setAttribute("aria-pressed", String(theme === "light"));
    address.set({ theme });
    themed(theme);
  };
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
    byId("clock").textContent = clock(now());
    byId("date").textContent = day(now());
  };
  setInterval(show, 1000);
  show();
}
