// The scenario's steps in a row, each as wide as it is long, and where the run is in it.
import { cls, html } from "../../lib.js";
import { span } from "../../format.js";
import { over } from "./playing.js";

const LEAST = 1; // of the width that an instant gets
const UNKNOWN = 6; // and a step whose length nobody knows

function weight(step, longest) {
  if (step.takes_ms === null) return UNKNOWN;
  return LEAST + (longest ? (step.takes_ms / longest) * 12 : 0);
}

export function Timeline({ playing }) {
  const run = playing.run.value;
  const longest = Math.max(0, ...run.steps.map((step) => step.takes_ms ?? 0));
  const at = run.step ?? (over(run) && run.status === "finished" ? run.steps.length : -1);
  return html`<ol class="timeline" aria-label="The scenario's steps">
    ${run.steps.map(
      (step, index) => html`<${Segment}
        key=${index}
        step=${step}
        state=${index < at ? "done" : index === at ? "now" : "ahead"}
        share=${weight(step, longest)}
        playing=${index === at ? playing : null}
      />`,
    )}
  </ol>`;
}

function Segment({ step, state, share, playing }) {
  const says = step.kind === "emit" ? step.says.replace(/^chat\.created( · )?/, "") || "somebody new" : step.says;
  const label = `${step.kind}: ${step.says}${step.note ? `. ${step.note}` : ""}`;
  return html`<li class=${cls("segment", step.note && "noted")} data-kind=${step.kind} data-state=${state} style=${{ flexGrow: share }} aria-current=${state === "now" ? "step" : undefined} title=${label}>
    <span class="segment-bar">
      <${Fill} step=${step} state=${state} playing=${playing} />
      ${step.kind === "emit" || step.kind === "repeat" ? step.channels.slice(0, 4).map((channel) => html`<i key=${channel} data-channel=${channel}></i>`) : null}
    </span>
    <span class="segment-text"><b>${step.kind}</b> <span>${says}</span></span>
  </li>`;
}

function Fill({ step, state, playing }) {
  let done = state === "done" ? 1 : 0;
  let left = null;
  if (playing && playing.run.value.step_at) {
    const passed = playing.now() - Date.parse(playing.run.value.step_at);
    done = step.takes_ms ? Math.min(1, Math.max(0, passed / step.takes_ms)) : 0.5;
    if (step.takes_ms) left = step.takes_ms - passed;
  }
  return html`<span class="segment-fill" style=${{ transform: `scaleX(${done})` }}></span>${left > 1000 && html`<span class="segment-left number">${span(left)}</span>`}`;
}
