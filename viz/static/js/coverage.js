// The picker runs the coverage simulation; the answer colours the map and fills the table that says the same.

import { byId, el } from "./dom.js";
import { ageSpan, bandName } from "./losses.js";
import { address, changed, on, view } from "./store.js";
import { step } from "./styles.js";
import { named, people, percent, range, t, word } from "./text.js";

let asked = 0;

export function coverage({ covered }) {
  const form = byId("picker");
  form.onsubmit = (event) => event.preventDefault();
  form.onchange = () => address.set({ service: form.service.value, group: form.group.value, minutes: form.minutes.value });
  on(["address"], () => follow(form, covered));
  let begun = false; // the board's first coming is no change: the question is on its way already
  on(["losses"], () => {
    if (begun) run(covered);
    begun = true;
  });
  run(covered);
}

function follow(form, covered) {
  let moved = false;
  for (const name of ["service", "group", "minutes"]) {
    const value = address.get(name);
    if (!value || view.coverage?.asked[name] === value) continue;
    form[name].value = value;
    moved = true;
  }
  if (moved) run(covered);
}

async function run(covered) {
  const form = byId("picker"), mine = ++asked;
  const query = { service: form.service.value, group: form.group.value, minutes: form.minutes.value };
  const answer = await fetch(`api/coverage?${new URLSearchParams({ ...query, ...(view.at ? { at: view.at.toISOString() } : {}) })}`);
  if (mine !== asked) return; // a newer question is on its way
  if (!answer.ok) {
    byId("covered").textContent = t("Coverage could not be computed.");
    return;
  }
  view.coverage = { ...(await answer.json()), asked: query };
  draw(view.coverage, query);
  covered(view.coverage);
  changed("coverage");
}

/** One figure, or a range where what is unknown makes a difference. */
const shareRange = (row) => (percent(row.share) === percent(row.share_possible) ? percent(row.share) : t("{low} to {high}", { low: percent(row.share), high: percent(row.share_possible) }));

/** Say of whom the figure speaks: of an age group's own people, or of everybody as if they moved so. */
function who(answer) {
  const values = { people: range(answer.total.certain, answer.total.possible), all: people(answer.total.residents) };
  if (answer.if_needed) return t("{people} of all {all} residents, as if they moved so", values);
  return t("{people} of {all} residents aged {ages} reach it", { ...values, ages: ageSpan(answer.bands.map((row) => row.band)) });
}

function draw(answer, query) {
  const words = { group: word("group", query.group), service: word("service", query.service), minutes: query.minutes };
  byId("covered").replaceChildren(el("strong", {}, shareRange(answer.total)),
    who(answer));
  const head = (...names) => el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col" }, name))));
  const line = (name, row) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, people(row.residents)), el("td", {}, shareRange(row)));
  const caption = t("{service}, {group}, within {minutes} min", words);
  const bands = el("table", { className: "table" }, el("caption", {}, caption), head(t("Age"), t("Residents"), t("Covered")), el("tbody", {}, ...answer.bands.map((row) => line(bandName(row.band), row))));
  const grids = el("table", { className: "table" }, el("caption", {}, t("Grids, the least covered first")), head(t("Grid"), t("Residents"), t("Covered")),
    el("tbody", {}, ...[...answer.grids].filter((row) => row.share !== null).sort((a, b) => a.share - b.share).map((row) => line(el("span", {}, el("span", { className: `swatch r${step(row.share)}`, "aria-hidden": "true" }), named(row)), row))));
  byId("coverage").replaceChildren(bands, el("h3", {}, t("By grid")), grids);
}

export const gridRow = (id) => view.coverage?.grids.find((row) => row.id === id);
export const buildingRow = (id) => view.coverage?.buildings.find((row) => row.id === id);
export { shareRange };
