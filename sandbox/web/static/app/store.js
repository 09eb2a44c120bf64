// What the page knows, read from the API and kept up to date by the stream. It is a
// copy: nothing here is lost by a reload.
import { batch, computed, signal } from "./lib.js";
import { get } from "./api.js";
import { link, open } from "./stream.js";
import { announce, say } from "./ui/toast.js";

export { link };

/** So many of the newest deliveries are held; older ones are asked for. */
export const MOST = 12000;
const PAGE = 500;

/** Deliveries by id; the API's line, and `attempts`: short forms of those seen live. Read `revision` with it. */
export const deliveries = new Map();
/** Ids of deliveries, oldest first. */
export const order = [];
/** Ids of a run's deliveries, oldest first. */
const byRun = new Map();
/** Rises whenever one of the deliveries has changed; at most once for each frame. */
export const revision = signal(0);
/** Whether the first page of deliveries is here. */
export const loaded = signal(false);
export const stats = signal(null);
export const runs = signal([]);
export const connections = signal([]);
export const scenarios = signal([]);
/** The built-in subscriber, null where there is none. */
export const subscriber = signal(null);
/** Why the page could not read anything, or null. */
export const trouble = signal(null);

/** Whether nothing has happened here yet. */
export const empty = computed(() => stats.value !== null && stats.value.seq === 0 && runs.value.length === 0);

const listeners = new Set();

/** Have *listen* called with each batch of entries; returns what ends that. */
export function onEntries(listen) {
  listeners.add(listen);
  return () => listeners.delete(listen);
}

// --- reading ----------------------------------------------------------------------------

let generation = 0;
let begun = null; // of the server from which all this was read; `stats` may be of one started since
/** Rises whenever everything is read anew: whoever has read more than is kept here reads it again. */
export const epoch = signal(0);

/** Read everything anew, and follow what comes. */
export async function start() {
  const mine = ++generation;
  try {
    const numbers = await get("/stats");
    if (mine !== generation) return;
    batch(() => {
      deliveries.clear();
      byRun.clear();
      order.length = 0;
      stats.value = numbers;
      begun = numbers.since;
      revision.value += 1;
      epoch.value += 1;
      trouble.value = null;
    });
    open(numbers.seq, apply, returned);
    await Promise.all([loadRuns(), loadConnections(), loadScenarios(), loadSubscriber(), loadDeliveries(mine)]);
  } catch (error) {
    if (mine !== generation) return;
    trouble.value = error;
    if (error.status === 401) link.value = "refused";
    else setTimeout(() => mine === generation && start(), 2000);
  }
}

async function loadDeliveries(mine) {
  let cursor = null;
  const old = [];
  do {
    const page = await get(`/deliveries?limit=${PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    if (mine !== generation) return;
    for (const line of page.items) {
      if (!deliveries.has(line.id)) old.push(line.id);
      // What the stream has said meanwhile is newer than the page.
      if (!deliveries.has(line.id)) deliveries.set(line.id, { ...line, attempts: [] });
    }
    cursor = page.next_cursor;
    loaded.value = true;
    order.unshift(...old.splice(0).reverse());
    revision.value += 1;
  } while (cursor && deliveries.size < MOST);
}

export const loadRuns = async () => (runs.value = (await get("/runs")).items);
export const loadConnections = async () => (connections.value = (await get("/connections")).items);
export const loadScenarios = async () => (scenarios.value = (await get("/scenarios")).items);
export const loadStats = async () => (stats.value = await get("/stats"));

export async function loadSubscriber() {
  try {
    subscriber.value = await get("/subscriber");
  } catch (error) {
    if (error.status !== 404) throw error;
    subscriber.value = null;
  }
}

/** Put one run that was just answered into `runs`. */
export function keepRun(run) {
  const others = runs.value.filter((each) => each.id !== run.id);
  runs.value = [run, ...others].sort((a, b) => (a.started_at < b.started_at ? 1 : -1));
}

async function returned() {
  try {
    const numbers = await get("/stats");
    const anew = numbers.since !== begun;
    say(anew ? "The sandbox was restarted. Connected again." : "Connected again.", { tone: "ok" });
    if (anew || numbers.seq < (stats.value?.seq ?? 0)) await start();
    else stats.value = numbers;
  } catch {
    // Gone again: the stream says so when it is back.
  }
}

// --- following --------------------------------------------------------------------------

function apply(entries) {
  batch(() => {
    let unknownRun = false;
    for (const entry of entries) {
      if (entry.kind === "emitted") emitted(entry);
      else if (entry.kind === "verdict") unknownRun = true;
      else changed(entry);
      if (entry.run_id && !runs.value.some((run) => run.id === entry.run_id)) unknownRun = true;
    }
    while (order.length > MOST) deliveries.delete(order.shift());
    revision.value += 1;
    if (unknownRun) runsSoon();
    // Each attempt may use up one of the answers that it was told to give next.
    if (subscriber.value?.next.length && entries.some((entry) => entry.kind === "attempted")) subscriberSoon();
    statsSoon();
  });
  for (const listen of listeners) listen(entries);
}

function emitted(entry) {
  for (const { delivery_id: id, connection_id, next_attempt_at = null } of entry.deliveries) {
    if (deliveries.has(id)) continue;
    stranger(connection_id);
    deliveries.set(id, {
      id,
      event_id: entry.event_id,
      event: entry.event,
      channel: entry.channel,
      who: entry.who,
      connection_id,
      run_id: entry.run_id,
      status: "PENDING",
      attempt_count: 0,
      next_attempt_at,
      emitted_at: entry.at,
      settled_at: null,
      data: entry.data,
      attempts: [],
    });
    order.push(id);
    if (!byRun.has(entry.run_id)) byRun.set(entry.run_id, []);
    byRun.get(entry.run_id).push(id);
  }
}

/** Somebody else may have made this connection meanwhile: it is looked for once, for it may be a run's own. */
function stranger(id) {
  if (looked.has(id) || connections.value.some((each) => each.id === id)) return;
  looked.add(id);
  connectionsSoon();
}

/** The newest deliveries of a run, newest first, at most *most*. */
export function ofRun(run_id, most) {
  return (byRun.get(run_id) ?? []).slice(-most).reverse().flatMap((id) => deliveries.get(id) ?? []);
}

/** Read the newest deliveries of a run with their attempts: what was there before the page was. */
export async function recall(run_id, most = 60) {
  const mine = generation;
  const page = await get(`/deliveries?run_id=${encodeURIComponent(run_id)}&limit=${most}`);
  const missing = page.items.filter((line) => !deliveries.get(line.id)?.data);
  const details = [];
  // A few at a time: a browser opens six connections, and one of them is the stream.
  for (let at = 0; at < missing.length; at += 4)
    details.push(...(await Promise.all(missing.slice(at, at + 4).map((line) => get(`/deliveries/${line.id}`)))));
  if (mine !== generation) return;
  for (const { attempts, ...line } of details) {
    const now = deliveries.get(line.id);
    // What the stream has said meanwhile is newer.
    if (now?.attempts.length > attempts.length) continue;
    deliveries.set(line.id, { ...line, data: dataOf(attempts[0]), attempts: attempts.filter((each) => !each.copy).map((each) => shortened(each)) });
  }
  const known = new Set(byRun.get(run_id));
  byRun.set(run_id, [...page.items.map((line) => line.id).reverse().filter((id) => !known.has(id)), ...known]);
  revision.value += 1;
}

function dataOf(attempt) {
  try {
    return JSON.parse(attempt.request.body).data;
  } catch {
    return null; // an attempt with a fault may have sent no JSON
  }
}

function changed(entry) {
  const known = deliveries.get(entry.delivery_id);
  // A copy (the fault "duplicate") is no attempt of its own, and decides nothing.
  if (!known || entry.copy) return;
  // A new object each time: whoever shows the old one sees that it has changed.
  const line = { ...known };
  if (entry.kind === "attempting") {
    line.attempt_count = entry.attempt;
    line.next_attempt_at = null;
    line.attempts = [...line.attempts, { attempt: entry.attempt, began: entry.at, seen: performance.now() }];
  } else if (entry.kind === "attempted") {
    line.attempt_count = Math.max(line.attempt_count, entry.attempt);
    line.next_attempt_at = entry.next_attempt_at;
    const before = line.attempts.find((each) => each.attempt === entry.attempt);
    line.attempts = [...line.attempts.filter((each) => each !== before), shortened(entry, before?.began)];
  } else if (entry.kind === "settled") {
    line.status = entry.status;
    line.attempt_count = entry.attempt_count;
    line.next_attempt_at = null;
    line.settled_at = entry.at;
  } else if (entry.kind === "resent") {
    line.status = "PENDING";
    line.settled_at = null;
    line.next_attempt_at = entry.next_attempt_at ?? null;
  }
  deliveries.set(line.id, line);
}

/** An attempt without its bodies: thousands of them are held. */
export function shortened(entry, began) {
  return {
    attempt: entry.attempt,
    began: began ?? entry.at,
    at: entry.at,
    started_at: entry.started_at,
    elapsed_ms: entry.elapsed_ms,
    response: entry.response ? { status: entry.response.status } : null,
    error: entry.error ?? null,
    next_attempt_at: entry.next_attempt_at,
    faults: entry.faults ?? [],
  };
}

/** *load* a while after it was asked for, once however often it was; what fails then is told by the link. */
function eventually(load, wait) {
  let timer = 0;
  return () => {
    timer ||= setTimeout(() => {
      timer = 0;
      load().catch(() => null);
    }, wait);
  };
}
const runsSoon = eventually(loadRuns, 200);
const looked = new Set();
const connectionsSoon = eventually(loadConnections, 200);
const subscriberSoon = eventually(loadSubscriber, 200);
const statsSoon = eventually(loadStats, 1000);

// --- saying -----------------------------------------------------------------------------

/** Do *work*; what goes wrong is said. Answers what it answers, or undefined. */
export async function attempt(work, done) {
  try {
    const answer = await work();
    if (done) say(done, { tone: "ok" });
    return answer;
  } catch (error) {
    if (error.name !== "Problem") throw error;
    say(error.detail, { tone: "bad" });
    return undefined;
  }
}

export { announce, say };
