// Entering a measurement: of what, what, how much, when, with a photo. All by keys, on a telephone's width too.

import { byId, el } from "../dom.js";
import { newKey } from "../keys.js";
import { boot, fromLocal, local, number, t, word } from "../text.js";
import { answered } from "./run.js";
import { called } from "./words.js";

const LONGEST_PX = 1920, QUALITY = 0.85; // as the server keeps it: more would only be sent for nothing
const NUMBER = /^\d+([.,]\d+)?$/;
const dialog = byId("measure"), form = byId("measure-form");
let elements = [], heard = {};

/** Make the form work; `saved(line)` runs with what the server has kept, `pick()` is asked for a place on the map. */
export function measuring(listeners) {
  heard = listeners;
  byId("measure-find").onclick = find;
  byId("measure-text").onkeydown = (event) => { if (event.key === "Enter") { event.preventDefault(); find(); } };
  byId("measure-choices").onchange = kinds;
  byId("measure-kind").onchange = fields;
  byId("measure-close").onclick = () => dialog.close();
  form.oninput = () => { say(""); for (const node of form.querySelectorAll("[aria-invalid]")) node.removeAttribute("aria-invalid"); };
  form.onsubmit = (event) => { event.preventDefault(); save(); };
}

/** Open the form for elements that are known: one, or those near a place on the map; without, it begins with the search. */
export function open(found = []) {
  form.reset();
  say("");
  byId("measure-when").value = local(new Date());
  byId("measure-when").max = local(new Date());
  show(found, "");
  if (!dialog.open) dialog.showModal();
  (found.length ? byId("measure-kind") : byId("measure-text")).focus();
}

/** Open it for what is near a spot of the map. */
export async function openNear([lon, lat]) {
  const { elements: near } = await answered(await fetch(`api/measurable?lon=${lon.toFixed(6)}&lat=${lat.toFixed(6)}`));
  open(near);
}

async function find() {
  const text = byId("measure-text").value.trim();
  if (!text) return;
  try {
    const { elements: found } = await answered(await fetch(`api/measurable?${new URLSearchParams({ text })}`));
    show(found, found.length ? "" : t("Nothing has that name."));
    byId("measure-choices").querySelector("input")?.focus();
  } catch (error) {
    say(error.message);
  }
}

function show(found, none) {
  elements = found;
  byId("measure-elements").hidden = !found.length && !none;
  const rows = found.map((one, at) => el("label", { className: "choice" },
    el("input", { type: "radio", name: "element", value: one.element, checked: at === 0, required: true }),
    el("span", {}, label(one), " ", el("small", {}, one.element.split(":").slice(1).join(":")), one.metres ? el("small", {}, " ", t("{n} m away", { n: number(Math.round(one.metres)) })) : null)));
  byId("measure-choices").replaceChildren(...(rows.length ? rows : [el("p", { className: "none" }, none)]));
  kinds();
}

function label(one) {
  const [kind, ...rest] = one.element.split(":");
  const what = kind === "facility" ? word("service", one.kind) : called("element", one.kind);
  return `${what} · ${(boot.lang === "zh" && one.name_zh) || one.name || rest.join(":")}`;
}

const chosen = () => elements.find((one) => one.element === form.elements.element?.value) ?? elements[0];

/** What can be measured of the chosen element. */
function kinds() {
  const one = chosen(), of = one?.element.split(":")[0];
  const names = Object.entries(boot.measurements).filter(([, kind]) => kind.element === of && (!kind.edges.length || kind.edges.includes(one.kind))).map(([name]) => name);
  byId("measure-kind").replaceChildren(...names.map((name) => el("option", { value: name }, called("measurement", name))));
  byId("measure-kind").disabled = !names.length;
  fields();
}

/** A number with its unit, or one of some words. */
function fields() {
  const kind = boot.measurements[byId("measure-kind").value];
  const has = kind?.words.length > 0;
  byId("measure-number").hidden = has;
  byId("measure-said").hidden = !has;
  byId("measure-unit").replaceChildren(...(kind?.units ?? []).map((unit) => el("option", { value: unit }, called("measured_unit", unit))));
  byId("measure-word").replaceChildren(...(kind?.words ?? []).map((one) => el("option", { value: one }, called("value", one))));
}

function say(text) {
  byId("measure-error").textContent = text;
}

/** Read the form; gives null and says what is missing. */
function read() {
  const one = chosen(), kind = boot.measurements[byId("measure-kind").value];
  if (!one || !kind) return missing("measure-text", t("Choose what is measured."));
  const said = byId("measure-when").value, when = said ? fromLocal(said) : new Date(NaN);
  if (Number.isNaN(when.getTime())) return missing("measure-when", t("Say when it was measured."));
  const found = { element: one.element, kind: byId("measure-kind").value, measured_at: when.toISOString(), note: byId("measure-note").value };
  if (kind.words.length) return { ...found, word: byId("measure-word").value };
  const text = byId("measure-value").value.trim();
  if (!NUMBER.test(text)) return missing("measure-value", t("Write the value as a number, such as 84 or 1.2."));
  return { ...found, value: Number(text.replace(",", ".")), unit: byId("measure-unit").value };
}

function missing(id, text) {
  byId(id).setAttribute("aria-invalid", "true");
  byId(id).focus();
  say(text);
  return null;
}

async function save() {
  const entered = read();
  if (!entered) return;
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  say("");
  try {
    const file = byId("measure-photo").files[0];
    const photo = file ? await send(file) : null;
    const headers = { "Content-Type": "application/json", "Idempotency-Key": newKey() };
    const line = await answered(await fetch("api/measurements", { method: "POST", headers, body: JSON.stringify({ ...entered, ...(photo ? { photo } : {}) }) }));
    dialog.close();
    heard.saved(line);
  } catch (error) {
    say(error.message);
  } finally {
    button.disabled = false;
  }
}

/** Send a photo, made smaller here where the browser can, and give its hash. */
async function send(file) {
  const kept = await answered(await fetch("api/photos", { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: (await smaller(file)) ?? file }));
  return kept.photo;
}

async function smaller(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
    const canvas = el("canvas", { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  } catch {
    return null; // the server says what it is
  }
}
