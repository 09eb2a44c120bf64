// What a run's clock shows now: the server said it once, and time goes on at its speed.
import { signal } from "./lib.js";

/** Rises while somebody looks: as often as the first who does wants it. */
export const tick = signal(0);
let timer = 0;
let watchers = 0;

/** Have `tick` rise until the returned function is called. */
export function watch(often = 100) {
  watchers += 1;
  if (watchers === 1) timer = setInterval(() => document.hidden || (tick.value += 1), often);
  return () => {
    watchers -= 1;
    if (watchers === 0) clearInterval(timer);
  };
}

/** A clock that was told *at* (a time in ms) just now, and runs at *speed* unless it *stands*. */
export function clockOf(at, speed, stands) {
  const told = performance.now();
  const factor = stands || typeof speed !== "number" ? 0 : speed;
  return { now: () => at + (performance.now() - told) * factor, factor };
}
