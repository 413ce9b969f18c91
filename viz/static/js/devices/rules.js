// Alarm rules: limits with hysteresis, hold and lock, severity; switched, changed, and what each was.

import { el } from "../dom.js";
import { age, boot, number, t, word } from "../text.js";
import { ask, attempt, button, choice, confirmed, field, head, marked, may, moment, paged, sheet, table, tell } from "./kit.js";

const MARK = { critical: "▲", major: "◆", notice: "●" };
const LIMITS = { above: t("Raised above"), clear_below: t("Cleared below"), below: t("Raised below"), clear_above: t("Cleared above"), intervals: t("After silent intervals"), people: t("From how many people") };
const TIMES = { within_s: t("Within, s"), hold_s: t("Held for, s"), lock_s: t("Stands at least, s"), escalate_after_s: t("Escalated after, s") };
const OF_KIND = {
  value: ["above", "clear_below", "below", "clear_above", "hold_s", "lock_s"], battery_low: ["below", "clear_above", "hold_s", "lock_s"], rate: ["above", "below", "within_s", "hold_s", "lock_s"],
  thing_silent: ["intervals"], inactive: ["below", "within_s"], service_lost: ["people"],
};

function limits(rule) {
  const parts = [];
  if (rule.above !== null) parts.push(t("above {n}", { n: number(rule.above) }));
  if (rule.below !== null) parts.push(t("below {n}", { n: number(rule.below) }));
  if (rule.clear_below !== null) parts.push(t("until below {n}", { n: number(rule.clear_below) }));
  if (rule.clear_above !== null) parts.push(t("until above {n}", { n: number(rule.clear_above) }));
  if (rule.within_s !== null) parts.push(t("within {time}", { time: age(rule.within_s) }));
  if (rule.intervals !== null) parts.push(t("after {n} intervals", { n: number(rule.intervals) }));
  if (rule.people !== null) parts.push(t("from {n} people", { n: number(rule.people) }));
  if (rule.hold_s) parts.push(t("held {time}", { time: age(rule.hold_s) }));
  if (rule.lock_s) parts.push(t("stands {time}", { time: age(rule.lock_s) }));
  if (rule.from_local) parts.push(`${rule.from_local.slice(0, 5)}–${rule.until_local.slice(0, 5)}`);
  return parts.join(", ") || "–";
}

/** Show the tab. */
export async function show(panel) {
  const list = el("div", {});
  let rows = [];
  head(panel, t("Alarm rules"), t("A change holds from the next reading on. Each number names its source; one that was changed here is the city's own. What a rule was stays in its history."));
  panel.append(list);

  async function load() {
    rows = [];
    await paged("api/alarm-rules?limit=200", "rules", (page) => {
      rows = [...rows, ...page];
      list.replaceChildren(table({ caption: t("{n} rules", { n: rows.length }), rows, columns: [
        { title: t("Rule"), cell: (row) => [el("strong", {}, row.name), el("small", { className: "quiet" }, [word("alarm_kind", row.kind), row.thing_key ?? (row.thing_kind ? word("thing_kind", row.thing_kind) : t("every device")), row.property ? word("property", row.property) : null].filter(Boolean).join(" · "))] },
        { title: t("Severity"), cell: (row) => el("span", { "data-severity": row.severity }, el("span", { className: "severity" }, `${MARK[row.severity]} ${word("severity", row.severity)}`)) },
        { title: t("Raised when"), wide: true, cell: limits },
        { title: t("Escalates"), cell: (row) => (row.escalate_after_s ? age(row.escalate_after_s) : "–") },
        { title: t("Source"), wide: true, cell: (row) => el("small", { className: "quiet", lang: "en" }, `${row.source} (${row.certainty})`) },
        { title: t("State"), cell: (row) => (row.enabled ? marked("●", t("holds")) : marked("○", t("off"))) },
        { title: t("What to do"), cell: (row) => el("div", { className: "acts" },
          may("operator", "integrator") ? button(t("Edit"), () => edit(row), { "aria-label": `${t("Edit")}: ${row.name}` }) : null,
          button(t("History"), () => past(row), { "aria-label": `${t("History")}: ${row.name}` })) },
      ] }));
    }, list);
  }

  const past = (row) => attempt(async () => {
    const { data } = await ask(`api/alarm-rules/${row.id}/history`);
    sheet(t("History of {name}", { name: row.name }), () => [table({ caption: t("The newest first"), rows: data.history, columns: [
      { title: t("When changed"), cell: (one) => moment(one.at) }, { title: t("Who"), cell: (one) => one.actor }, { title: t("Why"), wide: true, cell: (one) => one.reason },
      { title: t("Severity"), cell: (one) => word("severity", one.severity) }, { title: t("Raised when"), wide: true, cell: (one) => limits({ ...row, ...one }) }, { title: t("State"), cell: (one) => (one.enabled ? t("holds") : t("off")) },
    ] })]);
  });

  const edit = (row) => attempt(async () => {
    const { data: rule, etag } = await ask(`api/alarm-rules/${row.id}`);
    const inputs = new Map([...(OF_KIND[rule.kind] ?? []), "escalate_after_s"].map((name) => [name, el("input", { inputMode: "decimal", value: rule[name] ?? "", autocomplete: "off" })]));
    const severity = choice(Object.entries(boot.words.severity), rule.severity), enabled = el("input", { type: "checkbox", checked: rule.enabled, id: "rule-enabled" });
    const why = el("input", { maxLength: 200 }), thing = el("input", { maxLength: 1000, autocomplete: "off" }), wrong = el("p", { className: "problem", role: "alert" });
    const body = () => {
      const made = { severity: severity.value, enabled: enabled.checked, reason: why.value.trim() };
      for (const [name, input] of inputs) {
        const stated = input.value.trim().replace(",", ".");
        if (stated !== "" && !Number.isFinite(Number(stated))) throw new Error(t("{field}: not a number", { field: LIMITS[name] ?? TIMES[name] }));
        made[name] = stated === "" ? (name === "hold_s" || name === "lock_s" ? 0 : null) : Number(stated);
      }
      return made;
    };
    const run = (close, send, words) => async () => {
      try {
        await send();
        close();
        tell(words());
        await load();
      } catch (error) {
        wrong.textContent = error.message;
      }
    };
    sheet(rule.name, (close) => [el("form", { onsubmit: (event) => { event.preventDefault(); run(close, () => ask(`api/alarm-rules/${rule.id}`, { method: "PATCH", body: body(), etag }), () => t("{name} holds so from the next reading on.", { name: rule.name }))(); } },
      el("div", { className: "pair" }, field(t("Severity"), severity), ...[...inputs].map(([name, input]) => field(LIMITS[name] ?? TIMES[name], input))),
      el("label", { className: "check", htmlFor: "rule-enabled" }, enabled, t("holds")), field(t("Why"), why, t("goes into the history")), wrong,
      el("div", { className: "acts" }, el("button", { type: "submit", className: "main-act" }, t("Save")),
        rule.thing_id === null ? null : button(t("Remove: the rule of its type holds again"), run(close, () => ask(`api/alarm-rules/${rule.id}`, { method: "DELETE", etag }), () => t("The rule of its type holds again.")))),
      rule.thing_id === null && OF_KIND[rule.kind] && rule.kind !== "service_lost" ? el("details", {}, el("summary", {}, t("For one device alone")), field(t("Key of the device"), thing),
        button(t("Make a rule for it with these numbers"), run(close, () => ask("api/alarm-rules", { method: "POST", body: { ...body(), like: rule.id, thing: thing.value.trim() } }), () => t("{key} has a rule of its own.", { key: thing.value.trim() })))) : null)]);
  });

  await load();
}
