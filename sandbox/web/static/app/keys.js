// Shortcuts: a key, or two in a row ("g s"). None works while somebody types, and none
// takes a key that the browser or a screen reader needs (Ctrl, Alt and Meta are theirs).
import { signal, useEffect } from "./lib.js";

/** Those that work now, for the help: [{keys, does, group, run}]. */
export const shortcuts = signal([]);

const TYPING = "input, textarea, select, [contenteditable]";
const PRESSES = "button, a[href], summary, [role=button], [role=tab]";
let first = null;
let timer = 0;

/** Have these shortcuts while the component is there. */
export function useShortcuts(list, deps = []) {
  useEffect(() => {
    shortcuts.value = [...shortcuts.value, ...list];
    return () => (shortcuts.value = shortcuts.value.filter((item) => !list.includes(item)));
  }, deps);
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  // A dialog is closed by Escape, and what lies under it is out of reach.
  if (document.querySelector("dialog[open]")) return;
  const target = event.target instanceof Element ? event.target : document.body;
  if (target.matches(TYPING) && event.key !== "Escape") return;
  // The space bar and Enter belong to whatever is focused.
  if ((event.key === " " || event.key === "Enter") && target.closest(PRESSES)) return;
  const key = event.key === " " ? "space" : event.key.length === 1 ? event.key : event.key.toLowerCase();
  const wanted = first ? `${first} ${key}` : key;
  first = null;
  clearTimeout(timer);
  // The latest comes first: an area beats the shell.
  const found = shortcuts.value.findLast((item) => item.keys === wanted);
  if (found) {
    event.preventDefault();
    found.run(event);
  } else if (shortcuts.value.some((item) => item.keys.startsWith(`${wanted} `))) {
    first = wanted;
    timer = setTimeout(() => (first = null), 1200);
  }
});
