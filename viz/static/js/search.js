// The search: type, choose with the arrows, and the thing is shown on the map and looked into.

import { byId, el } from "./dom.js";
import { glyph } from "./glyphs.js";
import { named, number, t, word } from "./text.js";

const REST_MS = 150; // after the last letter
const KEPT = "linli-search-key";
let rows = [], chosen = -1, asked = 0, timer = 0, hear = null;

/** Make the field work; `heard` is {goto(position), look(kind, id)}. */
export function search(heard) {
  hear = heard;
  const field = byId("search"), key = byId("search-key");
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, REST_MS); });
  field.addEventListener("keydown", pressed);
  field.addEventListener("focus", () => { if (rows.length) open(true); });
  field.addEventListener("blur", () => setTimeout(() => open(false), 200)); // a click on a row comes first
  key.checked = localStorage.getItem(KEPT) !== "off";
  key.addEventListener("change", () => localStorage.setItem(KEPT, key.checked ? "on" : "off"));
  addEventListener("keydown", (event) => {
    const slash = event.key === "/" && key.checked && !event.target.closest?.("input, textarea, select, dialog");
    if (!slash && !((event.ctrlKey || event.metaKey) && event.key === "k")) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}

/** Say in a word what a found thing is. */
export function kindText(hit) {
  if (hit.kind === "facility") return word("service", hit.sort);
  if (hit.kind === "thing") return word("thing_kind", hit.sort);
  return { grid: t("Grid"), building: t("Building"), street: t("Street") }[hit.kind];
}

export const nameOf = (hit) => named(hit) || kindText(hit);

async function ask() {
  const text = byId("search").value.trim(), mine = ++asked;
  if (!text) return draw([]);
  const answer = await fetch(`api/search?${new URLSearchParams({ text })}`);
  if (mine !== asked) return undefined;
  return draw(answer.ok ? (await answer.json()).found : [], text);
}

function draw(found, text = "") {
  rows = found;
  chosen = -1;
  byId("search").removeAttribute("aria-activedescendant");
  const items = found.map((hit, i) => {
    const row = el("li", { id: `hit-${i}`, role: "option", "aria-selected": "false", onpointerdown: (event) => { event.preventDefault(); take(hit); } },
      hit.kind === "facility" || hit.kind === "thing" ? glyph(hit.sort, hit.kind === "facility" ? "facility" : "ok", "glyph small") : el("span", { className: "no-glyph", "aria-hidden": "true" }),
      el("span", { className: "hit-name" }, nameOf(hit)), el("span", { className: "quiet" }, [kindText(hit), hit.kind === "street" ? null : hit.code].filter(Boolean).join(" · ")));
    return row;
  });
  byId("search-list").replaceChildren(...items);
  byId("search-none").hidden = !text || found.length > 0;
  byId("search-said").textContent = text ? t("{n} found", { n: number(found.length) }) : "";
  open(found.length > 0);
}

function open(shown) {
  byId("search-list").hidden = !shown || !rows.length;
  byId("search").setAttribute("aria-expanded", String(!byId("search-list").hidden));
}

function choose(next) {
  if (!rows.length) return;
  open(true);
  chosen = (next + rows.length) % rows.length;
  [...byId("search-list").children].forEach((row, i) => row.setAttribute("aria-selected", String(i === chosen)));
  byId("search").setAttribute("aria-activedescendant", `hit-${chosen}`);
  byId(`hit-${chosen}`).scrollIntoView({ block: "nearest" });
}

async function pressed(event) {
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen < 0 ? rows.length - 1 : chosen - 1);
  else if (event.key === "Escape") {
    if (byId("search-list").hidden) byId("search").value = "";
    open(false);
    byId("search-none").hidden = true;
    event.stopPropagation();
  } else if (event.key === "Enter") {
    clearTimeout(timer);
    if (!rows.length || chosen < 0) await ask();
    if (rows.length) take(rows[Math.max(chosen, 0)]);
  } else return;
  event.preventDefault();
}

function take(hit) {
  byId("search").value = nameOf(hit);
  open(false);
  hear.goto(hit.position);
  if (hit.kind !== "street") hear.look(hit.kind, Number(hit.key));
}
