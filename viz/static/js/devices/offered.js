// Devices that described themselves: to enrol, or to refuse.

import { el } from "../dom.js";
import { boot, list as joined, t } from "../text.js";
import { ask, attempt, button, choice, field, head, may, moment, paged, sheet, table, tell } from "./kit.js";

const says = (row) => joined(Object.entries(row.properties).map(([name, one]) => `${name}${one.unit ? ` [${one.unit}]` : ""}`));

/** Show the tab. */
export async function show(panel) {
  const offered = el("div", {}), refused = el("div", {});
  head(panel, t("Offered devices"), t("Devices that say what they measure and that nobody has enrolled. None is ever enrolled by itself."));
  panel.append(offered, el("h3", {}, t("Refused")), refused);
  let rows = [], gone = [];

  const columns = (act) => [
    { title: t("Device"), cell: (row) => [el("strong", {}, row.key), el("small", { className: "quiet" }, row.format)] },
    { title: t("Measures"), wide: true, cell: says },
    { title: t("Topic"), wide: true, cell: (row) => el("code", {}, row.topic) },
    { title: t("Last seen"), cell: (row) => moment(row.last_seen) },
    ...(may("integrator") ? [{ title: t("What to do"), cell: act }] : []),
  ];
  const send = (row, what) => attempt(async () => {
    await ask(`api/offers/${encodeURIComponent(row.key)}/${what}`, { method: "POST", body: { format: row.format } });
    tell(what === "refuse" ? t("{key} is not offered any more.", { key: row.key }) : t("{key} is offered again.", { key: row.key }));
    await load();
  });

  async function load() {
    rows = [];
    gone = [];
    await paged("api/devices/offered?limit=100", "devices", (page) => {
      rows = [...rows, ...page];
      offered.replaceChildren(table({ caption: t("{n} offered", { n: rows.length }), rows, empty: t("No device is offered."), columns: columns((row) => el("div", { className: "acts" },
        button(t("Enrol"), () => enrol(row, load), { className: "main-act", "aria-label": `${t("Enrol")}: ${row.key}` }),
        button(t("Refuse"), () => send(row, "refuse"), { "aria-label": `${t("Refuse")}: ${row.key}` }))) }));
    }, offered);
    await paged("api/offers/refused?limit=100", "devices", (page) => {
      gone = [...gone, ...page];
      refused.replaceChildren(table({ caption: t("{n} refused", { n: gone.length }), rows: gone, empty: t("None was refused."), columns: columns((row) => button(t("Offer again"), () => send(row, "reconsider"), { "aria-label": `${t("Offer again")}: ${row.key}` })) }));
    }, refused);
  }
  await load();
}

function enrol(row, done) {
  const kind = choice(Object.entries(boot.words.thing_kind), "climate");
  const name = el("input", { maxLength: 200, value: row.key }), zh = el("input", { maxLength: 200 });
  const watches = el("input", { maxLength: 200 }), lon = el("input", { inputMode: "decimal" }), lat = el("input", { inputMode: "decimal" });
  const datum = choice(["WGS84", "CGCS2000", "GCJ-02", "BD-09"].map((term) => [term, term]), "WGS84");
  const wrong = el("p", { className: "problem", role: "alert" });
  sheet(t("Enrol {key}", { key: row.key }), (close) => [el("form", { onsubmit: async (event) => {
    event.preventDefault();
    const body = { kind: kind.value, format: row.format, name: name.value.trim() || null, name_zh: zh.value.trim() || null };
    if (watches.value.trim()) body.watches = watches.value.trim();
    if (lon.value.trim() || lat.value.trim()) Object.assign(body, { lon: Number(lon.value), lat: Number(lat.value), datum: datum.value });
    try {
      await ask(`api/offers/${encodeURIComponent(row.key)}/enrol`, { method: "POST", body });
      close();
      tell(t("{key} is enrolled. What it sent until now waits in the quarantine to be tried again.", { key: row.key }));
      await done();
    } catch (error) {
      wrong.textContent = error.message;
    }
  } }, el("p", { className: "quiet" }, `${says(row)} · ${row.topic}`), field(t("Type"), kind), field(t("Its name"), name), field(t("Name in Chinese"), zh),
    field(t("Watches"), watches, t("What it watches, such as edge:n12; it stands there then.")),
    el("div", { className: "pair" }, field(t("Longitude"), lon), field(t("Latitude"), lat), field(t("Datum"), datum)), wrong,
    el("div", { className: "acts" }, el("button", { type: "submit", className: "main-act" }, t("Enrol"))))]);
}
