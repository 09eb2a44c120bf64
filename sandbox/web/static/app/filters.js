// Which deliveries are shown: what the address says, as a question to each of them. Pure.

export const FILTERS = ["status", "channel", "connection", "run", "q"];

/** The filters among the parameters of an address, those that are empty left out. */
export const filtersOf = (query) => Object.fromEntries(FILTERS.filter((name) => query[name]).map((name) => [name, query[name]]));

/** A question to a delivery's line; null where every one is meant. *named* gives a connection's name. */
export function matcher(filters, named = () => "") {
  const { status, channel, connection, run, q } = filters;
  const words = (q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (!status && !channel && !connection && !run && !words.length) return null;
  return (line) => {
    if (status && line.status !== status) return false;
    if (channel && line.channel !== channel) return false;
    if (connection && line.connection_id !== connection) return false;
    if (run && line.run_id !== run) return false;
    if (!words.length) return true;
    const text = `${line.who} ${line.id} ${line.event_id} ${line.channel ?? ""} ${line.status} ${named(line.connection_id)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** The same question, answered once for each line: one that changes is a new object. null stays null. */
export function remembered(matches) {
  if (matches === null) return null;
  const answers = new WeakMap();
  return (line) => {
    let answer = answers.get(line);
    if (answer === undefined) answers.set(line, (answer = matches(line)));
    return answer;
  };
}
