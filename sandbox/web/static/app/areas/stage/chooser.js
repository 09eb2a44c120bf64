// What may be played, and what has been.
import { html, useState } from "../../lib.js";
import { runs, scenarios } from "../../store.js";
import { href } from "../../router.js";
import { dayTime, plural } from "../../format.js";
import { Badge, Button, Card, Head, Segmented } from "../../ui/basics.js";
import { Icon } from "../../ui/icons.js";
import { play } from "./playing.js";

export const SPEEDS = [
  [1, "1×"],
  [5, "5×"],
  [30, "30×"],
  ["max", "Max"],
];
const FIRST = "sales-demo";
const RUN_TONES = { playing: "accent", paused: "wait", finished: "ok", stopped: "plain", interrupted: "bad", failed: "bad" };

export function runTone(run) {
  return run.verdict && run.status === "finished" ? (run.verdict.passed ? "ok" : "bad") : RUN_TONES[run.status];
}
export function runWord(run) {
  if (run.status !== "finished" || !run.verdict) return run.status;
  return run.verdict.passed ? "passed" : "not as expected";
}

export function Chooser() {
  const [speed, setSpeed] = useState(1);
  const playable = scenarios.value.filter((item) => item.valid);
  const first = playable.find((item) => item.name === FIRST);
  const others = playable.filter((item) => item !== first);
  return html`
    <${Head} title="Stage" lede="Play a scenario and watch first contacts arrive: on the phones, and at the system that hears of them.">
      <span class="quiet" id="speed-label">Speed</span>
      <${Segmented} label="Speed" value=${speed} options=${SPEEDS} onChange=${setSpeed} />
    <//>
    ${first &&
    html`<section class="hero" aria-label=${first.title}>
      <div class="hero-text">
        <p class="hero-kicker">Made for an audience</p>
        <h2>${first.title}</h2>
        <p>${first.description}</p>
        <${Button} kind="primary" icon="play" onClick=${() => play({ scenario: first.name, speed })}>Play it<//>
      </div>
      <div class="hero-art" aria-hidden="true"><i></i><i></i><i></i><i></i></div>
    </section>`}
    <ul class="scenario-cards">
      ${others.map(
        (item) => html`<li key=${item.name} class="card scenario-card">
          <h2>${item.title}</h2>
          <p class="quiet">${item.description}</p>
          <div class="scenario-card-foot">
            <${Button} icon="play" onClick=${() => play({ scenario: item.name, speed })} aria-label=${`Play ${item.title}`}>Play<//>
            <a class="quiet" href=${href("scenarios", item.name)}>Read it</a>
            ${!item.shipped && html`<${Badge} tone="accent" dot=${false}>yours<//>`}
          </div>
        </li>`,
      )}
    </ul>
    ${runs.value.length > 0 &&
    html`<${Card} title="Played before">
      <ul class="run-list">
        ${runs.value.slice(0, 12).map(
          (run) => html`<li key=${run.id}>
            <a href=${href("stage", run.id)}>
              <span class="grow truncate">${run.name}</span>
              <span class="quiet number">${plural(Object.values(run.deliveries).reduce((sum, each) => sum + each, 0), "delivery", "deliveries")}</span>
              <time class="quiet" datetime=${run.started_at}>${dayTime(run.started_at)}</time>
              <${Badge} tone=${runTone(run)}>${runWord(run)}<//><${Icon} name="right" />
            </a>
          </li>`,
        )}
      </ul>
    <//>`}
  `;
}
