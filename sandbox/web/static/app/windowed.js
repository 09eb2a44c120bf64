// Which rows of a long list are there: only those that can be seen, and a few around them. Pure.

/** The rows from *first* up to, not including, *last*, of *count* rows of *height* pixels. */
export function visible({ count, height, top, room, around = 6 }) {
  const first = Math.max(0, Math.min(count, Math.floor(top / height)) - around);
  const last = Math.min(count, Math.ceil((Math.max(0, top) + room) / height) + around);
  return { first: Math.min(first, last), last };
}

/** Where to scroll so that row *index* is in sight; *top* where it is already. */
export function reveal({ index, height, top, room }) {
  const begin = index * height;
  if (begin < top) return begin;
  return begin + height > top + room ? begin + height - room : top;
}
