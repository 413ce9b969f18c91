// The audit: who did what, sealed in a chain.

import { el } from "../dom.js";
import { boot, t } from "../text.js";
import { button, choice, field, head, marked, moment, paged, said, table } from "./kit.js";

/** Show the tab. */
export async function show(panel) {
  const list = el("div", {}), chain = el("div", {});
  let timer = 0, rows = [];
  const actor = el("input", { type: "search", maxLength: 80, oninput: () => { clearTimeout(timer); timer = setTimeout(load, 300); } });
  const event = choice([["", t("all")], ...Object.entries(boot.more_words.event)], "", () => load());
  head(panel, t("Audit log"), t("Who signed in, who changed what, who read what is protected. Entries are only ever added, each sealed with the one before it."), button(t("Check again"), () => load()));
  panel.append(chain, el("form", { className: "filters", role: "search", onsubmit: (submitted) => submitted.preventDefault() }, field(t("Account"), actor, t("the whole name")), field(t("Event"), event)), list);

  async function load() {
    rows = [];
    const query = new URLSearchParams({ limit: 100 });
    if (actor.value.trim()) query.set("actor", actor.value.trim());
    if (event.value) query.set("event", event.value);
    await paged(`api/audit?${query}`, "entries", (page, data) => {
      rows = [...rows, ...page];
      chain.replaceChildren(el("div", { className: `verdict-box ${data.holds ? "yes" : "no"}`, role: data.holds ? "status" : "alert" },
        el("strong", {}, data.holds ? marked("●", t("The chain holds: no entry was changed, removed or put in")) : marked("▲", t("The chain is broken"))),
        ...data.broken.map((one) => el("p", {}, t("Entry {n}: {why}", { n: one.id, why: one.why }))),
        data.head ? el("p", { className: "quiet" }, t("Keep this elsewhere, and check later that the end was not cut off:"), " ", el("code", { className: "seal" }, data.head)) : null));
      list.replaceChildren(table({ caption: t("{n} entries shown, the newest first", { n: rows.length }), rows, empty: t("No entry is so."), columns: [
        { title: t("Number"), cell: (row) => String(row.id) },
        { title: t("At what time"), cell: (row) => moment(row.at) },
        { title: t("Account"), cell: (row) => [el("strong", {}, row.actor), el("small", { className: "quiet" }, ` ${said("who", row.role)}`)] },
        { title: t("Event"), cell: (row) => said("event", row.event) },
        { title: t("Details"), wide: true, cell: (row) => Object.entries(row.detail).map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join(" · ") || "–" },
      ] }));
    }, list);
  }
  await load();
  return () => clearTimeout(timer);
}
