// One run as the stage sees it: read again and again while it goes on, and steered.
import { signal, useEffect, useMemo } from "../../lib.js";
import { get, post, put } from "../../api.js";
import { go, route } from "../../router.js";
import { clockOf, tick, watch } from "../../clock.js";
import { attempt, epoch, keepRun, onEntries, recall, scenarios } from "../../store.js";
import { still } from "../../theme.js";

export const over = (run) => run.status !== "playing" && run.status !== "paused";

/** Play a scenario by its name or text, and put it on stage. */
export async function play(body) {
  const run = await attempt(() => post("/runs", body));
  if (!run) return;
  keepRun(run);
  const { present } = route.value.query;
  go("stage", run.id, { present });
}

/** {run, error, clock, steer}: signals of the run *id*, and what can be done with it. */
export function useRun(id) {
  const made = useMemo(() => makeRun(id), [id]);
  useEffect(() => made.follow(), [made]);
  useEffect(() => {
    recall(id).catch(() => null); // what is wrong is told by the run itself
  }, [id, epoch.value]);
  return made;
}

function makeRun(id) {
  const run = signal(null);
  const error = signal(null);
  let clock = clockOf(0, 0, true);
  let timer = 0;
  let busy = false;

  function take(document) {
    clock = clockOf(Date.parse(document.at), document.speed, document.status === "paused" || (over(document) && !document.deliveries.PENDING));
    run.value = document;
    keepRun(document);
  }

  async function read() {
    if (busy) return;
    busy = true;
    try {
      take(await get(`/runs/${encodeURIComponent(id)}`));
      error.value = null;
    } catch (problem) {
      error.value = problem;
    }
    busy = false;
  }

  // The stream tells of deliveries; only the run itself tells of its steps and its clock.
  const going = () => run.value && (!over(run.value) || run.value.deliveries.PENDING);

  function schedule() {
    clearTimeout(timer);
    if (error.value?.status === 404) return; // it will not come back
    timer = setTimeout(async () => (await read(), schedule()), going() ? 400 : 3000);
  }

  function follow() {
    read().then(schedule);
    const ends = [watch(still.value ? 1000 : 100), onEntries((entries) => !going() && entries.some((entry) => entry.run_id === id) && read())];
    return () => (clearTimeout(timer), ends.forEach((end) => end()));
  }

  /** What the run is after *work*; where it had ended just before, what it is now: that is no error. */
  async function steered(work) {
    const answer = await attempt(async () => {
      try {
        return await work();
      } catch (problem) {
        if (problem.status !== 409) throw problem;
        const now = await get(`/runs/${encodeURIComponent(id)}`);
        if (!over(now)) throw problem;
        return now;
      }
    });
    if (answer) take(answer);
    return answer;
  }

  const steer = (name) => steered(() => post(`/runs/${id}/${name}`));

  return {
    run,
    error,
    /** The moment on the run's clock, in ms; read within a component it goes on. */
    now: () => (tick.value, clock.now()),
    factor: () => clock.factor,
    toggle: () => steer(run.value.status === "paused" ? "resume" : "pause"),
    async step() {
      if (run.value.status === "playing") await steer("pause");
      await steer("step");
    },
    stop: () => steer("stop"),
    speed: (speed) => steered(() => put(`/runs/${id}/clock`, { speed })),
    /** The same again: the same people, by the same seed. */
    async restart() {
      const { name, source, seed, speed } = run.value;
      if (!over(run.value)) await steer("stop");
      const known = scenarios.value.find((each) => each.title === name && each.valid);
      const what = known ? { scenario: known.name } : { scenario_yaml: source };
      await play({ ...what, seed, speed: speed === "manual" ? 1 : speed });
    },
    follow,
  };
}
