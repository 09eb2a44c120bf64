// The run on stage: transport, timeline, phones, the subscriber's side.
import { html, useEffect } from "../../lib.js";
import { go, href, presenting, refine, route } from "../../router.js";
import { useShortcuts } from "../../keys.js";
import { CHANNELS } from "../../format.js";
import { Badge, Button, Empty, IconButton, Segmented } from "../../ui/basics.js";
import { announce, ofRun, revision } from "../../store.js";
import { over, useRun } from "./playing.js";
import { runTone, runWord, SPEEDS } from "./chooser.js";
import { Timeline } from "./timeline.js";
import { Phones } from "./phones.js";
import { Subscriber } from "./subscriber.js";
import { act, DRAMA } from "./drama.js";

export function Theatre({ id }) {
  const playing = useRun(id);
  const { run } = playing;
  const quiet = route.value.query.notes === "no";
  const present = () => (presenting.value ? leave() : enter());
  useShortcuts(
    [
      { keys: "space", does: "Play or pause", group: "Stage", run: () => run.value && !over(run.value) && playing.toggle() },
      { keys: "arrowright", does: "One step", group: "Stage", run: () => run.value && !over(run.value) && playing.step() },
      { keys: "r", does: "Play it again", group: "Stage", run: () => run.value && playing.restart() },
      { keys: "]", does: "Faster", group: "Stage", run: () => faster(playing, 1) },
      { keys: "[", does: "Slower", group: "Stage", run: () => faster(playing, -1) },
      { keys: "p", does: "Present", group: "Stage", run: present },
      { keys: "f", does: "Full screen", group: "Stage", run: fullScreen },
      { keys: "n", does: "Notes", group: "Stage", run: () => refine({ notes: route.value.query.notes === "no" ? null : "no" }) },
      { keys: "escape", does: "Stop presenting", group: "Stage", run: () => presenting.value && leave() },
      ...DRAMA.map((item, index) => ({ keys: String(index + 1), does: item.label, group: "Drama", run: () => run.value && act(item, run.value) })),
    ],
    [playing],
  );
  const note = run.value?.note;
  useEffect(() => note && announce(note), [note]);

  if (!run.value && playing.error.value)
    return html`<h1 class="sr-only">Stage</h1>
      <${Empty} icon="stage" title="This run is not here" actions=${html`<a class="button primary" href=${href("stage")}>Choose a scenario</a>`}>
        ${playing.error.value.detail} It may have been forgotten by a reset.
      <//>`;
  if (!run.value) return html`<h1>Stage</h1>`;
  return html`
    <header class="stage-head">
      <div class="grow">
        ${!presenting.value && html`<a class="crumb quiet" href=${href("stage")}>Stage</a>`}
        <h1>${run.value.name}</h1>
      </div>
      <${Badge} tone=${runTone(run.value)}>${runWord(run.value)}<//>
      <${Button} kind="quiet" icon="present" onClick=${present}>${presenting.value ? "Stop presenting" : "Present"}<//>
    </header>
    <${Transport} playing=${playing} />
    <${Timeline} playing=${playing} />
    ${!quiet && html`<${Note} run=${run.value} />`}
    <div class="stage-floor">
      <${Floor} playing=${playing} />
    </div>
  `;
}

function Floor({ playing }) {
  revision.value; // whatever has changed may be ours
  const run = playing.run.value;
  const lines = ofRun(run.id, 60);
  const named = run.steps.flatMap((step) => step.channels);
  const channels = Object.keys(CHANNELS).filter((channel) => named.includes(channel) || lines.some((line) => line.channel === channel));
  return html`<${Phones} lines=${lines} channels=${channels} /><${Subscriber} playing=${playing} lines=${lines} />`;
}

function Note({ run }) {
  const verdict = run.verdict;
  if (over(run) && verdict) {
    const wrong = verdict.expectations.filter((each) => !each.passed);
    return html`<div class="stage-note" data-tone=${verdict.passed ? "ok" : "bad"}>
      <p>${verdict.passed ? "Every expectation held." : wrong.map((each) => `Expected: ${each.text}. In fact: ${each.actual}.`).join(" ")}</p>
    </div>`;
  }
  if (!run.steps.some((step) => step.note)) return null;
  return html`<div class="stage-note" data-tone="accent"><p>${run.note ?? "…"}</p></div>`;
}

function Transport({ playing }) {
  const run = playing.run.value;
  const ended = over(run);
  return html`<div class="transport" role="group" aria-label="Playing">
    <div class="row">
      ${ended
        ? html`<${Button} kind="primary" icon="restart" onClick=${playing.restart}>Play it again<//>`
        : html`<${Button} kind="primary" icon=${run.status === "paused" ? "play" : "pause"} onClick=${playing.toggle}>
              ${run.status === "paused" ? "Play" : "Pause"}<//>
            <${IconButton} icon="step" label="One step" onClick=${playing.step} />
            <${IconButton} icon="restart" label="Play it again from the beginning" onClick=${playing.restart} />
            <${IconButton} icon="stop" label="Stop" onClick=${playing.stop} />`}
    </div>
    ${!ended && html`<${Segmented} label="Speed" value=${run.speed} options=${SPEEDS} onChange=${playing.speed} />`}
    <${Clock} playing=${playing} />
    <${Counts} run=${run} />
  </div>`;
}

function Clock({ playing }) {
  const since = playing.now() - Date.parse(playing.run.value.begins_at);
  const seconds = Math.max(0, Math.floor(since / 1000));
  const shown = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((each) => String(each).padStart(2, "0"));
  return html`<div class="stage-clock" role="timer" aria-label="Since the beginning, on the run's clock">
    <span class="number">${shown.join(":")}</span>
  </div>`;
}

function Counts({ run }) {
  const { SUCCESS = 0, PENDING = 0, FAILED = 0, DEAD_LETTER = 0 } = run.deliveries;
  const items = [
    ["ok", SUCCESS, "taken"],
    ["wait", PENDING, "pending"],
    ["bad", FAILED, "failed"],
    ["dead", DEAD_LETTER, "dead letter"],
  ];
  return html`<ul class="stage-counts" aria-label="Deliveries">
    ${items.map(([tone, count, says]) => html`<li key=${says} data-tone=${tone} data-none=${count === 0 ? "yes" : undefined}><b class="number">${count}</b> ${says}</li>`)}
  </ul>`;
}

// --- steering by key ----------------------------------------------------------------------

function faster(playing, by) {
  const { run } = playing;
  if (!run.value || over(run.value)) return;
  const at = SPEEDS.findIndex(([speed]) => speed === run.value.speed);
  const next = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? 0 : at) + by))];
  playing.speed(next[0]);
}

function enter() {
  refine({ present: "yes" }, { replace: false });
  fullScreen();
}

function leave() {
  const { area, id, query } = route.value;
  if (document.fullscreenElement) document.exitFullscreen();
  go(area, id, { ...query, present: null });
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  // Where the browser forbids it, the page is as large as its window.
  else document.documentElement.requestFullscreen?.().catch(() => null);
}
