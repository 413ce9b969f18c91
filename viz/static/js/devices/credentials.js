// The broker's account of each device: made, renewed, withdrawn. A secret is shown once.

import { el } from "../dom.js";
import { list as joined, named, t } from "../text.js";
import { ask, attempt, button, confirmed, field, head, marked, moment, paged, secret, table, tell } from "./kit.js";

/** Show the tab. */
export async function show(panel) {
  const list = el("div", {});
  let timer = 0, rows = [];
  const search = el("input", { type: "search", maxLength: 200, oninput: () => { clearTimeout(timer); timer = setTimeout(load, 250); } });
  head(panel, t("Credentials"), t("Each device has an account of the broker of its own, and may write to its own topics alone. A lost password cannot be read again: renew it."));
  panel.append(el("form", { className: "filters", role: "search", onsubmit: (event) => event.preventDefault() }, field(t("Search"), search)), list);

  const state = (row) => (row.has_account ? marked("●", t("has an account")) : row.withdrawn_at ? marked("○", t("withdrawn")) : marked("○", t("none made here")));
  const give = (row) => attempt(async () => {
    if (row.has_account && !(await confirmed(t("Renew the password of {key}?", { key: row.key }), t("The device is put out until the new password is typed into it."), t("Renew")))) return;
    const { data } = await ask(`api/credentials/${encodeURIComponent(row.key)}`, { method: "POST" });
    await load();
    secret(t("Account of {key}", { key: row.key }), [[t("Broker"), `${data.host}:${data.port}`], [t("User name and client id"), data.username], [t("Password"), data.password], [t("May write to"), joined(data.topics)]]);
  });
  const take = (row) => attempt(async () => {
    if (!(await confirmed(t("Withdraw the account of {key}?", { key: row.key }), t("The device is put out at once, and nothing that it sends is taken."), t("Withdraw")))) return;
    await ask(`api/credentials/${encodeURIComponent(row.key)}`, { method: "DELETE" });
    await load();
    tell(t("{key} has no account any more.", { key: row.key }));
  });

  async function load() {
    rows = [];
    const query = new URLSearchParams({ limit: 100, search: search.value.trim() });
    await paged(`api/credentials?${query}`, "credentials", (page) => {
      rows = [...rows, ...page];
      list.replaceChildren(table({ caption: t("{n} devices shown", { n: rows.length }), rows, empty: t("No device is so."), columns: [
        { title: t("Device"), cell: (row) => [el("strong", {}, named(row) || row.key), el("small", { className: "quiet" }, row.key)] },
        { title: t("Topic"), wide: true, cell: (row) => (row.topic ? el("code", {}, row.topic) : t("no longer enrolled")) },
        { title: t("Account"), cell: state },
        { title: t("Made"), cell: (row) => (row.made_at ? [moment(row.made_at), el("small", { className: "quiet" }, ` ${row.made_by}`)] : "–") },
        { title: t("What to do"), cell: (row) => el("div", { className: "acts" },
          row.topic && !row.can_have ? el("small", { className: "quiet" }, t("its key cannot be a user name")) : null,
          row.topic && row.can_have ? button(row.has_account ? t("Renew") : t("Make"), () => give(row), { "aria-label": `${row.has_account ? t("Renew") : t("Make")}: ${row.key}` }) : null,
          row.has_account ? button(t("Withdraw"), () => take(row), { "aria-label": `${t("Withdraw")}: ${row.key}` }) : null) },
      ] }));
    }, list);
  }
  await load();
  return () => clearTimeout(timer);
}
