// The subscriber's side: each delivery as it happens, its attempts in time.
import { html } from "../../lib.js";
import { href, presenting } from "../../router.js";
import { CHANNELS, millis, outcome, span, STATUSES, taken } from "../../format.js";
import { standing } from "../../names.js";
import { Button } from "../../ui/basics.js";
import { person } from "./people.js";
import { act, builtIn, DRAMA, mood, refuses, served } from "./drama.js";

const SHOWN = 40;
const MOODS = { down: ["bad", "down"], reject: ["wait", "refusing"], slow: ["wait", "slow"], refuses: ["bad", "not well"] };

export function Subscriber({ playing, lines }) {
  const run = playing.run.value;
  const own = !builtIn(run);
  const stands = own ? served(run).map((each) => standing(each.id)).find(Boolean) : null;
  const [tone, word] = own ? (stands ? ["wait", stands] : ["ok", "your own"]) : MOODS[mood() ?? (refuses(lines, run) ? "refuses" : "")] ?? ["ok", "well"];
  const names = run.connections.map((each) => each.name).join(", ");
  return html`<section class="desk" aria-label="The subscriber's side">
    <header class="desk-head">
      <div class="grow">
        <h2>${names || "The subscriber"}</h2>
        <p class="quiet truncate">${presenting.value ? "hears of every first contact" : run.connections.map((each) => each.url).join(", ")}</p>
      </div>
      <span class="mood" data-tone=${tone}><i></i>${word}</span>
    </header>
    <div class="drama" role="group" aria-label="Drama">
      ${DRAMA.filter((item) => !own || item.id === "down" || item.id === "recover").map(
        (item) => html`<${Button} key=${item.id} icon=${item.icon} class=${`drama-${item.id}`} aria-pressed=${own ? item.id === "down" && served(run).some((each) => each.held) : mood() === item.id} onClick=${() => act(item, run)}>
          ${own ? (item.id === "down" ? "Hold deliveries back" : "Let them go") : item.label}<//>`,
      )}
    </div>
    <${Waterfall} playing=${playing} lines=${lines.slice(0, SHOWN)} />
  </section>`;
}

function Waterfall({ playing, lines }) {
  if (!lines.length) return html`<p class="waterfall-none quiet">Deliveries appear here as they are made.</p>`;
  const now = playing.now();
  const from = Math.min(...lines.map((line) => Date.parse(line.emitted_at)));
  const known = lines.flatMap((line) => [Date.parse(line.emitted_at), line.next_attempt_at && Date.parse(line.next_attempt_at), line.settled_at && Date.parse(line.settled_at)]);
  const pending = lines.some((line) => line.status === "PENDING");
  const to = Math.max(from + 4000, ...known.filter(Boolean), pending ? now : 0);
  const share = (moment) => Math.min(1, Math.max(0, (moment - from) / (to - from)));
  return html`<ol class="waterfall" aria-label="Deliveries, newest first">
    ${lines.map((line) => html`<${Row} key=${line.id} line=${line} share=${share} now=${now} />`)}
  </ol>
  <div class="waterfall-axis quiet number" aria-hidden="true"><span>0 s</span><span>${span((to - from) / 2)}</span><span>${span(to - from)}</span></div>`;
}

/** What attempts came to, in order; the same several times in a row is one, and says how often. */
function codes(attempts) {
  const made = [];
  for (const each of attempts) {
    const says = outcome(each);
    if (made.at(-1)?.says === says) Object.assign(made.at(-1), { count: made.at(-1).count + 1, took: each.elapsed_ms });
    else made.push({ says, count: 1, first: each.attempt, took: each.elapsed_ms, tone: !each.response && !each.error ? "wait" : taken(each) ? "ok" : "bad" });
  }
  return made;
}

function Row({ line, share, now }) {
  const who = person(line);
  const due = line.next_attempt_at ? Date.parse(line.next_attempt_at) : null;
  const flying = line.status === "PENDING" && line.attempts.some((each) => !each.response && !each.error);
  const { tone, name } = STATUSES[line.status];
  // Due, and not gone out: it stands at its connection.
  const late = line.status === "PENDING" && !flying && !(due > now) ? standing(line.connection_id) : null;
  const end = line.settled_at ? Date.parse(line.settled_at) : late ? now : due ?? now;
  const percent = (value) => `${(value * 100).toFixed(2)}%`;
  const start = share(Date.parse(line.emitted_at));
  return html`<li class="fall" data-tone=${line.status === "PENDING" && line.attempts.some((each) => each.response || each.error) ? "bad" : tone} data-status=${line.status}>
    <a href=${href("deliveries", line.id)} tabindex=${presenting.value ? -1 : undefined}>
      <span class="fall-who"><i class="fall-channel" data-channel=${line.channel} title=${CHANNELS[line.channel]?.name}></i><span class="truncate" dir="auto">${who.name}</span></span>
      <span class="fall-track" aria-hidden="true">
        <span class="fall-line" style=${{ left: percent(start), width: percent(Math.max(0, share(end) - start)) }}></span>
        ${due && due > now && html`<span class="fall-due" style=${{ left: percent(share(due)) }}></span>`}
        ${line.attempts.map((each) => {
          const open = !each.response && !each.error;
          const at = share(Date.parse(each.at ?? each.began));
          return html`<i key=${each.attempt} class="blip" data-tone=${open ? "wait" : taken(each) ? "ok" : "bad"} data-open=${open ? "yes" : undefined} style=${{ left: percent(at) }}></i>`;
        })}
      </span>
      <span class="fall-says">
        ${line.status === "PENDING"
          ? flying
            ? html`<span data-tone="wait" class="says">attempt ${line.attempt_count}…</span>`
            : late
              ? html`<span data-tone="wait" class="says">${late}</span>`
              : due
                ? html`<span data-tone="wait" class="says">${line.attempts.length ? "again in" : "in"} <b class="number">${span(due - now)}</b></span>`
                : html`<span data-tone="wait" class="says">waiting</span>`
          : html`<span data-tone=${tone} class="says">${name}</span>`}
        <span class="codes number">${codes(line.attempts).slice(-4).map(({ says, tone: its, first, count, took }) => html`<code key=${first} data-tone=${its} title=${millis(took)}>${count > 1 ? `${count}× ` : ""}${says}</code>`)}</span>
      </span>
    </a>
  </li>`;
}
