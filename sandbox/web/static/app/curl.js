// A request as a command that sends the same bytes again. Pure.

/** *text* as one word of a POSIX shell, whatever is in it. */
export const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

// curl writes these itself.
const ITS_OWN = new Set(["host", "content-length", "connection"]);

/** request: {url, headers: pairs, body? | body_base64?}. */
export function curl({ url, headers, body, body_base64 }) {
  const lines = [`curl --include --globoff --request POST ${quoted(url)}`];
  const names = new Set();
  for (const [name, value] of headers) {
    if (ITS_OWN.has(name.toLowerCase())) continue;
    names.add(name.toLowerCase());
    // A header without a value is written with a semicolon.
    lines.push(`--header ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`);
  }
  for (const name of ["User-Agent", "Accept"]) if (!names.has(name.toLowerCase())) lines.push(`--header ${quoted(`${name}:`)}`);
  if (body_base64 !== undefined && body_base64 !== null) {
    lines.push("--data-binary @-");
    return `printf %s ${quoted(body_base64)} | base64 --decode | ${lines.join(" \\\n  ")}`;
  }
  lines.push(`--data-raw ${quoted(body ?? "")}`);
  return lines.join(" \\\n  ");
}
