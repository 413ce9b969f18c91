// What an alarm says, in words: the server gives names and numbers, the sentences are the catalogue's.

import { now } from "./store.js";
import { list, minutes, named, number, people, since, t, word } from "./text.js";

export const MARK = { critical: "▲", major: "◆", notice: "●" };

/** Say what an alarm is about. */
export function title(alarm) {
  const name = named(alarm.about);
  if (alarm.kind === "service_lost") return t("Many have lost it: {service}, {group}", { service: word("service", alarm.service), group: word("group", alarm.group) });
  if (alarm.service) return t("Several faults together: {name}", { name: word("service", alarm.service) });
  if (alarm.kind === "account") return word("alarm_kind", alarm.kind);
  if (alarm.kind === "people_cut_off") return t("Out of service: {name}", { name });
  return t("{what}: {name}", { what: word("alarm_kind", alarm.kind), name });
}

/** Say whom it harms: people at their own pace, else residents if they needed a step-free way. */
export function harm(alarm) {
  const services = { services: list(alarm.services.map((service) => word("service", service))) };
  if (alarm.kind === "service_lost") return t("{n} people", { n: people(alarm.people) });
  if (alarm.people) return t("{n} people cut off: {services}", { n: people(alarm.people), ...services });
  if (alarm.if_needed.wheelchair) return t("{n} residents cut off if they used a wheelchair: {services}", { n: people(alarm.if_needed.wheelchair), ...services });
  if (alarm.if_needed.frail) return t("{n} residents cut off if they were frail: {services}", { n: people(alarm.if_needed.frail), ...services });
  return alarm.kind === "element_closed" ? t("nobody is cut off") : null;
}

/** Say which reading raised it, and the limit it passed; or since when there is none. */
export function reading(alarm) {
  const found = alarm.reading, quiet = alarm.quiet_since && { time: since(alarm.quiet_since, now()) };
  if (quiet) return alarm.kind === "inactive" ? t("nothing has moved since {time}", quiet) : t("nothing heard since {time}", quiet);
  if (!found) return null;
  const unit = boolean(found.unit) ? ` ${word("unit", found.unit)}` : "", limit = found.above !== null && found.value > found.above ? found.above : found.below ?? found.above;
  const values = { property: word("property", found.property), value: `${number(found.value)}${unit}`, limit: `${number(limit)}${unit}` };
  return found.within_s ? t("{property} changed by {value} within {time}, limit {limit}", { ...values, time: minutes(found.within_s) }) : t("{property} {value}, limit {limit}", values);
}

const boolean = (unit) => Boolean(unit && word("unit", unit));

/** Say one step of its life. */
export function step(event) {
  const values = { who: event.by ?? "linli", note: event.note ?? "" };
  switch (event.what) {
    case "raised": return t("raised: {severity}", { severity: word("severity", event.note) });
    case "worsened": return t("became worse: {severity}", { severity: word("severity", event.note) });
    case "eased": return t("became milder: {severity}", { severity: word("severity", event.note) });
    case "acknowledged": return t("acknowledged by {who}", values);
    case "assigned": return event.note ? t("assigned to {note} by {who}", values) : t("taken back by {who}", values);
    case "escalated": return t("waits too long");
    case "noted": return t("{who}: {note}", values);
    case "suppressed": return t("explained by another alarm");
    case "released": return t("no longer explained by another alarm");
    case "cleared": return t("cleared");
    default: return t("closed by {who}", values);
  }
}
