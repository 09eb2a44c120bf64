// Where a problem of a text is, and which character of it that is. Pure.

/** The position in *text* of *line* and *column*, both from 1; columns count characters, not units. */
export function offset(text, line, column) {
  let at = 0;
  for (let number = 1; number < line; number += 1) {
    const next = text.indexOf("\n", at);
    if (next === -1) break;
    at = next + 1;
  }
  const end = text.indexOf("\n", at) === -1 ? text.length : text.indexOf("\n", at);
  const before = [...text.slice(at, end)].slice(0, column - 1).join("").length;
  return Math.min(at + before, end);
}

/** *text* of one line cut where problems begin and end: [[kind, piece]], kind "" for what is right. */
export function cut(line, problems) {
  const letters = [...line];
  const kinds = new Array(letters.length).fill("");
  for (const { column, length, severity } of problems)
    for (let at = column - 1; at < Math.min(letters.length, column - 1 + Math.max(1, length)); at += 1) if (kinds[at] !== "error") kinds[at] = severity;
  const pieces = [];
  letters.forEach((letter, at) => {
    if (at && kinds[at] === kinds[at - 1]) pieces.at(-1)[1] += letter;
    else pieces.push([kinds[at], letter]);
  });
  // A problem at the end of a line still has a place to be seen at.
  const beyond = problems.find((item) => item.column > letters.length);
  if (beyond) pieces.push([beyond.severity, " "]);
  return pieces;
}

// Keys, comments, quoted texts and numbers: enough to read YAML by, and no more.
const YAML = /(^\s*(?:- )*)([\w$-]+)(?=:(?:\s|$))|([{,]\s*)([\w$-]+)(?=:\s)|("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|((?:^|\s)#.*$)|(\$\{[^}]*\})|(?<=[\s:[,])(-?\d+(?:\.\d+)?(?:ms|s|m|h)?|true|false|null)(?=[\s,\]}]|$)/g;

/** The pieces of a line of YAML, each with its kind: "key", "string", "comment", "variable", "number" or "". */
export function yaml(line) {
  const pieces = [];
  let at = 0;
  const put = (kind, text) => text && pieces.push([kind, text]);
  for (const match of line.matchAll(YAML)) {
    put("", line.slice(at, match.index));
    const [all, before, key, before2, key2, string, comment, variable, word] = match;
    if (key !== undefined) put("", before), put("key", key);
    else if (key2 !== undefined) put("", before2), put("key", key2);
    else put(string ? "string" : comment ? "comment" : variable ? "variable" : word ? "number" : "", all);
    at = match.index + all.length;
  }
  put("", line.slice(at));
  return pieces;
}
