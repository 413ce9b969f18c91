// Mappings: the list, and the editor with what it would read of the last messages.

import { byId, el } from "../dom.js";
import { address } from "../store.js";
import { number, t } from "../text.js";
import { ask, attempt, button, confirmed, field, head, marked, may, moment, paged, payload, said, sheet, table, tell, warn } from "./kit.js";

const TRY_MS = 350;
const NEW = 'topic = "linli/v1/{device}/up/state"\nthing_key = "{device}"\n\n[time]\npath = "$.ts"\nformat = "epoch_s"\n\n[[points]]\nproperty = "temperature"\npath = "$.temperature"\n';

/** Show the tab: the editor where the address names a mapping or a message, else the list. */
export async function show(panel) {
  const id = address.get("mapping"), message = address.get("message");
  if (id !== null || message !== null) return edit(panel, id, message);
  const list = el("div", {});
  let rows = [];
  head(panel, t("Mappings"), t("How plain JSON of any shape is read. What is saved here is read by at once, before the subscriptions of the settings; nothing has to be restarted."),
    may("integrator") ? button(t("New mapping"), () => go({ mapping: "new" }), { className: "main-act" }) : null);
  panel.append(list);
  await paged("api/mappings?limit=100", "mappings", (page) => {
    rows = [...rows, ...page];
    list.replaceChildren(table({ caption: t("{n} mappings", { n: rows.length }), rows, empty: t("There is none yet: look at a message in the quarantine and write one for it."), columns: [
      { title: t("Mapping"), cell: (row) => el("strong", {}, row.name) },
      { title: t("Topics"), wide: true, cell: (row) => el("code", {}, row.filter ?? "–") },
      { title: t("State"), cell: (row) => (row.problem ? marked("▲", row.problem) : row.enabled ? marked("●", t("in use")) : marked("○", t("off"))) },
      { title: t("Changed"), cell: (row) => [moment(row.at), el("small", { className: "quiet" }, ` ${row.actor}`)] },
      { title: t("Why"), wide: true, cell: (row) => row.reason },
      { title: t("What to do"), cell: (row) => el("div", { className: "acts" }, may("integrator") ? button(t("Edit"), () => go({ mapping: row.id }), { "aria-label": `${t("Edit")}: ${row.name}` }) : null,
        button(t("History"), () => past(row), { "aria-label": `${t("History")}: ${row.name}` })) },
    ] }));
  }, list);
  return undefined;
}

const go = (where) => dispatchEvent(new CustomEvent("linli:open", { detail: { tab: "mappings", mapping: null, message: null, ...where } }));

const past = (row) => attempt(async () => {
  const { data } = await ask(`api/mappings/${row.id}/history`);
  sheet(t("History of {name}", { name: row.name }), () => data.history.map((one) => el("details", { className: "past" },
    el("summary", {}, moment(one.at), ` · ${one.actor} · ${one.reason}`), el("pre", { tabIndex: 0 }, one.text))));
});

async function edit(panel, id, message) {
  const old = id !== null && id !== "new" ? await ask(`api/mappings/${id}`) : null;
  const begun = old ? old.data.text : message === null ? NEW : await drafted(message);
  const name = el("input", { maxLength: 80, required: true, value: old?.data.name ?? "" });
  const why = el("input", { maxLength: 200 });
  const enabled = el("input", { type: "checkbox", checked: old?.data.enabled ?? true, id: "mapping-enabled" });
  const text = el("textarea", { className: "code", rows: 17, spellcheck: false, value: begun, wrap: "off", autocapitalize: "off", oninput: () => { clearTimeout(timer); timer = setTimeout(preview, TRY_MS); } });
  text.setAttribute("aria-describedby", "mapping-problem");
  const problem = el("p", { id: "mapping-problem", className: "problem", role: "alert" }), seen = el("div", { className: "previews" });
  const numbers = el("pre", { className: "lines", "aria-hidden": "true" });
  let timer = 0, mine = 0;
  head(panel, old ? t("Edit {name}", { name: old.data.name }) : t("New mapping"), t("The preview shows what it would read of the last messages that were set aside on its topics, and what ingest would do with each reading now."),
    button(t("All mappings"), () => go({})));
  const save = el("button", { type: "submit", className: "main-act" }, t("Save: read by it"));
  const remove = old ? button(t("Remove"), gone) : null;
  panel.append(el("form", { className: "editor", onsubmit: (event) => { event.preventDefault(); store(); } },
    el("div", { className: "writing" }, el("div", { className: "pair" }, field(t("Its name"), name), field(t("Why"), why, t("goes into the history"))),
      el("div", { className: "code-frame" }, numbers, el("div", { className: "field" }, el("label", { htmlFor: "mapping-text" }, t("Mapping, as TOML")), Object.assign(text, { id: "mapping-text" }))),
      problem, el("label", { className: "check", htmlFor: "mapping-enabled" }, enabled, t("in use")), el("div", { className: "acts" }, save, remove)),
    el("section", { className: "reading", "aria-label": t("What it would read") }, el("h3", {}, t("What it would read")), seen)));
  text.addEventListener("scroll", () => { numbers.scrollTop = text.scrollTop; });
  text.addEventListener("keydown", (event) => { if (event.key === "Escape") save.focus(); });

  async function preview() {
    const asked = ++mine;
    const { data } = await ask("api/mappings/preview", { method: "POST", body: { text: text.value } });
    if (asked !== mine) return;
    lines(data.problem?.line);
    problem.textContent = data.problem ? marked("▲", [t("Line {n}", { n: data.problem.line }), data.problem.reason].join(": ")) : "";
    text.setAttribute("aria-invalid", String(Boolean(data.problem)));
    if (data.problem) return;
    seen.replaceChildren(el("p", { className: "quiet" }, t("Topics: {filter}", { filter: data.filter })),
      ...(data.messages.length ? data.messages.map(message_) : [el("p", { className: "none" }, t("Nothing of these topics is in the quarantine."))]));
  }

  function lines(wrong) {
    const count = text.value.split("\n").length;
    numbers.replaceChildren(...Array.from({ length: count }, (_, at) => el("span", { className: at + 1 === wrong ? "wrong" : "" }, `${at + 1 === wrong ? "▲" : ""}${at + 1}\n`)));
  }

  async function store() {
    const body = { name: name.value.trim(), text: text.value, enabled: enabled.checked, reason: why.value.trim() };
    if (!body.name) { warn(t("Give it a name.")); name.focus(); return; }
    try {
      const { data } = old ? await ask(`api/mappings/${id}`, { method: "PUT", body, etag: old.etag }) : await ask("api/mappings", { method: "POST", body });
      await kept(data);
    } catch (error) {
      warn(error.message);
    }
  }

  async function kept(data) {
    await show_again(data);
    tell(data.enabled ? t("{name} is saved and read by. What waits in the quarantine can be tried again.", { name: data.name }) : t("{name} is saved, and off.", { name: data.name }));
  }

  async function show_again(data) {
    address.set({ mapping: data.id, message: null });
    await edit(panel, String(data.id), null);
    byId("told").after(el("p", { className: "acts" }, button(t("Try again what waits on these topics"), () => dispatchEvent(new CustomEvent("linli:open", { detail: { tab: "quarantine", mapping: null, message: null, search: common(data.filter) } })))));
  }

  async function gone() {
    if (!(await confirmed(t("Remove {name}?", { name: old.data.name }), t("Messages on its topics will be set aside again. Its history stays."), t("Remove")))) return;
    await attempt(async () => {
      await ask(`api/mappings/${id}`, { method: "DELETE", etag: old.etag });
      go({});
    });
  }

  lines();
  await preview();
  return () => clearTimeout(timer);
}

async function drafted(message) {
  try {
    return (await ask("api/mappings/draft", { method: "POST", body: { message: Number(message) } })).data.text;
  } catch (error) {
    warn(error.message);
    return NEW;
  }
}

/** The longest beginning of a filter that every topic of it has. */
const common = (filter) => filter.split(/[+#]/)[0];

function message_(one) {
  return el("article", { className: "preview" }, el("h4", {}, el("code", {}, one.topic)), payload(one.payload),
    one.refusal ? el("p", { className: "verdict no" }, `▲ ${said("reason", one.refusal.code)}: `, el("span", { lang: "en" }, one.refusal.reason))
      : one.readings.length ? el("table", { className: "rows small", role: "table" }, el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...[t("Device"), t("Property"), t("Value"), t("Measured at"), t("Then")].map((title) => el("th", { scope: "col", role: "columnheader" }, title)))),
        el("tbody", { role: "rowgroup" }, ...one.readings.map(reading))) : el("p", { className: "verdict" }, t("No readings in this message.")));
}

function reading(one) {
  const value = one.value === null ? one.text ?? t("not a number") : `${number(one.value)} ${one.unit ?? ""}`;
  const then = one.verdict === "stored" ? el("span", { className: "verdict yes" }, marked("●", t("stored"))) : one.verdict === "ignored" ? t("not stored: nobody asked for it")
    : el("span", { className: "verdict no", title: one.why }, `▲ ${said("reason", one.verdict)}`, el("small", { lang: "en" }, one.why));
  const cells = [[t("Device"), one.thing_key], [t("Property"), one.property], [t("Value"), value], [t("Measured at"), moment(one.measured_at)], [t("Then"), then]];
  return el("tr", { role: "row" }, ...cells.map(([label, content]) => el("td", { role: "cell", "data-label": label }, content)));
}
