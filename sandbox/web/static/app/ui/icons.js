// Line icons on a grid of 24, drawn here. Decoration: whoever uses one says it in words too.
import { html } from "../lib.js";

const PATHS = {
  stage: "M4 5h16v10H4zM9 19h6M12 15v4M10 8l4 2-4 2z",
  deliveries: "M4 7h10M4 12h16M4 17h7M17 4l3 3-3 3",
  connections: "M9 7H7a5 5 0 0 0 0 10h2M15 7h2a5 5 0 0 1 0 10h-2M8 12h8",
  compose: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  scenarios: "M6 3h9l4 4v14H6zM14 3v5h5M9 13h6M9 17h4",
  overview: "M4 20V11M10 20V4M16 20v-6M21 20H3",
  play: "M7 4.5v15l12-7.5z",
  pause: "M8 5v14M16 5v14",
  step: "M6 5v14l9-7zM18 5v14",
  restart: "M4 12a8 8 0 1 0 2.5-5.8M4 4v5h5",
  stop: "M6 6h12v12H6z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  alert: "M12 4l9 16H3zM12 10v4M12 17.2v.1",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5M12 7.8v.1",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M19 5l-1.5 1.5M6.5 17.5L5 19",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  keyboard: "M3 6h18v12H3zM7 10h.1M11 10h.1M15 10h.1M7 14h10",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
  plus: "M12 5v14M5 12h14",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  send: "M21 3L3 10l7 3 3 7zM10 13L21 3",
  key: "M14 10a4 4 0 1 0-4 4l2-1 2 2 2-1 1 2h3v-3z",
  down: "M6 9l6 6 6-6",
  right: "M9 6l6 6-6 6",
  left: "M15 6l-6 6 6 6",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  heart: "M3 12h4l2-5 4 11 3-9 1.5 3H21",
  block: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.7 5.7l12.6 12.6",
  turtle: "M4 15a8 5.5 0 0 1 16 0zM7 15v3M17 15v3M20 13l2-2",
  screen: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  present: "M3 4h18M5 4v11h14V4M12 15v3M8 21l4-3 4 3",
  forward: "M4 5v14l8-7zM12 5v14l8-7z",
  menu: "M4 7h16M4 12h16M4 17h16",
  external: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  filter: "M4 5h16l-6 8v6l-4-2v-4z",
  eye: "M2 12c4-8 16-8 20 0-4 8-16 8-20 0zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
};
const FILLED = new Set(["play", "forward", "step"]);

export function Icon({ name, size = 16 }) {
  return html`<svg
    class="icon"
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill=${FILLED.has(name) ? "currentColor" : "none"}
    stroke="currentColor"
    stroke-width="1.8"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d=${PATHS[name] ?? ""} />
  </svg>`;
}

/** The mark of the product: a W that is a pulse. */
export function Mark({ size = 28 }) {
  return html`<svg class="mark" width=${size} height=${size} viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="9" />
    <path d="M7 12.5l4.3 8.5L16 12l4.7 9L25 12.5" />
    <circle cx="25" cy="10.2" r="2.1" />
  </svg>`;
}
