// What was set aside: payload, reason, and "try again" after something was mended.

import { el } from "../dom.js";
import { address } from "../store.js";
import { number, t } from "../text.js";
import { ask, attempt, button, choice, field, head, moment, paged, payload, said, sheet, table, tell, warn } from "./kit.js";

const WAIT_MS = 400, PATIENCE_MS = 12000;

/** Show the tab. */
export async function show(panel) {
  const wanted = { reason: address.get("reason") ?? "", search: address.get("search") ?? "" };
  const list = el("div", {}), work = el("div", { role: "status", "aria-live": "polite" });
  const search = el("input", { type: "search", maxLength: 200, value: wanted.search, oninput: () => { clearTimeout(timer); timer = setTimeout(() => change({ search: search.value.trim() }), 250); } });
  const reason = choice([["", t("all")]], "", () => change({ reason: reason.value }));
  const all = button(t("Try all of this reason again"), () => retry({ reason: wanted.reason }), { className: "main-act", hidden: true });
  let timer = 0, rows = [], left = false;
  head(panel, t("Quarantine"), t("What could not be taken, kept as it came. After a mapping was mended or a device enrolled, try it again: it is stored with its own time."), all);
  panel.append(el("form", { className: "filters", role: "search", onsubmit: (event) => event.preventDefault() }, field(t("Search"), search, t("topic, device or property")), field(t("Reason"), reason)), work, list);

  async function change(more) {
    Object.assign(wanted, more);
    address.set({ reason: wanted.reason || null, search: wanted.search || null });
    const { data } = await ask("api/quarantine/reasons");
    reason.replaceChildren(el("option", { value: "" }, t("all")), ...data.reasons.map((one) => el("option", { value: one.reason_code }, `${said("reason", one.reason_code)} (${number(one.count)})`)));
    reason.value = data.reasons.some((one) => one.reason_code === wanted.reason) ? wanted.reason : "";
    wanted.reason = reason.value;
    all.hidden = !wanted.reason;
    rows = [];
    const query = new URLSearchParams({ limit: 50 });
    for (const name of ["reason", "search"]) if (wanted[name]) query.set(name, wanted[name]);
    await paged(`api/quarantine/messages?${query}`, "messages", draw, list);
  }

  function draw(page) {
    rows = [...rows, ...page];
    list.replaceChildren(table({ caption: t("{n} kinds of refusal shown, the last seen first", { n: rows.length }), rows, empty: t("Nothing is set aside."), columns: [
      { title: t("Topic"), wide: true, cell: (row) => [el("code", {}, row.topic), row.thing_key ? el("small", { className: "quiet" }, `${row.thing_key} · ${row.property ?? ""}`) : null] },
      { title: t("Reason"), wide: true, cell: (row) => [el("strong", {}, said("reason", row.reason_code)), el("small", { className: "quiet", lang: "en" }, row.reason)] },
      { title: t("Read by"), cell: (row) => row.format ?? t("nobody") },
      { title: t("First"), cell: (row) => moment(row.first_seen) },
      { title: t("Last"), cell: (row) => moment(row.last_seen) },
      { title: t("Count"), number: true, cell: (row) => number(row.count) },
      { title: t("What to do"), cell: (row) => el("div", { className: "acts" },
        button(t("Look"), () => look(row.id), { "data-key": `look-${row.id}`, "aria-label": `${t("Look")}: ${row.topic}` }),
        row.can_retry ? button(t("Try again"), () => retry({ message: row.id }), { "data-key": `again-${row.id}`, "aria-label": `${t("Try again")}: ${row.topic}` }) : el("small", { className: "quiet" }, t("not kept whole"))) },
    ] }));
  }

  const look = (id) => attempt(async () => {
    const { data: row } = await ask(`api/quarantine/messages/${id}`);
    sheet(row.topic, (close) => [
      el("p", {}, el("strong", {}, said("reason", row.reason_code)), " ", el("span", { lang: "en", className: "quiet" }, row.reason)),
      payload(row.payload),
      el("dl", { className: "facts" }, ...[[t("Read by"), row.format ?? t("nobody")], [t("First"), moment(row.first_seen)], [t("Last"), moment(row.last_seen)], [t("Count"), number(row.count)], [t("Measured at"), moment(row.measured_at)]].flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
      el("div", { className: "acts" },
        row.payload.text === null ? null : button(t("Write a mapping for it"), () => { close(); dispatchEvent(new CustomEvent("linli:open", { detail: { tab: "mappings", message: id, mapping: null, reason: null, search: null } })); }, { className: "main-act" }),
        row.can_retry ? button(t("Try again"), () => { close(); retry({ message: id }); }) : null)]);
  });

  const retry = (body) => attempt(async () => {
    const { data } = await ask("api/quarantine/retries", { method: "POST", body });
    const begun = Date.now();
    let job = data;
    while (!left && !job.ended_at) {
      work.replaceChildren(el("p", { className: "told" }, Date.now() - begun > PATIENCE_MS ? t("Ingest has not taken it up yet: does it run? It will be done when it does.") : t("Trying again: {n} done …", { n: job.tried })));
      if (Date.now() - begun > PATIENCE_MS) break;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      job = (await ask(`api/quarantine/retries/${job.id}`)).data;
    }
    if (left || !job.ended_at) return;
    const words = t("Tried {tried}: {stored} stored, {duplicate} there already, {refused} refused again.", { tried: number(job.tried), stored: number(job.stored), duplicate: number(job.duplicate), refused: number(job.refused + job.not_retried) });
    work.replaceChildren(...(job.why ? [el("p", { className: "quiet", lang: "en" }, job.why)] : []));
    if (job.stored + job.duplicate) tell(words);
    else warn(words);
    await change({});
  });

  await change({});
  return () => { left = true; clearTimeout(timer); };
}
