// The course of things as columns for a chart. Pure.

const SPAN = 5 * 60 * 1000;

/** Columns [seconds, events, accepted, refused]: one place for each while of the last minutes, empty ones included. */
export function columns(course) {
  const { every_ms: every } = course;
  const last = Math.floor(Date.parse(course.at) / every) * every;
  const known = new Map(course.items.map((item) => [Date.parse(item.at), item]));
  const earliest = course.items.length ? Date.parse(course.items[0].at) : last;
  const first = Math.max(last - SPAN, Math.min(earliest, last - 60_000));
  const rows = [[], [], [], []];
  for (let at = Math.ceil(first / every) * every; at <= last; at += every) {
    const { events = 0, accepted = 0, refused = 0 } = known.get(at) ?? {};
    [at / 1000, events, accepted, refused].forEach((value, index) => rows[index].push(value));
  }
  return rows;
}

/** The accepted stand on the refused: drawn first, and as tall as both. */
export function stacked([at, events, accepted, refused]) {
  return [at, accepted.map((count, index) => count + refused[index]), refused, events];
}
