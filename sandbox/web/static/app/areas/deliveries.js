// Deliveries: a list that keeps up with hundreds a second, and the one that is open beside it.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib.js";
import { CHANNELS, STATUSES, number, outcome, plural, preciseTime, taken } from "../format.js";
import { filtersOf, matcher, remembered } from "../filters.js";
import { useShortcuts } from "../keys.js";
import { connectionName, learnNames, ofRuns } from "../names.js";
import { go, href, refine, route } from "../router.js";
import { connections, deliveries, empty, loaded, order, revision, runs } from "../store.js";
import { Button, Channel, Empty, Head, StatusBadge } from "../ui/basics.js";
import { Icon } from "../ui/icons.js";
import { reveal, visible } from "../windowed.js";
import { Delivery } from "./delivery.js";

const OFTEN = 120; // milliseconds between two readings of a list that is filtered

export function Deliveries() {
  const { id, query } = route.value;
  const filters = filtersOf(query);
  const ids = useMatching(filters);
  const search = useRef(null);
  const latest = useRef(ids);
  latest.current = ids;
  const step = (by) => {
    // As it is now: keys may come faster than the page is drawn.
    const { id: present, query: asked } = route.value;
    const all = latest.current;
    const at = all.indexOf(present);
    const next = all[at === -1 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
    if (next) go("deliveries", next, filtersOf(asked), { replace: present !== null });
  };
  useShortcuts(
    [
      { keys: "/", does: "Search", run: () => search.current?.focus() },
      { keys: "j", does: "The next delivery", run: () => step(1) },
      { keys: "k", does: "The delivery before", run: () => step(-1) },
      { keys: "escape", does: "Close the delivery", run: () => route.value.id && go("deliveries", null, filtersOf(route.value.query)) },
    ],
    [],
  );
  if (empty.value && !id)
    return html`<${Head} title="Deliveries" />
      <div class="card">
        <${Empty}
          icon="deliveries"
          title="Nothing has been delivered yet"
          actions=${html`<a class="button primary" href=${href("scenarios")}><${Icon} name="play" />Play a scenario</a>
            <a class="button" href=${href("compose")}><${Icon} name="compose" />Compose an event</a>
            <a class="button" href=${href("connections")}><${Icon} name="plus" />Connect your server</a>`}
        >
          Play a scenario to the built-in subscriber, or connect your own server and send it an event. Every attempt
          appears here as it happens, with the bytes that were sent.
        <//>
      </div>`;
  return html`<div class=${id ? "deliveries split" : "deliveries"}>
    ${id && html`<h1 class="sr-only">Deliveries</h1>`}
    <section class="deliveries-list" aria-label="Deliveries">
      <${Head} title="Deliveries" />
      <${Filters} filters=${filters} search=${search} />
      <div class="card">
        <${List} ids=${ids} open=${id} filters=${filters} />
      </div>
    </section>
    ${id && html`<${Delivery} key=${id} id=${id} back=${href("deliveries", null, filters)} />`}
  </div>`;
}

/** Ids of what is asked for, newest first. */
function useMatching(filters) {
  const [, again] = useState(0);
  const last = useRef({ at: 0, timer: 0 });
  const key = JSON.stringify(filters);
  const risen = revision.value;
  const names = connections.value;
  const matches = useMemo(() => remembered(matcher(filters, connectionName)), [key, names, ofRuns.value]);
  const kept = useRef({ key: null, ids: [] });
  const due = performance.now() - last.current.at >= OFTEN;
  if (kept.current.key !== key || kept.current.risen !== risen) {
    if (kept.current.key !== key || due) {
      last.current.at = performance.now();
      const ids = [];
      for (let at = order.length - 1; at >= 0; at -= 1) {
        const line = deliveries.get(order[at]);
        if (line && (!matches || matches(line))) ids.push(order[at]);
      }
      kept.current = { key, risen, ids };
    } else if (!last.current.timer) {
      last.current.timer = setTimeout(() => {
        last.current.timer = 0;
        again((count) => count + 1);
      }, OFTEN);
    }
  }
  useEffect(() => () => clearTimeout(last.current.timer), []);
  return kept.current.ids;
}

function Filters({ filters, search }) {
  const [text, setText] = useState(filters.q ?? "");
  const written = useRef({ q: text, timer: 0 });
  // Only what somebody else has put into the address: typing may be ahead of it.
  useEffect(() => {
    if ((filters.q ?? "") !== written.current.q) setText((written.current.q = filters.q ?? ""));
  }, [filters.q]);
  useEffect(() => () => clearTimeout(written.current.timer), []);
  function type(value) {
    setText(value);
    clearTimeout(written.current.timer);
    written.current.timer = setTimeout(() => {
      written.current.q = value;
      refine({ q: value });
    }, OFTEN);
  }
  const some = Object.keys(filters).length > 0;
  const run = filters.run && runs.value.find((each) => each.id === filters.run);
  return html`<form class="filters" role="search" aria-label="Filter deliveries" onSubmit=${(event) => event.preventDefault()}>
    <div class="search">
      <${Icon} name="search" />
      <input
        ref=${search}
        type="search"
        aria-label="Search deliveries"
        placeholder="Name, event, id…"
        value=${text}
        onInput=${(event) => type(event.target.value)}
        onKeyDown=${(event) => event.key === "Escape" && event.target.blur()}
      />
    </div>
    <${Choice} name="status" all="Any status" value=${filters.status} options=${Object.entries(STATUSES).map(([key, it]) => [key, it.name])} />
    <${Choice} name="channel" all="Any channel" value=${filters.channel} options=${Object.entries(CHANNELS).map(([key, it]) => [key, it.name])} />
    <${Choice}
      name="connection"
      all="Any connection"
      value=${filters.connection}
      options=${connections.value.map((each) => [each.id, each.name])}
    />
    ${(runs.value.length > 0 || filters.run) &&
    html`<${Choice} name="run" all="Any run" value=${filters.run} options=${runs.value.map((each) => [each.id, `${each.name}, ${preciseTime(each.started_at).slice(0, 8)}`])} />`}
    ${some &&
    html`<${Button} kind="quiet" icon="close" onClick=${() => refine({ status: null, channel: null, connection: null, run: null, q: null })}>Clear<//>`}
    ${filters.run && !run && runs.value.length > 0 && html`<p class="quiet">That run is not there any more.</p>`}
  </form>`;
}

function Choice({ name, all, value = "", options }) {
  const known = options.some(([key]) => key === value);
  return html`<select aria-label=${all} class=${value ? "chosen" : undefined} value=${value} onChange=${(event) => refine({ [name]: event.target.value })}>
    <option value="">${all}</option>
    ${options.map(([key, says]) => html`<option key=${key} value=${key}>${says}</option>`)}
    ${value && !known && html`<option value=${value}>${connectionName(value)}</option>`}
  </select>`;
}

// --- the list ---------------------------------------------------------------------------

const TALL = 60;
const LOW = 42;
const NARROW = 620;

/** Only the rows in sight are in the document. What is new comes in above, and what is read stays where it is. */
function List({ ids, open, filters }) {
  const box = useRef(null);
  const [size, setSize] = useState({ width: 0, room: 600 });
  const [top, setTop] = useState(0);
  const [cursor, setCursor] = useState(null);
  const focus = useRef(false);
  const head = useRef(null);
  const height = size.width < NARROW ? TALL : LOW;

  useLayoutEffect(() => {
    const measure = () => box.current && setSize({ width: box.current.clientWidth, room: box.current.clientHeight });
    const watch = new ResizeObserver(measure);
    watch.observe(box.current);
    measure();
    return () => watch.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = box.current;
    const before = head.current;
    head.current = { first: ids[0], filters: JSON.stringify(filters) };
    // Asking the element where it stands has the whole list laid out first: not while it stands at the top.
    if (!before || before.filters !== head.current.filters || top < height || element.scrollTop < height) return;
    const newer = ids.indexOf(before.first);
    if (newer > 0) element.scrollTop += newer * height;
  }, [ids]);

  const { first, last } = visible({ count: ids.length, height, top, room: size.room });
  const at = cursor === null ? -1 : ids.indexOf(cursor);
  const stop = at >= first && at < last ? at : Math.max(first, Math.min(last - 1, Math.ceil(top / height)));

  function move(to) {
    const index = Math.max(0, Math.min(ids.length - 1, to));
    setCursor(ids[index]);
    focus.current = true;
    const element = box.current;
    element.scrollTop = reveal({ index, height, top: element.scrollTop, room: element.clientHeight });
    setTop(element.scrollTop);
  }

  useLayoutEffect(() => {
    if (!focus.current) return;
    const row = box.current.querySelector(`[data-index="${stop}"]`);
    if (row) {
      focus.current = false;
      row.focus({ preventScroll: true });
    }
  });

  useEffect(() => {
    const index = open ? ids.indexOf(open) : -1;
    if (index === -1) return;
    const element = box.current;
    element.scrollTop = reveal({ index, height, top: element.scrollTop, room: element.clientHeight });
  }, [open]);

  function onKeyDown(event) {
    const page = Math.max(1, Math.floor(size.room / height) - 1);
    const to = { ArrowDown: stop + 1, ArrowUp: stop - 1, PageDown: stop + page, PageUp: stop - page, Home: 0, End: ids.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    move(to);
  }

  const rows = [];
  for (let index = first; index < last; index += 1) {
    const line = deliveries.get(ids[index]);
    if (line) rows.push(html`<${Row} key=${line.id} line=${line} index=${index} count=${ids.length} height=${height} current=${line.id === open} stop=${index === stop} filters=${filters} />`);
  }
  return html`<div class="list-head" aria-hidden="true" data-narrow=${height === TALL}>
      <span>Emitted</span><span>Who</span><span>Channel</span><span>Connection</span><span>Attempts</span><span>Status</span>
    </div>
    <div class="list" ref=${box} data-narrow=${height === TALL} onScroll=${(event) => setTop(event.currentTarget.scrollTop)} onKeyDown=${onKeyDown}>
      ${ids.length === 0
        ? html`<${None} filtered=${Object.keys(filters).length > 0} />`
        : html`<ul aria-label=${plural(ids.length, "delivery", "deliveries")} ref=${(element) => element && (element.style.height = `${ids.length * height}px`)}>
            ${rows}
          </ul>`}
    </div>
    <footer class="list-foot">
      <span><span class="number">${number(ids.length)}</span> ${ids.length === 1 ? "delivery" : "deliveries"}${Object.keys(filters).length ? html` of <span class="number">${number(order.length)}</span>` : ""}</span>
      ${top > height * 2 && html`<button type="button" class="link" onClick=${() => (box.current.scrollTop = 0)}>To the newest</button>`}
    </footer>`;
}

function None({ filtered }) {
  if (!loaded.value) return html`<${Empty} icon="filter" title="Reading…" />`;
  if (!filtered) return html`<${Empty} icon="deliveries" title="Nothing has been delivered yet">Every delivery appears here as it happens.<//>`;
  return html`<${Empty} icon="filter" title="Nothing fits">No delivery is as you ask for. Take a filter away, or wait: what fits appears by itself.<//>`;
}

function Row({ line, index, count, height, current, stop, filters }) {
  const unknown = !connections.value.some((each) => each.id === line.connection_id) && runs.value.length;
  useEffect(() => {
    if (unknown) learnNames(line.run_id);
  }, [line.run_id, unknown]);
  const name = connectionName(line.connection_id);
  return html`<li
    aria-posinset=${index + 1}
    aria-setsize=${count}
    ref=${(element) => element && ((element.style.top = `${index * height}px`), (element.style.height = `${height}px`))}
  >
    <a class="delivery-row" href=${href("deliveries", line.id, filters)} data-index=${index} tabindex=${stop ? 0 : -1} aria-current=${current ? "true" : undefined}>
      <time class="mono quiet" datetime=${line.emitted_at}>${preciseTime(line.emitted_at)}</time>
      <span class="who truncate" dir="auto">${line.who || "Nobody known"}</span>
      <${Channel} channel=${line.channel} />
      <span class="truncate quiet to" dir="auto">${name}</span>
      <${Pips} line=${line} />
      <span class="state"><${StatusBadge} status=${line.status} /></span>
    </a>
  </li>`;
}

/** A mark for each attempt: what those came to that were seen, and how many there were. */
function Pips({ line }) {
  const seen = new Map(line.attempts.map((each) => [each.attempt, each]));
  const from = Math.max(1, line.attempt_count - 7);
  const marks = [];
  for (let attempt = from; attempt <= line.attempt_count; attempt += 1) {
    const each = seen.get(attempt);
    const last = attempt === line.attempt_count;
    let tone = last ? STATUSES[line.status]?.tone : "bad";
    if (each?.at) tone = taken(each) ? "ok" : "bad";
    marks.push(html`<i key=${attempt} data-tone=${tone} class=${each?.faults?.length ? "faulty" : undefined}></i>`);
  }
  const latest = line.attempts.at(-1);
  const said = latest?.at ? `, the last one ${outcome(latest)}` : "";
  return html`<span class="pips"><span class="sr-only">${plural(line.attempt_count, "attempt")}${said}</span>${marks}${
    latest?.at && !taken(latest) ? html`<span class="mono quiet" aria-hidden="true">${outcome(latest)}</span>` : ""
  }</span>`;
}
