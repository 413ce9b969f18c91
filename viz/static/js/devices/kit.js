// What the tabs are built of: asking the server, tables, forms, and saying what happened.

import { byId, el } from "../dom.js";
import { newKey } from "../keys.js";
import { boot, since, t } from "../text.js";

const JSON_TYPE = { "Content-Type": "application/json" };

/** Give the word for a term of this screen, such as said("reason", "no_decoder"); one without a word shows itself. */
export const said = (kind, term) => boot.more_words?.[kind]?.[term] ?? String(term);

/** Whether whoever reads may do what an integrator may. */
export const may = (...roles) => roles.includes(boot.role);

/** Ask the server; a refusal is thrown as an Error with its one line. */
export async function ask(path, { method = "GET", body, etag, key } = {}) {
  const headers = { ...(body === undefined ? {} : JSON_TYPE), ...(etag ? { "If-Match": etag } : {}), ...(method === "GET" ? {} : { "Idempotency-Key": key ?? newKey() }) };
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Error(t("The server does not answer."));
  }
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(answer.status === 412 ? t("Somebody else has changed it meanwhile: look at it again.") : data.detail ?? t("Not done: the server refused."));
  return { data, etag: answer.headers.get("ETag") };
}

/** Say what was done, politely. */
export function tell(words) {
  byId("said").textContent = words;
  const line = byId("told");
  if (line) line.replaceChildren(el("span", { "aria-hidden": "true" }, "✓ "), words);
}

/** Say at once what went wrong. */
export function warn(words) {
  byId("alerted").textContent = words;
  const line = byId("told");
  if (line) line.replaceChildren(el("strong", {}, `▲ ${words}`));
}

/** Run something that a person asked for; what the server refuses is said, and gives undefined. */
export async function attempt(run) {
  try {
    return await run();
  } catch (error) {
    warn(error.message);
    return undefined;
  }
}

/** Begin a tab: its heading, a line of what it is for, and the line where it says what was done. */
export function head(panel, title, about, ...tools) {
  panel.replaceChildren(
    el("div", { className: "panel-head" }, el("div", {}, el("h2", {}, title), el("p", { className: "quiet" }, about)), el("div", { className: "panel-tools" }, ...tools)),
    el("p", { id: "told", className: "told" }));
}

/** Put a sign before words: nothing is said by colour alone. */
export const marked = (sign, words) => `${sign} ${words}`;

/** Write a moment: the hour of today, day and hour before. */
export const moment = (iso) => (iso ? el("time", { dateTime: iso, title: iso }, since(iso, new Date())) : "–");

/** Make a table; on a phone each row is a card whose cells carry their headings. columns: {title, cell, number?, sort?}. */
export function table({ caption, columns, rows, empty, sorting, order }) {
  const heads = columns.map((column) => el("th", { scope: "col", role: "columnheader", className: column.number ? "number" : "", "aria-sort": sorting && column.sort === order.sort ? (order.descending ? "descending" : "ascending") : undefined },
    sorting && column.sort ? el("button", { type: "button", className: "sorter", "data-key": `sort-${column.sort}`, onclick: () => sorting(column.sort) }, column.title, el("span", { "aria-hidden": "true" }, column.sort === order.sort ? (order.descending ? " ▼" : " ▲") : " ↕")) : column.title));
  const body = rows.map((row) => el("tr", { role: "row" }, ...columns.map((column, at) => {
    const content = [column.cell(row)].flat().filter((part) => part !== null && part !== undefined && part !== false);
    return el(at === 0 ? "th" : "td", { role: at === 0 ? "rowheader" : "cell", scope: at === 0 ? "row" : undefined, className: column.number ? "number" : column.wide ? "wide" : "", "data-label": column.title }, ...content);
  })));
  if (!rows.length) return el("div", {}, el("p", { className: "none" }, empty ?? t("There is nothing here.")));
  return el("table", { className: "rows", role: "table" }, el("caption", {}, caption), el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...heads)), el("tbody", { role: "rowgroup" }, ...body));
}

let fields = 0;

/** Make a field with its label above it. */
export function field(label, input, hint) {
  input.id ||= `field-${++fields}`;
  const note = hint ? el("small", { id: `${input.id}-hint`, className: "quiet" }, hint) : null;
  if (note) input.setAttribute("aria-describedby", note.id);
  return el("div", { className: "field" }, el("label", { htmlFor: input.id }, label), input, note);
}

/** Make a choice of [value, words]. */
export function choice(options, value, onchange) {
  const made = el("select", { onchange }, ...options.map(([term, words]) => el("option", { value: term }, words)));
  made.value = value;
  return made;
}

export const button = (words, onclick, more = {}) => el("button", { type: "button", onclick, ...more }, words);

/** Show a sheet over the page; `build(close)` gives its content. The focus goes back where it was. */
export function sheet(title, build) {
  const dialog = byId("sheet"), before = document.activeElement;
  const close = () => dialog.close();
  dialog.replaceChildren(el("h2", { id: "sheet-title" }, title), ...build(close), el("div", { className: "acts" }, button(t("Back"), close, { "data-key": "sheet-back" })));
  dialog.addEventListener("close", () => { dialog.replaceChildren(); (before?.isConnected ? before : byId("panel")).focus(); }, { once: true });
  dialog.showModal();
  return dialog;
}

/** Show a secret, this once, with a button that copies it. */
export function secret(title, lines) {
  sheet(title, () => [
    el("p", {}, t("Write it down now: it is shown this once and kept nowhere.")),
    el("dl", { className: "secret" }, ...lines.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, el("code", {}, String(value)))])),
    button(t("Copy"), async () => {
      const text = lines.map(([name, value]) => `${name}: ${value}`).join("\n");
      try { await navigator.clipboard.writeText(text); tell(t("Copied.")); } catch { warn(t("The browser does not allow copying: mark the text.")); }
    })]);
}

/** Ask whether something is meant; gives true where it is. */
export function confirmed(title, words, act) {
  return new Promise((resolve) => {
    const dialog = sheet(title, (close) => [el("p", {}, words), el("div", { className: "acts" }, button(act, () => { resolve(true); close(); }, { className: "main-act" }))]);
    dialog.addEventListener("close", () => resolve(false), { once: true });
  });
}

/** Load a list page by page: `path` and the name of its rows; `show(rows, first)` gets each page. Gives the button for more. */
export async function paged(path, name, show, into) {
  const { data } = await ask(path);
  show(data[name], data);
  const more = into.querySelector(".more");
  more?.remove();
  if (data.next) {
    const base = path.split("?")[0];
    into.append(button(t("Show more"), () => attempt(() => paged(base + data.next, name, show, into)), { className: "more" }));
  }
}

/** Show a payload as it came: text, or bytes in hexadecimal. */
export function payload(shown) {
  const kind = shown.text === null ? t("bytes in hexadecimal") : t("text");
  return el("figure", { className: "payload" },
    el("figcaption", { className: "quiet" }, t("{n} bytes, {kind}", { n: shown.bytes, kind }), shown.is_cut ? el("span", {}, " · ", t("only the beginning is shown")) : ""),
    el("pre", { tabIndex: 0, "aria-label": t("Payload") }, shown.text ?? shown.hex));
}
