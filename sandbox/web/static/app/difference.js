// What differs between two attempts: headers by name, JSON by path and by line. Pure.

/** Headers of *after*, each with what became of it: "same", "changed", "added"; then those "removed". */
export function headerChanges(before, after) {
  const rest = new Map();
  for (const [name, value] of before ?? []) rest.set(name.toLowerCase(), [...(rest.get(name.toLowerCase()) ?? []), value]);
  const rows = after.map(([name, value]) => {
    if (!before) return { name, value, change: "same" };
    const old = rest.get(name.toLowerCase())?.shift();
    if (old === undefined) return { name, value, change: "added" };
    return old === value ? { name, value, change: "same" } : { name, value, change: "changed", before: old };
  });
  for (const [name] of before ?? []) {
    const value = rest.get(name.toLowerCase()).shift();
    if (value !== undefined) rows.push({ name, value: "", change: "removed", before: value });
  }
  return rows;
}

/** The values that differ, as [{path, before, after}]; undefined stands for what is not there. */
export function valueChanges(before, after, path = "", found = [], most = 200) {
  if (found.length >= most || Object.is(before, after)) return found;
  const both = [before, after];
  const objects = both.every((it) => it !== null && typeof it === "object" && !Array.isArray(it));
  if (objects || both.every(Array.isArray)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const step = objects ? (path ? `${path}.${key}` : key) : `${path}[${key}]`;
      valueChanges(Object.hasOwn(before, key) ? before[key] : undefined, Object.hasOwn(after, key) ? after[key] : undefined, step, found, most);
    }
  } else if (JSON.stringify(before) !== JSON.stringify(after)) found.push({ path, before, after });
  return found;
}

/** The lines of *after*, by number from 0, that *before* has not at their place. */
export function changedLines(before, after) {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [left, right] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const kept = left.length * right.length > 400_000 ? new Set() : common(left, right);
  const changed = new Set();
  right.forEach((_, index) => kept.has(index) || changed.add(start + index));
  return changed;
}

/** The lines of *right* in a longest common subsequence with *left*. */
function common(left, right) {
  const width = right.length + 1;
  const lengths = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1)
    for (let j = right.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] =
        left[i] === right[j] ? lengths[(i + 1) * width + j + 1] + 1 : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
  const kept = new Set();
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    if (left[i] === right[j]) {
      kept.add(j);
      i += 1;
      j += 1;
    } else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return kept;
}
