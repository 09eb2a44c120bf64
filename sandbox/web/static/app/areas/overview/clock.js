// The server's clock, for events sent by hand: what it shows, how fast it goes, and on with it.
import { html, useEffect, useMemo, useState } from "../../lib.js";
import { post, put } from "../../api.js";
import { attempt, loadStats, stats } from "../../store.js";
import { still } from "../../theme.js";
import { clockOf, tick, watch } from "../../clock.js";
import { day, span, time } from "../../format.js";
import { Button, Card, Field, Segmented } from "../../ui/basics.js";

const SPEEDS = [
  [1, "1×"],
  [60, "60×"],
  ["max", "Max"],
  ["manual", "By hand"],
];
const STEPS = ["5s", "1m", "1h", "24h"];

export function ClockCard({ clock }) {
  const [by, setBy] = useState("1h");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => watch(still.value ? 1000 : 200), []);
  const running = useMemo(() => clockOf(Date.parse(clock.at), clock.speed, clock.paused), [clock]);
  tick.value;
  const now = new Date(running.now()).toISOString();

  const keep = (answer) => answer && (stats.value = { ...stats.value, clock: answer });
  const setSpeed = async (speed) => keep(await attempt(() => put("/clock", { speed })));

  async function advance(distance) {
    setBusy(true);
    setError(null);
    try {
      keep(await post("/clock/advance", { by: distance }));
      await loadStats();
    } catch (problem) {
      setError(problem.about?.("/by") ?? problem.message);
    }
    setBusy(false);
  }

  return html`<${Card} title="The sandbox's clock" class="clock-card">
    <div class="card-body">
      <p class="clock-face"><time datetime=${now} class="number">${time(now)}</time><span class="quiet">${day(now)}, UTC</span></p>
      <${Segmented} label="Speed of the clock" value=${clock.speed} options=${SPEEDS} onChange=${setSpeed} />
      ${clock.speed === "manual"
        ? html`<div class="row">${STEPS.map((step) => html`<${Button} key=${step} class="small" disabled=${busy} onClick=${() => advance(step)}>+${step}<//>`)}</div>
            <form class="clock-advance" onSubmit=${(event) => (event.preventDefault(), advance(by))}>
              <${Field} label="Advance by" error=${error}>
                ${(control) => html`<input ...${control} value=${by} onInput=${(event) => setBy(event.target.value)} autocomplete="off" spellcheck="false" />`}
              <//>
              <${Button} icon="forward" busy=${busy} type="submit">Advance<//>
            </form>`
        : html`<p class="quiet">Events sent by hand go by this clock; each run has one of its own. By hand, it stands until it is advanced.</p>`}
      <p class="quiet">${clock.next_due ? `Next due ${clock.speed === "manual" ? `in ${span(Date.parse(clock.next_due) - running.now())}` : `at ${time(clock.next_due)}`}.` : "Nothing is due."}</p>
    </div>
  <//>`;
}
