// One click, and something goes wrong at the built-in subscriber; or right again.
import { post, put } from "../../api.js";
import { taken } from "../../format.js";
import { attempt, connections, loadConnections, loadSubscriber, ofRun, say, stats, subscriber } from "../../store.js";

export const DRAMA = [
  { id: "down", label: "Subscriber down", icon: "block", says: "The subscriber is down: nobody answers." },
  { id: "recover", label: "Recover", icon: "heart", says: "The subscriber is well again." },
  { id: "reject", label: "Reject the next three", icon: "bolt", says: "The next three requests will be refused." },
  { id: "slow", label: "Slow", icon: "turtle", says: "The subscriber takes three seconds for each answer." },
];

const SCRIPTS = {
  // On a clock that jumps, an outage would be over at once: there the answers fail instead.
  down: () => (stats.value?.clock.speed === "max" ? { respond: [503] } : { outage: { from: "0s", for: "24h", status: "down" } }),
  recover: () => ({ respond: [200], outage: null, next: [] }),
  reject: () => ({ next: [503, 503, 503] }),
  slow: () => ({ respond: [{ status: 200, after: "3s" }] }),
};

const acted = new Map(); // by run: when its last attempt had begun when somebody last did something to the subscriber

/** What the built-in subscriber has been told to do: "down", "reject", "slow" or null. */
export function mood() {
  const now = subscriber.value;
  if (!now) return null;
  if (now.outage) return "down";
  if (now.next.length) return "reject";
  const last = now.respond.at(-1);
  if (last?.after) return "slow";
  return (last?.status ?? last) === 200 ? null : "down";
}

const began = (each) => each.started_at ?? each.began;

/** The attempt of *lines* that began last, or null; each run has a clock of its own, and these keep it. */
function latest(lines) {
  let last = null;
  for (const line of lines) for (const each of line.attempts) if (!last || began(each) > began(last)) last = each;
  return last;
}

/** Whether the last answer was none that takes a delivery: a scenario has its own outages, and nobody tells of them. */
export function refuses(lines, run) {
  const last = latest(lines.map((line) => ({ attempts: line.attempts.filter((each) => each.started_at) })));
  return last !== null && !taken(last) && began(last) > (acted.get(run.id) ?? "");
}

/** Whether the run delivers to the built-in subscriber. */
export const builtIn = (run) => Boolean(subscriber.value) && run.connections.some((each) => each.url === subscriber.value.url);

/** Those of the server's connections that the run delivers to. */
export const served = (run) => connections.value.filter((each) => run.connections.some((own) => own.id === each.id));

export async function act(item, run) {
  if (builtIn(run)) {
    await attempt(() => put("/subscriber", SCRIPTS[item.id](run)), item.says);
    const last = latest(ofRun(run.id, 60));
    if (last) acted.set(run.id, began(last));
    await loadSubscriber();
    return;
  }
  if (item.id === "down" || item.id === "recover") return hold(run, item.id === "down");
  say("The subscriber is somebody's own: only the built-in one can be told what to answer.", { tone: "bad" });
}

/** Somebody's own subscriber is left alone: what would go there is held back instead. */
async function hold(run, back) {
  const mine = served(run);
  if (!mine.length) return say("These connections are the scenario's own, and cannot be held back.", { tone: "bad" });
  const told = [];
  for (const each of mine) told.push(await attempt(() => post(`/connections/${each.id}/${back ? "hold" : "release"}`)));
  await loadConnections();
  const [paused] = told.filter((each) => each && !each.active);
  if (paused && !back) return say(`${paused.name} is paused: resume it under Connections.`, { tone: "bad" });
  if (told.every(Boolean)) say(back ? "Deliveries are made and wait until you let them go." : "Deliveries go out again.", { tone: "ok" });
}
