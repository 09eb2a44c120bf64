// Overview: how it goes. The numbers are the server's; the page adds nothing up itself.
import { html, signal, useEffect } from "../lib.js";
import { get } from "../api.js";
import { href } from "../router.js";
import { attempt, empty, loadStats, stats } from "../store.js";
import { CHANNELS, millis, number, percent, preciseTime } from "../format.js";
import { Badge, Card, Channel, Head } from "../ui/basics.js";
import { Icon } from "../ui/icons.js";
import { Chart } from "./overview/chart.js";
import { ClockCard } from "./overview/clock.js";

const OFTEN = 2000;
const course = signal(null);

async function read() {
  const [, told] = await Promise.all([loadStats(), get("/stats/course")]);
  course.value = told;
}

export function Overview() {
  useEffect(() => {
    attempt(read);
    // What cannot be read while the sandbox is away is told by the link.
    const timer = setInterval(() => document.hidden || read().catch(() => null), OFTEN);
    return () => clearInterval(timer);
  }, []);
  const numbers = stats.value;
  if (!numbers) return html`<${Head} title="Overview" />`;
  const since = `since ${preciseTime(numbers.since).slice(0, 8)} UTC`;
  return html`
    <${Head} title="Overview" lede=${`Everything in the journal. The chart and the answering times begin at ${since.slice(6)}, when this sandbox was started or emptied.`} />
    ${empty.value && html`<${Begin} />`}
    <${Tiles} numbers=${numbers} />
    <div class="overview-grid">
      <${Card} title="Events and attempts" class="overview-wide" actions=${html`<span class="quiet">${since}</span>`}><${Chart} course=${course} /><//>
      <${ClockCard} clock=${numbers.clock} />
      <${ByChannel} attempts=${numbers.attempts} />
      <${Latency} latency=${numbers.latency} since=${since} />
      <${Outcomes} attempts=${numbers.attempts} />
    </div>
  `;
}

function Begin() {
  const steps = [
    ["connections", "Connect your system", "Its address, and a secret that both sides know.", "connections"],
    ["compose", "Send one event", "A first contact, on the channel of your choice.", "compose"],
    ["stage", "Or play a scenario", "The built-in subscriber answers: nothing else is needed.", "stage"],
  ];
  return html`<section class="begin" aria-label="How to begin">
    <h2>Nothing has happened here yet</h2>
    <ol>
      ${steps.map(
        ([area, title, says, icon]) => html`<li key=${area}>
          <a href=${href(area)}><span class="begin-icon"><${Icon} name=${icon} size=${20} /></span><b>${title}</b><span class="quiet">${says}</span></a>
        </li>`,
      )}
    </ol>
  </section>`;
}

function Tiles({ numbers }) {
  const { SUCCESS = 0, PENDING = 0, FAILED = 0, DEAD_LETTER = 0 } = numbers.deliveries;
  const settled = SUCCESS + FAILED + DEAD_LETTER;
  const oldest = numbers.pending.oldest;
  return html`<dl class="tiles">
    <${Tile} name="Events" value=${number(numbers.events)} />
    <${Tile} name="Attempts" value=${number(numbers.attempts.total)} />
    <${Tile} name="Delivered" value=${settled ? percent(SUCCESS / settled) : "–"} tone=${settled && SUCCESS < settled ? "bad" : "ok"}>
      ${settled ? `${number(SUCCESS)} of ${number(settled)} settled` : "nothing has settled"}
    <//>
    <${Tile} name="Pending" value=${number(PENDING)} tone=${PENDING ? "wait" : undefined}>
      ${oldest ? html`<a href=${href("deliveries", oldest.delivery_id)}>oldest: ${oldest.age}</a>` : "nothing waits"}
    <//>
    <${Tile} name="Dead letters" value=${number(DEAD_LETTER)} tone=${DEAD_LETTER ? "dead" : undefined}>
      ${DEAD_LETTER ? html`<a href=${href("deliveries", null, { status: "DEAD_LETTER" })}>look at them</a>` : `${number(FAILED)} failed otherwise`}
    <//>
  </dl>`;
}

function Tile({ name, value, tone, children }) {
  return html`<div class="tile" data-tone=${tone}>
    <dt>${name}</dt>
    <dd><span class="tile-value number">${value}</span>${children && html`<span class="tile-more">${children}</span>`}</dd>
  </div>`;
}

function ByChannel({ attempts }) {
  const channels = Object.keys(CHANNELS).filter((channel) => attempts.by_channel[channel]);
  return html`<${Card} title="Attempts accepted" actions=${html`<span class="quiet">by channel, retries counted</span>`}>
    ${channels.length
      ? html`<ul class="bars">
          ${channels.map((channel) => {
            const all = attempts.by_channel[channel];
            const good = attempts.accepted_by_channel[channel] ?? 0;
            return html`<li key=${channel} data-channel=${channel}>
              <span><${Channel} channel=${channel} /></span>
              <span class="bar"><i style=${{ width: `${(good / all) * 100}%` }}></i></span>
              <span class="number"><b>${percent(good / all)}</b> <span class="quiet">${number(good)} of ${number(all)}</span></span>
            </li>`;
          })}
        </ul>`
      : html`<p class="card-body quiet">No attempt has been made.</p>`}
  <//>`;
}

function Latency({ latency, since }) {
  const rows = [
    ["p50", "half of them", latency.p50_ms],
    ["p90", "nine of ten", latency.p90_ms],
    ["p99", "99 of 100", latency.p99_ms],
    ["max", "the slowest", latency.max_ms],
  ];
  const longest = latency.max_ms || 1;
  return html`<${Card} title="How long answers take" actions=${html`<span class="quiet">the last ${number(latency.attempts)}</span>`}>
    ${latency.attempts
      ? html`<ul class="bars">
          ${rows.map(
            ([name, says, value]) => html`<li key=${name}>
              <span><b>${name}</b> <span class="quiet">${says}</span></span>
              <span class="bar"><i style=${{ width: `${Math.max(1.5, (value / longest) * 100)}%` }}></i></span>
              <span class="number"><b>${millis(value)}</b></span>
            </li>`,
          )}
        </ul>`
      : html`<p class="card-body quiet">No attempt has been made ${since}.</p>`}
  <//>`;
}

function Outcomes({ attempts }) {
  const rows = Object.entries(attempts.by_outcome).sort(([, a], [, b]) => b - a);
  return html`<${Card} title="What attempts came to">
    ${rows.length
      ? html`<ul class="outcomes">
          ${rows.map(
            ([kind, count]) => html`<li key=${kind}><${Badge} tone=${kind === "2xx" ? "ok" : "bad"}>${kind}<//><span class="number"><b>${number(count)}</b> <span class="quiet">${percent(count / attempts.total)}</span></span></li>`,
          )}
        </ul>`
      : html`<p class="card-body quiet">No attempt has been made.</p>`}
  <//>`;
}
