// Light, dark, or as the system has it. theme.js beside this folder applies a choice
// before the first paint.
import { signal } from "./lib.js";

const KEY = "wexio-sandbox.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** "light", "dark" or "system". */
export const theme = signal(localStorage.getItem(KEY) ?? "system");
/** Whether it is dark now: for what is drawn on a canvas. */
export const dark = signal(system.matches);
/** Whether motion is unwelcome. */
export const still = signal(matchMedia("(prefers-reduced-motion: reduce)").matches);

function settle() {
  dark.value = theme.value === "dark" || (theme.value === "system" && system.matches);
}
system.addEventListener("change", settle);
settle();

export function choose(name) {
  theme.value = name;
  if (name === "system") {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(KEY, name);
    document.documentElement.dataset.theme = name;
  }
  settle();
}

/** The other one than is seen now. */
export const toggle = () => choose(dark.value ? "light" : "dark");
