// What every module of the dashboard is made of: elements, hooks, signals.
//
// Whatever is put into html`…` is text: there is no way from here to innerHTML.
import { h, render, Fragment } from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export const html = htm.bind(h);
export { render, Fragment };
export { useEffect, useLayoutEffect, useRef, useState, useMemo, useCallback, useId } from "../vendor/preact-hooks.js";
export { signal, computed, effect, batch, untracked, useSignal, useComputed, useSignalEffect } from "../vendor/signals.js";

/** Class names, those that are false left out. */
export const cls = (...names) => names.filter(Boolean).join(" ");
