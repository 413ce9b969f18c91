// The audit's words, and how a measure is written.

import { boot, number, people, t } from "../text.js";

/** Give the word for a term of the audit; a term without one shows itself. */
export const called = (kind, term) => boot.audit_words[kind]?.[term] ?? String(term);

/** What an edge or facility is called: what it is, and its street or name, else its number in the source. */
export const title = (one) => `${called("element", one.kind)} · ${one.name || (one.source_id ?? one.id)}`;

/** Write a value with its unit, or the word that was chosen. */
export function said(one) {
  if (one.word !== null) return called("value", one.word);
  return one.unit === "1" && one.kind === "gradient" ? `${number(Math.round(one.value * 1000) / 10)} %` : one.unit === "1" ? number(one.value) : `${number(one.value)} ${one.unit}`;
}

/** Write what an edge fails at, and by which clause. */
export function failing(fail) {
  const is = typeof fail.measured === "number" ? (fail.element === "incline" ? `${number(Math.round(fail.measured * 1000) / 10)} %` : number(fail.measured)) : fail.measured && fail.measured !== fail.element ? called("value", fail.measured) : null;
  const bound = fail.most !== null ? t("at most {n}", { n: limit(fail, fail.most) }) : fail.least !== null ? t("at least {n}", { n: limit(fail, fail.least) }) : null;
  return [called("element", fail.element) + (is ? `: ${is}` : ""), fail.clause ? `${fail.clause}${bound ? `, ${bound}` : ""} (${called("certainty", fail.certainty)})` : t("no clause loaded: the limit is the gait's own")].join(" · ");
}

const limit = (fail, value) => (fail.element === "incline" ? `${number(Math.round(value * 1000) / 10)} %` : `${number(value)} m`);

export const count = (n) => (n === 0 ? "0" : people(n));
