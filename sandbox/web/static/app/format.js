// How things are said: times, durations, numbers, channels, states. Pure.

export const CHANNELS = {
  WHATSAPP: { name: "WhatsApp", short: "WA" },
  TELEGRAM: { name: "Telegram", short: "TG" },
  VIBER: { name: "Viber", short: "VB" },
  INSTAGRAM: { name: "Instagram", short: "IG" },
};

export const STATUSES = {
  PENDING: { name: "Pending", tone: "wait" },
  SUCCESS: { name: "Success", tone: "ok" },
  FAILED: { name: "Failed", tone: "bad" },
  DEAD_LETTER: { name: "Dead letter", tone: "dead" },
};

const NUMBER = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const number = (value) => NUMBER.format(value);
export const compact = (value) => (value < 10000 ? NUMBER.format(value) : COMPACT.format(value));
export const plural = (count, one, many = `${one}s`) => `${NUMBER.format(count)} ${count === 1 ? one : many}`;
export const percent = (share) => `${(share * 100).toFixed(share === 1 || share === 0 ? 0 : 1)} %`;

/** Milliseconds for a person: 4 ms, 1.3 s, 2 min 5 s, 3 h 20 min. */
export function millis(value) {
  if (value === null || value === undefined) return "–";
  if (value < 1) return "< 1 ms";
  if (value < 1000) return `${Math.round(value)} ms`;
  if (value < 10000) return `${(value / 1000).toFixed(1)} s`;
  return span(value);
}

/** The same in whole seconds, as a countdown has it. */
export function span(value) {
  const seconds = Math.max(0, Math.round(value / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Milliseconds of an API duration: "1h30m", "250ms". */
export function parseDuration(text) {
  const unit = { d: 86400000, h: 3600000, m: 60000, s: 1000, ms: 1 };
  let total = 0;
  for (const [, value, name] of String(text).matchAll(/([\d.]+)(ms|d|h|m|s)/g)) total += Number(value) * unit[name];
  return total;
}

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "UTC" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

export const ms = (iso) => (iso ? Date.parse(iso) : NaN);
/** 14:02:10, in UTC as everything here. */
export const time = (iso) => (iso ? TIME.format(new Date(iso)) : "–");
export const preciseTime = (iso) => (iso ? iso.slice(11, 23) : "–");
export const day = (iso) => (iso ? DAY.format(new Date(iso)) : "–");
export const dayTime = (iso) => `${day(iso)}, ${time(iso)}`;

/** What an attempt came to: a status code, or the kind of its error. */
export const outcome = (attempt) => (attempt.response ? String(attempt.response.status) : attempt.error?.type ?? "…");
export const taken = (attempt) => attempt.response !== undefined && attempt.response !== null && attempt.response.status >= 200 && attempt.response.status < 300;

/** Two letters for an avatar. */
export function initials(first, last) {
  const letters = [first, last].filter(Boolean).map((name) => [...name.trim()][0] ?? "");
  return letters.join("").toLocaleUpperCase() || "?";
}

/** A number from a text, the same each time: picks a colour. */
export function hash(text) {
  let value = 2166136261;
  for (const letter of String(text)) value = Math.imul(value ^ letter.codePointAt(0), 16777619);
  return value >>> 0;
}

/** The beginning of a sentence; its full stop is the writer's. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, "");
