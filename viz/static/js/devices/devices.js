// How every device is: when it was last seen, what it missed, battery, signal, clock.

import { el } from "../dom.js";
import { address } from "../store.js";
import { age, boot, named, number, t, word } from "../text.js";
import { choice, field, head, moment, paged, said, table } from "./kit.js";

const STATES = ["ok", "unknown", "never_seen"];
const MARK = { ok: "●", unknown: "▲", never_seen: "○" };
const known = (value, write) => (value === null ? "–" : write(value));

const COLUMNS = [
  { title: t("Device"), sort: "key", cell: (row) => [el("strong", {}, named(row)), el("small", { className: "quiet" }, `${row.key} · ${row.format}`)] },
  { title: t("Type"), cell: (row) => word("thing_kind", row.kind) },
  { title: t("State"), cell: (row) => el("span", { className: `health health-${row.state}` }, `${MARK[row.state]} ${said("health", row.state)}`) },
  { title: t("Last seen"), sort: "last_seen", cell: (row) => moment(row.last_seen) },
  { title: t("Every"), number: true, cell: (row) => age(row.interval_s) },
  { title: t("Missed"), sort: "missed", number: true, cell: (row) => known(row.missed, (n) => t("{n} of {all}", { n: number(n), all: number(row.expected) })) },
  { title: t("Battery"), sort: "battery", number: true, cell: (row) => known(row.battery, (n) => `${number(Math.round(n))} %`) },
  { title: t("Signal"), sort: "rssi", number: true, cell: (row) => known(row.rssi, (n) => `${number(Math.round(n))} dBm`) },
  { title: t("Clock"), sort: "clock_skew_s", number: true, cell: (row) => known(row.clock_skew_s, (n) => `${n > 0 ? "+" : ""}${number(Math.round(n * 10) / 10)} s`) },
  { title: t("Out of order"), sort: "out_of_order", number: true, cell: (row) => number(row.out_of_order) },
  { title: t("Twice"), sort: "duplicate", number: true, cell: (row) => number(row.duplicate) },
  { title: t("Set aside"), sort: "quarantined", number: true, cell: (row) => number(row.quarantined) },
];

/** Show the tab. */
export async function show(panel) {
  const wanted = { state: address.get("state") ?? "", kind: address.get("kind") ?? "", search: address.get("search") ?? "", sort: "key", descending: false };
  const search = el("input", { type: "search", value: wanted.search, maxLength: 200, oninput: () => { clearTimeout(timer); timer = setTimeout(() => change({ search: search.value.trim() }), 250); } });
  const state = choice([["", t("all")], ...STATES.map((term) => [term, said("health", term)])], wanted.state, () => change({ state: state.value }));
  const kind = choice([["", t("all")], ...Object.entries(boot.words.thing_kind)], wanted.kind, () => change({ kind: kind.value }));
  const list = el("div", {}), counted = el("p", { className: "totals", role: "status" });
  let timer = 0, rows = [];
  head(panel, t("Devices"), t("What has come from each device, and what should have. A device is silent after three intervals without a reading."));
  panel.append(el("form", { className: "filters", role: "search", onsubmit: (event) => event.preventDefault() }, field(t("Search"), search), field(t("State"), state), field(t("Type"), kind)), counted, list);

  async function change(more) {
    Object.assign(wanted, more);
    address.set({ state: wanted.state || null, kind: wanted.kind || null, search: wanted.search || null });
    rows = [];
    const query = new URLSearchParams({ limit: 100, sort: wanted.sort, descending: wanted.descending });
    for (const name of ["state", "kind", "search"]) if (wanted[name]) query.set(name, wanted[name]);
    await paged(`api/devices/health?${query}`, "devices", draw, list);
  }

  function draw(page, data) {
    rows = [...rows, ...page];
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    counted.replaceChildren(el("span", {}, t("{n} devices", { n: number(data.total) })), ...STATES.filter((term) => data.states[term]).map((term) => el("span", { className: `health health-${term}` }, `${MARK[term]} ${said("health", term)}: ${number(data.states[term])}`)));
    list.replaceChildren(table({ caption: t("{n} of {all} shown", { n: rows.length, all: data.total }), columns: COLUMNS, rows, order: wanted, empty: t("No device is so."),
      sorting: (by) => change({ sort: by, descending: by === wanted.sort && !wanted.descending }) }));
    if (focused) list.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  await change({});
  return () => clearTimeout(timer);
}
