// A run's tables: shown with the rows of the files, each row that stands somewhere can be shown on the map.

import { byId, el } from "../dom.js";
import { boot, named, number, percent, t, word } from "../text.js";
import { said, send } from "./state.js";

const SHARES = /^share|^gap$/;
const MINUTES = " " + t("minutes");
const SHOWN = 60; // rows at first: the rest on demand
const FORMATS = [["csv", "CSV"], ["xlsx", "XLSX"], ["geojson", "GeoJSON"]];
const CODES = new Set(["id", "rank", "code", "norm", "norm_version", "lon", "lat", "norm_m"]); // in the files, and only there

const bandText = (band) => (/^\d+-\d+$/.test(band) ? band.replace("-", "–") : band);

/** Write one value as the reader says it. */
export function cell(column, value) {
  if (value === null || value === undefined || value === "") return "–";
  if (column === "service") return word("service", value);
  if (column === "mobility_group") return word("group", value);
  if (column === "band") return bandText(value);
  if (column === "services") return value.split(", ").filter(Boolean).map((part) => { const [name, n] = part.split(" "); return `${word("service", name)} ${number(Number(n))}`; }).join(boot.lang === "zh" ? "、" : ", ");
  if (column === "moment") return value.slice(3);
  if (column === "element" || column === "name") return value;
  if (boot.plan[column]) return said(column, value);
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (typeof value !== "number") return value;
  return SHARES.test(column) ? percent(value) : number(Math.round(value * 100) / 100);
}

/** Say which facility, grid or building a key means, in the reader's language. */
export function placeName(key, where) {
  const found = where[key], [kind, id] = key.split("#");
  return (found && named(found)) || `${kind.startsWith("building") ? t("Building") : said("kind", kind)} ${id}`;
}

/**
 * Show a run's tables in an element. show(where[], numbers[]) hears what to put on the map: {key, name, position}.
 * Gives the tables as the server has them.
 */
export async function results(node, run, { show }) {
  const found = await send(`api/plan/runs/${run}/tables`);
  if (!found.ok) {
    node.replaceChildren(el("p", { className: "refused" }, found.body.detail));
    return null;
  }
  const { tables, where } = found.body;
  node.replaceChildren(...tables.map((table) => section(table, where, show)), files(run, tables));
  const first = tables.find((table) => table.at.length);
  if (first) show(places(first, where), null);
  return found.body;
}

/** The rows of a table that stand somewhere, numbered as they are listed. */
function places(table, where) {
  return table.at.slice(0, SHOWN).map((keys, i) => ({ keys, text: String(i + 1), position: where[keys[0]]?.position, name: keys[0] ? placeName(keys[0], where) : "" })).filter((one) => one.position);
}

function section(table, where, show) {
  const columns = Object.keys(table.columns).filter((name) => !CODES.has(name)), at = Object.keys(table.columns);
  const same = columns.filter((name) => ["service", "mobility_group", "limit_min", "clause", "certainty"].includes(name) && table.rows.length > 1 && new Set(table.rows.map((row) => row[at.indexOf(name)])).size === 1);
  const told = columns.filter((name) => !same.includes(name));
  const numbered = table.at.length > 0, kinds = [...(numbered ? [""] : []), ...told.map((name) => (table.columns[name] === "text" ? "words" : ""))], body = el("tbody");
  const draw = (most) => body.replaceChildren(...table.rows.slice(0, most).map((row, i) => line(row, i)));
  const line = (row, i) => {
    const cells = told.map((name) => {
      const value = cell(name, row[at.indexOf(name)]), keys = table.at[i] ?? [];
      if (name !== "name") return value;
      const text = keys.length === 1 || value === "–" ? (keys[0] ? placeName(keys[0], where) : value) : value;
      if (!keys.length || !where[keys[0]]) return text;
      return el("button", { type: "button", className: "plain", title: t("Show on the map"), onclick: () => show(places(table, where), { keys, position: where[keys[0]].position }) }, text);
    });
    if (numbered) cells.unshift(String(i + 1));
    const [first, ...rest] = cells;
    return el("tr", {}, el("th", { scope: "row" }, first), ...rest.map((text, nth) => el("td", { className: kinds[nth + 1] }, text)));
  };
  draw(SHOWN);
  const heads = [...(numbered ? ["#"] : []), ...told.map((name) => said("column", name))];
  const note = same.map((name) => cell(name, table.rows[0][at.indexOf(name)]) + (name === "limit_min" ? MINUTES : "")).join(" · ");
  const title = said("table", table.name);
  const more = table.rows.length > SHOWN && el("button", { type: "button", onclick: (event) => { draw(table.rows.length); event.target.remove(); } }, t("Show all {n} rows", { n: number(table.rows.length) }));
  return el("section", { className: "result", "aria-label": title }, el("h3", {}, title), note ? el("p", { className: "quiet" }, note) : null,
    el("div", { className: "wide-table", tabIndex: 0, role: "region", "aria-label": title },
      el("table", { className: "table" }, el("caption", { className: "unseen" }, title), el("thead", {}, el("tr", {}, ...heads.map((name, nth) => el("th", { scope: "col", className: kinds[nth] }, name)))), body)), more || null);
}

/** The same tables as files; each says which run, norm, user and time it is of, and what for. */
export function files(run, tables) {
  const purpose = el("input", { type: "text", value: t("planning"), minLength: 2, maxLength: 200, required: true });
  const links = [];
  const follow = () => { for (const { link, path } of links) link.href = `${path}?purpose=${encodeURIComponent(purpose.value.trim().length > 1 ? purpose.value.trim() : t("planning"))}`; };
  const entry = (table) => {
    const title = said("table", table.name);
    const formats = FORMATS.filter(([suffix]) => suffix !== "geojson" || table.at.length).map(([suffix, text]) => {
      const link = el("a", { download: "", "aria-label": t("{table} as {format}", { table: title, format: text }) }, text);
      links.push({ link, path: `api/plan/runs/${run}/tables/${table.name}.${suffix}` });
      return link;
    });
    return el("li", {}, el("span", {}, title), el("span", { className: "formats" }, ...formats));
  };
  const list = el("ul", { className: "files" }, ...tables.map(entry));
  purpose.oninput = follow;
  follow();
  return el("details", { className: "export" }, el("summary", {}, t("Take it away: files")),
    el("label", { className: "filter" }, t("What for (is written into the file)"), purpose), list,
    el("p", { className: "quiet" }, t("Each file says the run, the norm with its version, who took it and when.")));
}

/** A link to a result that anybody who may plan can open, and what puts it on the clipboard. */
export function share(run) {
  const url = new URL(location.href);
  url.searchParams.set("run", run);
  const field = el("input", { type: "text", readOnly: true, value: url.href, "aria-label": t("Link to this result"), onfocus: () => field.select() });
  const copy = async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      byId("said").textContent = t("The link is copied.");
    } catch {
      field.focus(); // no clipboard without HTTPS: it is selected, to be copied by hand
    }
  };
  return el("div", { className: "share" }, field, el("button", { type: "button", onclick: copy }, t("Copy the link")));
}
