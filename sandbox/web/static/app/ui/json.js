// JSON with colours. Made of text nodes: whatever is in it stays what it is.
import { html } from "../lib.js";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

/** The pieces of a line of JSON, each with its kind. */
export function pieces(line) {
  const found = [];
  let at = 0;
  for (const match of line.matchAll(TOKEN)) {
    if (match.index > at) found.push(["", line.slice(at, match.index)]);
    const kind = match[1] ? (match[2] ? "key" : "string") : match[3] ? "number" : "word";
    if (match[2]) found.push([kind, match[1]], ["", match[2]]);
    else found.push([kind, match[0]]);
    at = match.index + match[0].length;
  }
  if (at < line.length) found.push(["", line.slice(at)]);
  return found;
}

export const pretty = (value) => JSON.stringify(value, null, 2);

/** *value* set out; *marked* is a set of line numbers (from 0) to be emphasised. */
export function Json({ value, label = "JSON", marked }) {
  const lines = pretty(value).split("\n");
  return html`<pre class="json" tabindex="0" aria-label=${label}>${lines.map(
    (line, index) =>
      html`<span class=${marked?.has(index) ? "line marked" : "line"} key=${index}>${pieces(line).map(([kind, text]) =>
        kind ? html`<span class=${`j-${kind}`}>${text}</span>` : text,
      )}${"\n"}</span>`,
  )}</pre>`;
}
