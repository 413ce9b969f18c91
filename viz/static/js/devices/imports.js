// Imports: a file sent as a job, the receipts with the rejected rows, and to take one back.

import { el } from "../dom.js";
import { boot, number, t } from "../text.js";
import { ask, attempt, button, choice, confirmed, field, head, marked, moment, paged, said, sheet, table, tell, warn } from "./kit.js";
import { newKey } from "../keys.js";

const WAIT_MS = 700;

/** Show the tab. */
export async function show(panel) {
  const receipts = el("div", {}), jobs = el("div", { role: "status", "aria-live": "polite" });
  let left = false, rows = [];
  const kind = choice(Object.entries(boot.more_words.import), "devices");
  const datum = choice([["", t("none in the file")], ...["WGS84", "CGCS2000", "GCJ-02", "BD-09"].map((term) => [term, term])], "");
  const file = el("input", { type: "file", required: true }), partial = el("input", { type: "checkbox", id: "import-partial" });
  head(panel, t("Imports"), t("Files are checked row by row: a row that cannot be is rejected with its reason, the same file twice changes nothing, and what an import did can be taken back."));
  panel.append(el("form", { className: "filters upload", onsubmit: (event) => { event.preventDefault(); attempt(send); } },
    field(t("File"), file), field(t("What it is of"), kind), field(t("Datum of its coordinates"), datum),
    el("label", { className: "check", htmlFor: "import-partial" }, partial, t("only a part: remove nothing that is not in it")),
    el("button", { type: "submit", className: "main-act" }, t("Load"))), jobs, el("h3", {}, t("Receipts")), receipts);

  async function send() {
    const form = new FormData();
    form.set("kind", kind.value);
    if (datum.value) form.set("datum", datum.value);
    form.set("partial", partial.checked ? "yes" : "no");
    form.set("file", file.files[0]);
    const answer = await fetch("api/imports", { method: "POST", body: form, headers: { "Idempotency-Key": newKey() } });
    let job = await answer.json();
    if (!answer.ok) throw new Error(job.detail);
    while (!left && !job.ended_at) {
      jobs.replaceChildren(el("p", { className: "told" }, t("Loading {file}: {step}", { file: job.file_name, step: job.step || job.state })));
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      job = (await ask(`api/imports/${job.id}`)).data;
    }
    if (left) return;
    if (job.state === "done") {
      jobs.replaceChildren();
      tell(t("{file} is loaded.", { file: job.file_name }));
    } else {
      jobs.replaceChildren(el("div", { className: "verdict-box no" }, el("strong", {}, marked("▲", t("{file} was not loaded", { file: job.file_name }))), el("ul", {}, ...(job.refusal ?? []).map((line) => el("li", {}, line[boot.lang] ?? line.en)))));
      warn(t("{file} was not loaded", { file: job.file_name }));
    }
    await load();
  }

  async function load() {
    rows = [];
    const count = (title, name) => ({ title, number: true, cell: (row) => number(row[name]) });
    await paged("api/receipts?limit=50", "receipts", (page) => {
      rows = [...rows, ...page];
      receipts.replaceChildren(table({ caption: t("{n} imports, the latest first", { n: rows.length }), rows, empty: t("Nothing was imported yet."), columns: [
        { title: t("File"), wide: true, cell: (row) => [el("strong", {}, row.file_name || said("receipt", row.kind)), el("small", { className: "quiet" }, said("receipt", row.kind))] },
        { title: t("At what time"), cell: (row) => [moment(row.at), el("small", { className: "quiet" }, ` ${row.actor}`)] },
        count(t("Read"), "read"), count(t("Added"), "added"), count(t("Changed"), "changed"), count(t("Removed"), "removed"),
        { title: t("Rejected"), number: true, cell: (row) => (row.rejected ? el("strong", { className: "verdict no" }, `▲ ${number(row.rejected)}`) : "0") },
        { title: t("State"), cell: (row) => (row.undone_at ? marked("○", t("taken back by {who}", { who: row.undone_by })) : marked("●", t("stands"))) },
        { title: t("What to do"), cell: (row) => el("div", { className: "acts" },
          button(t("Receipt"), () => look(row), { "aria-label": `${t("Receipt")} ${row.id}: ${row.file_name || row.kind}` }),
          row.undone_at || !row.revision ? null : button(t("Take back"), () => undo(row), { "aria-label": `${t("Take back")} ${row.id}: ${row.file_name || row.kind}` })) },
      ] }));
    }, receipts);
  }

  const look = (row) => attempt(async () => {
    const { data } = await ask(`api/receipts/${row.id}`);
    sheet(t("Receipt {n}", { n: row.id }), () => data.parts.map((part) => el("section", {}, el("h3", {}, part.what),
      el("p", {}, t("{read} read, {added} added, {changed} changed, {removed} removed, {rejected} rejected", { read: number(part.read), added: number(part.added), changed: number(part.changed), removed: number(part.removed), rejected: number(part.rejected.length) })),
      part.notes?.length ? el("ul", { className: "quiet", lang: "en" }, ...part.notes.map((note) => el("li", {}, note))) : null,
      part.rejected.length ? table({ caption: t("Rejected rows"), rows: part.rejected, columns: [{ title: t("Row"), cell: (one) => one[0] }, { title: t("Reason"), wide: true, cell: (one) => el("span", { lang: "en" }, one[1]) }] }) : null)));
  });

  const undo = (row) => attempt(async () => {
    if (!(await confirmed(t("Take back what {file} did?", { file: row.file_name || said("receipt", row.kind) }), t("Everything is put back exactly as it was before. Where later changes stand on it, it is refused and they are named."), t("Take back")))) return;
    const { data } = await ask(`api/receipts/${row.id}/undo`, { method: "POST" });
    await load();
    tell(t("Taken back: {n} rows are as they were.", { n: number(Object.values(data.put_back).reduce((sum, one) => sum + one, 0)) }));
  });

  await load();
  return () => { left = true; };
}
