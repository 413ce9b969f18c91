// Accounts: who may sign in, and as what. For the administrator; the security auditor looks on.

import { el } from "../dom.js";
import { boot, list as joined, named, t } from "../text.js";
import { ask, attempt, button, choice, confirmed, field, head, marked, may, moment, paged, said, secret, sheet, table, tell } from "./kit.js";

/** Show the tab. */
export async function show(panel) {
  const list = el("div", {}), rules = may("administrator");
  const grids = rules ? (await ask("api/users/grids")).data.grids : [];
  const names = new Map(grids.map((grid) => [grid.id, named(grid) || grid.code]));
  let rows = [];
  head(panel, t("Accounts"), t("One account has one role. The administrator keeps accounts and sees no readings; the security auditor sees who did what and changes nothing."),
    rules ? button(t("New account"), () => make(), { className: "main-act" }) : null);
  panel.append(list);

  async function load() {
    rows = [];
    await paged("api/users?limit=200", "users", (page) => {
      rows = [...rows, ...page];
      list.replaceChildren(table({ caption: t("{n} accounts", { n: rows.length }), rows, columns: [
        { title: t("Account"), cell: (row) => el("strong", {}, row.name) },
        { title: t("Role"), cell: (row) => said("role", row.role) },
        { title: t("Grids"), wide: true, cell: (row) => (row.grids.length ? joined(row.grids.map((id) => names.get(id) ?? String(id))) : "–") },
        { title: t("State"), cell: (row) => (row.disabled ? marked("○", t("locked by the administrator")) : row.locked_until ? [marked("▲", t("locked after wrong passwords until")), " ", moment(row.locked_until)] : marked("●", t("may sign in"))) },
        ...(rules ? [{ title: t("What to do"), cell: acts }] : []),
      ] }));
    }, list);
  }

  const acts = (row) => el("div", { className: "acts" },
    button(t("Edit"), () => edit(row), { "aria-label": `${t("Edit")}: ${row.name}` }),
    button(row.disabled ? t("Unlock") : t("Lock"), () => lock(row), { "aria-label": `${row.disabled ? t("Unlock") : t("Lock")}: ${row.name}` }),
    button(t("New password"), () => reset(row), { "aria-label": `${t("New password")}: ${row.name}` }),
    button(t("End sessions"), () => revoke(row), { "aria-label": `${t("End sessions")}: ${row.name}` }));

  const at = (row) => `api/users/${encodeURIComponent(row.name)}`;
  const lock = (row) => attempt(async () => {
    if (!row.disabled && !(await confirmed(t("Lock {name}?", { name: row.name }), t("Its sessions and tokens end at once."), t("Lock")))) return;
    await ask(at(row), { method: "PATCH", body: { disabled: !row.disabled } });
    await load();
    tell(row.disabled ? t("{name} may sign in again.", { name: row.name }) : t("{name} is locked.", { name: row.name }));
  });
  const reset = (row) => attempt(async () => {
    if (!(await confirmed(t("A new password for {name}?", { name: row.name }), t("Its sessions and tokens end at once."), t("New password")))) return;
    const { data } = await ask(`${at(row)}/password`, { method: "POST" });
    secret(t("New password"), [[t("Account"), data.name], [t("Password"), data.password]]);
  });
  const revoke = (row) => attempt(async () => {
    const { data } = await ask(`${at(row)}/revoke`, { method: "POST" });
    tell(t("{n} sessions and tokens of {name} have ended.", { n: data.ended, name: row.name }));
  });

  function parts(role, chosen) {
    const boxes = grids.map((grid) => el("input", { type: "checkbox", value: String(grid.id), id: `grid-${grid.id}`, checked: chosen.includes(grid.id) }));
    const set = el("fieldset", { className: "grids", hidden: role.value !== "grid_worker" }, el("legend", {}, t("Own grids")), ...boxes.map((box, at) => el("label", { className: "check", htmlFor: box.id }, box, ` ${named(grids[at]) || grids[at].code}`)));
    role.addEventListener("change", () => { set.hidden = role.value !== "grid_worker"; });
    return { set, chosen: () => (role.value === "grid_worker" ? boxes.filter((box) => box.checked).map((box) => Number(box.value)) : []) };
  }

  function form(title, role, chosen, extra, words, send) {
    const wrong = el("p", { className: "problem", role: "alert" }), own = parts(role, chosen);
    sheet(title, (close) => [el("form", { onsubmit: async (event) => {
      event.preventDefault();
      try {
        const after = await send(own.chosen());
        close();
        await load();
        after();
      } catch (error) {
        wrong.textContent = error.message;
      }
    } }, ...extra, field(t("Role"), role), own.set, wrong, el("div", { className: "acts" }, el("button", { type: "submit", className: "main-act" }, words)))]);
  }

  function make() {
    const name = el("input", { maxLength: 80, required: true, autocomplete: "off" }), role = choice(Object.entries(boot.more_words.role), "operator");
    form(t("New account"), role, [], [field(t("Its name"), name)], t("Make"), async (chosen) => {
      const { data } = await ask("api/users", { method: "POST", body: { name: name.value.trim(), role: role.value, grids: chosen } });
      return () => secret(t("First password"), [[t("Account"), data.name], [t("Role"), said("role", data.role)], [t("Password"), data.password]]);
    });
  }

  function edit(row) {
    const role = choice(Object.entries(boot.more_words.role), row.role);
    form(t("Edit {name}", { name: row.name }), role, row.grids, [], t("Save"), async (chosen) => {
      await ask(at(row), { method: "PATCH", body: { role: role.value, grids: chosen } });
      return () => tell(t("{name} is changed; its sessions have ended.", { name: row.name }));
    });
  }

  await load();
}
