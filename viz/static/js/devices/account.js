// The ingest account: all that came is stored, there already, or set aside. A difference is an alarm.

import { el } from "../dom.js";
import { number, t } from "../text.js";
import { ask, button, choice, field, head, marked, moment, paged, table } from "./kit.js";

const source = (row) => (row.source.endsWith("unknown") ? t("without a decoder") : row.source);

/** Show the tab. */
export async function show(panel) {
  const hours = choice([[1, t("the last hour")], [3, t("the last 3 hours")], [24, t("the last day")], [168, t("the last week")]], "3", load);
  const verdict = el("div", {}), sums = el("div", {}), minutes = el("div", {});
  head(panel, t("Ingest account"), t("Received = stored + there already + set aside. What a broker still holds is not received yet; linli takes a message and accounts for it in one transaction, so nothing is pending here."),
    button(t("Look again"), load));
  panel.append(el("form", { className: "filters", onsubmit: (event) => event.preventDefault() }, field(t("Since"), hours)), verdict, el("h3", {}, t("By source")), sums, el("h3", {}, t("By minute")), minutes);
  let rows = [];

  async function load() {
    const { data } = await ask(`api/account/balance?hours=${hours.value}`);
    verdict.replaceChildren(el("div", { className: `verdict-box ${data.is_true ? "yes" : "no"}`, role: data.is_true ? "status" : "alert" },
      el("strong", {}, data.is_true ? marked("●", t("The account adds up")) : marked("▲", t("The account does not add up"))),
      el("dl", { className: "facts" }, ...[[t("Stored, by the account"), data.stored], [t("Stored, counted in the tables"), data.stored_in_tables], [t("Set aside, by the account"), data.quarantined], [t("Set aside, counted in the quarantine"), data.quarantined_in_tables]]
        .flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, number(value))]))));
    sums.replaceChildren(table({ caption: t("Readings by the format that read them"), rows: data.sources, empty: t("Nothing has come."), columns: columns({ title: t("Source"), cell: (row) => el("strong", {}, source(row)) }, (row) => row.received - row.stored - row.duplicate - row.quarantined) }));
    rows = [];
    await paged(`api/account/minutes?hours=${hours.value}&limit=60`, "minutes", (page) => {
      rows = [...rows, ...page];
      minutes.replaceChildren(table({ caption: t("{n} rows, the newest minute first", { n: rows.length }), rows, empty: t("Nothing has come."), columns: columns({ title: t("Minute"), cell: (row) => [moment(row.minute), el("small", { className: "quiet" }, " ", source(row))] }, (row) => row.difference) }));
    }, minutes);
  }
  await load();
}

function columns(first, difference) {
  const count = (title, name) => ({ title, number: true, cell: (row) => number(row[name]) });
  return [first, count(t("Messages"), "messages"), count(t("Received"), "received"), count(t("Stored"), "stored"), count(t("There already"), "duplicate"), count(t("Of these another value"), "conflict"), count(t("Set aside"), "quarantined"),
    { title: t("Difference"), number: true, cell: (row) => (difference(row) ? el("strong", { className: "verdict no" }, `▲ ${number(difference(row))}`) : "0") }];
}
