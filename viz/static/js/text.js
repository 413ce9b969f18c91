// Words, numbers and times in the reader's language. The catalogue comes with the page; a key is its English text.

export const boot = JSON.parse(document.getElementById("boot").textContent);
const locale = boot.lang === "zh" ? "zh-CN" : "en-GB";
const numbers = new Intl.NumberFormat(locale);
const shares = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
const zone = boot.place.timezone;
const clockFormat = new Intl.DateTimeFormat(locale, { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const hourFormat = new Intl.DateTimeFormat(locale, { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayFormat = new Intl.DateTimeFormat(locale, { timeZone: zone, weekday: "short", day: "numeric", month: "long" });
const localFormat = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const shortDayFormat = new Intl.DateTimeFormat(locale, { timeZone: zone, day: "numeric", month: "short" });

/** Give the text in the reader's language with {name} filled in. */
export function t(key, values = {}) {
  const text = boot.texts[key] || key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Give the word for a term such as words("service", "pharmacy"); a term without a word shows itself. */
export const word = (kind, term) => boot.words[kind]?.[term] ?? String(term);

/** Choose the name in the reader's language. */
export const named = (thing) => (boot.lang === "zh" && thing.name_zh) || thing.name || "";

const lists = new Intl.ListFormat(locale, { type: "conjunction", style: "short" });

export const list = (items) => lists.format(items);
export const number = (value) => numbers.format(value);
export const percent = (share) => (share === null || share === undefined ? "–" : shares.format(share));

/** Write a count of people; small ones come suppressed from the server. */
export function people(count) {
  if (count === null || count === undefined) return "–";
  if (typeof count === "number") return number(count);
  if (!count.suppressed) return number(count.value);
  return count.below ? t("<{n}", { n: count.below }) : t("not shown");
}

/** Write certain and possible as one figure, or as a range when what is unknown makes a difference. */
export function range(low, high) {
  const first = people(low), last = people(high);
  if (low?.suppressed && !low.below && !high?.suppressed) return t("up to {n}", { n: last });
  return first === last ? first : t("{low} to {high}", { low: first, high: last });
}

export const atLeast = (count) => (typeof count === "number" ? count : count?.suppressed ? 1 : count?.value ?? 0);

/** Write seconds as minutes, one decimal below ten. */
export function minutes(seconds) {
  const value = seconds / 60;
  return t("{n} min", { n: value < 10 ? Math.round(value * 10) / 10 : Math.round(value) });
}

/** Write an age in its two largest units, such as "3 h 20 min". */
export function age(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return t("{n} s", { n: s });
  if (s < 3600) return t("{n} min", { n: Math.floor(s / 60) });
  if (s < 86400) return t("{h} h {m} min", { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
  return t("{d} d {h} h", { d: Math.floor(s / 86400), h: Math.floor((s % 86400) / 3600) });
}

export const clock = (date) => clockFormat.format(date);
export const day = (date) => dayFormat.format(date);

/** Write a moment with its day, to the minute. */
export const moment = (date) => `${dayFormat.format(date)} ${hourFormat.format(date)}`;
export const hour = (date) => hourFormat.format(date);

/** Write a moment as the place's clock and calendar have it, as a datetime-local field wants it. */
export const local = (date) => localFormat.format(date).replace(" ", "T");

/** Read what such a field says: the place's time, wherever the browser is. */
export function fromLocal(text) {
  const guess = Date.parse(`${text}Z`);
  const off = (ms) => Date.parse(`${local(new Date(ms))}Z`) - Math.floor(ms / 60_000) * 60_000;
  return new Date(guess - off(guess - off(guess)));
}

/** Write when something began: the hour today, day and hour before. */
export function since(iso, now) {
  const then = new Date(iso), hour = hourFormat.format(then);
  return shortDayFormat.format(then) === shortDayFormat.format(now) ? hour : `${shortDayFormat.format(then)} ${hour}`;
}
