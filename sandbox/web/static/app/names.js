// What connections are called, and whether anything goes out to them: the server's own, and those that only a run has.
import { signal } from "./lib.js";
import { get } from "./api.js";
import { connections, runs } from "./store.js";

/** Names by id, of the connections that only runs have. */
export const ofRuns = signal(new Map());
const asked = new Set();

/** The name of a connection; of one that is gone, the end of its id. */
export function connectionName(id) {
  const own = connections.value.find((each) => each.id === id);
  return own?.name ?? ofRuns.value.get(id) ?? (id ? `…${id.slice(-6)}` : "");
}

/** Why nothing goes out to this connection for now, "held back" or "paused"; null where it does. */
export function standing(id) {
  const own = connections.value.find((each) => each.id === id);
  return own?.held ? "held back" : own && !own.active ? "paused" : null;
}

/** Find out what the connections of this run are called, once. */
export async function learnNames(runId) {
  // What is emitted by hand belongs to no run that could be asked for.
  if (asked.has(runId) || !runs.value.some((run) => run.id === runId)) return;
  asked.add(runId);
  try {
    const run = await get(`/runs/${runId}`);
    ofRuns.value = new Map([...ofRuns.value, ...run.connections.map((each) => [each.id, each.name])]);
  } catch {
    // Forgotten meanwhile: the end of the id has to do.
  }
}
