// The address names what is open: #/area/id?filter=value. Nothing else does, so a reload
// or a link sent to a colleague shows the same.
import { computed, signal } from "./lib.js";

export const AREAS = ["stage", "deliveries", "connections", "compose", "scenarios", "overview"];

function read() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [area, ...rest] = path.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return {
    area: AREAS.includes(area) ? area : "stage",
    id: rest.join("/") || null,
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

/** {area, id, query}: what is open. */
export const route = signal(read());

/** Whether the page is shown to an audience: no frame around it, large type, no secrets. */
export const presenting = computed(() => route.value.area === "stage" && route.value.id !== null && route.value.query.present === "yes");

addEventListener("hashchange", () => (route.value = read()));

/** The address of an area, of one thing in it, with these filters. */
export function href(area, id = null, query = {}) {
  const filled = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = filled.length ? `?${new URLSearchParams(filled)}` : "";
  return `#/${area}${id ? `/${encodeURIComponent(id)}` : ""}${search}`;
}

/** Open it; *replace* leaves no trace for the back button. */
export function go(area, id = null, query = {}, { replace = false } = {}) {
  const to = href(area, id, query);
  if (to === location.hash) return;
  if (replace) {
    history.replaceState(null, "", to);
    route.value = read();
  } else location.hash = to;
}

/** Change some of the filters of what is open; null takes one out. */
export function refine(changes, { replace = true } = {}) {
  const { area, id, query } = route.value;
  go(area, id, { ...query, ...changes }, { replace });
}
