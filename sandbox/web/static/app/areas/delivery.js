// One delivery: its attempts, what was sent and what came back, why it was refused.
import { html, useEffect, useMemo, useRef, useState } from "../lib.js";
import { get, post } from "../api.js";
import { curl } from "../curl.js";
import { changedLines, headerChanges, valueChanges } from "../difference.js";
import { capital, dayTime, millis, ms, outcome, plural, preciseTime, span, taken } from "../format.js";
import { useShortcuts } from "../keys.js";
import { connectionName, learnNames, standing } from "../names.js";
import { href, refine, route } from "../router.js";
import { attempt as trying, connections, deliveries, epoch, link, revision, runs } from "../store.js";
import { Badge, Button, Channel, Copy, Empty, StatusBadge } from "../ui/basics.js";
import { Icon } from "../ui/icons.js";
import { Json, pretty } from "../ui/json.js";
import { Said } from "../ui/said.js";
import { Signature } from "./signature.js";

const PARTS = [
  ["request", "Request"],
  ["answer", "Answer"],
  ["signature", "Signature"],
];

export function Delivery({ id, back }) {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  const title = useRef(null);
  revision.value;
  const line = deliveries.get(id);
  // Read anew whenever something has happened to it, and when the server is back.
  const happened = `${line?.status}/${line?.attempt_count}/${line?.attempts.filter((each) => each.at).length}/${link.value === "live"}/${epoch.value}`;
  useEffect(() => {
    const stop = new AbortController();
    get(`/deliveries/${encodeURIComponent(id)}`, { signal: stop.signal }).then(
      (document) => (setFound(document), setProblem(null)),
      (error) => error.name !== "AbortError" && setProblem(error),
    );
    return () => stop.abort();
  }, [id, happened]);
  useEffect(() => {
    if (found && !connections.value.some((each) => each.id === found.connection_id)) learnNames(found.run_id);
  }, [found?.run_id, runs.value.length]);
  useEffect(() => title.current?.focus({ preventScroll: true }), [found === null]);

  const resend = () => trying(() => post(`/deliveries/${encodeURIComponent(id)}/resend`), "It is sent once more.");
  useShortcuts([{ keys: "r", does: "Resend the delivery", run: () => found && found.status !== "PENDING" && resend() }], [found?.status]);

  if (problem && (!found || problem.status === 404))
    return html`<section class="card delivery" aria-label="Delivery">
      <${Empty} icon="alert" title="It is not there" actions=${html`<a class="button" href=${back}>Back to the list</a>`}>
        ${problem.status === 404 ? "No delivery has this id. It may have been forgotten: by a reset, or by its age." : problem.detail}
      <//>
    </section>`;
  if (!found) return html`<section class="card delivery loading" aria-label="Delivery" aria-busy="true"></section>`;
  const status = line?.status ?? found.status;
  return html`<section class="delivery" aria-label="Delivery">
    <header class="delivery-head">
      <div class="row">
        <a class="icon-button" href=${back} aria-label="Close the delivery" title="Close (Escape)"><${Icon} name="left" /></a>
        <h2 tabindex="-1" ref=${title} class="grow truncate" dir="auto">${found.who || "Nobody known"}</h2>
        <${StatusBadge} status=${status} />
        <${Button} icon="send" disabled=${status === "PENDING"} title=${status === "PENDING" ? "It is being sent anyway" : "Resend (r)"} onClick=${resend}>Resend<//>
      </div>
      <dl class="facts">
        <div><dt>Event</dt><dd>${found.event}</dd></div>
        <div><dt>Channel</dt><dd><${Channel} channel=${found.channel} /></dd></div>
        <div><dt>To</dt><dd><a href=${href("connections", found.connection_id)} dir="auto">${connectionName(found.connection_id)}</a></dd></div>
        <div><dt>Emitted</dt><dd><time datetime=${found.emitted_at}>${dayTime(found.emitted_at)}</time></dd></div>
        <div class="wide"><dt>Event id</dt><dd class="mono copyable">${found.event_id}<${Copy} text=${found.event_id} /></dd></div>
      </dl>
    </header>
    <${Attempts} delivery=${found} next=${line?.next_attempt_at ?? found.next_attempt_at} />
  </section>`;
}

/** How an attempt is named in the address; its copy, which the fault "duplicate" makes, has a name of its own. */
function nameOf(attempt) {
  return `${attempt.attempt}${attempt.copy ? "-copy" : ""}`;
}

function Attempts({ delivery, next }) {
  const { attempts } = delivery;
  const index = attempts.findIndex((each) => nameOf(each) === route.value.query.attempt);
  const at = index === -1 ? Math.max(0, attempts.findLastIndex((each) => !each.copy)) : index;
  const stands = delivery.status === "PENDING" ? standing(delivery.connection_id) : null;
  if (!attempts.length)
    return html`<div class="card"><${Empty} icon="clock" title="No attempt has ended yet">
      ${stands ? `It waits: its connection is ${stands}.` : next ? html`The next one is due at ${preciseTime(next)}.` : "It waits for its connection, or an attempt is under way."}
    <//></div>`;
  const chosen = attempts[at];
  return html`<nav class="attempts" aria-label="Attempts">
      ${attempts.map((each, place) => {
        const gap = place ? ms(each.started_at) - ms(attempts[place - 1].at) : null;
        return html`${gap !== null && html`<span class="gap quiet" key=${`gap${place}`}>${gap < 50 ? "at once" : `+ ${gap < 1000 ? millis(gap) : span(gap)}`}</span>`}
          <button
            type="button"
            key=${`${place}`}
            class="attempt"
            data-tone=${taken(each) ? "ok" : "bad"}
            aria-pressed=${place === at}
            onClick=${() => refine({ attempt: nameOf(each) })}
          >
            <span class="quiet"><span class="sr-only">Attempt </span>#${each.attempt}${each.copy ? " copy" : ""}</span><b class="mono">${outcome(each)}</b>${each.faults?.length ? html`<${Icon} name="bolt" size=${12} /><span class="sr-only">with a fault</span>` : ""}
          </button>`;
      })}
      ${delivery.status === "PENDING" && next && html`<span class="gap quiet">next at ${preciseTime(next).slice(0, 8)}</span>`}
      ${stands && html`<span class="gap quiet">its connection is ${stands}</span>`}
    </nav>
    <${Attempt} key=${`${chosen.attempt}/${at}`} attempt=${chosen} before=${attempts[at - 1]} delivery=${delivery} />`;
}

function Attempt({ attempt, before, delivery }) {
  const part = PARTS.some(([name]) => name === route.value.query.part) ? route.value.query.part : "request";
  const command = useMemo(() => curl({ url: attempt.url, ...attempt.request }), [attempt]);
  const tabs = PARTS.filter(([name]) => name !== "signature" || attempt.signature);
  const open = tabs.some(([name]) => name === part) ? part : "request";
  const causes = attempt.signature?.causes ?? [];
  return html`
    ${attempt.faults?.length > 0 && html`<${Faults} faults=${attempt.faults} />`}
    <${Timing} attempt=${attempt} />
    ${causes.length > 0 && html`<${Refused} attempt=${attempt} />`}
    <div class="card">
      <header class="tabs-head">
        <div role="tablist" aria-label="Parts of the attempt" class="tabs" onKeyDown=${(event) => walk(event, tabs, open)}>
          ${tabs.map(
            ([name, says]) => html`<button
              type="button"
              role="tab"
              key=${name}
              id=${`tab-${name}`}
              aria-selected=${name === open}
              aria-controls="part"
              tabindex=${name === open ? 0 : -1}
              onClick=${() => refine({ part: name })}
            >
              ${says}
            </button>`,
          )}
        </div>
        <${Copy} text=${command} label="Copy as curl" />
      </header>
      <div role="tabpanel" id="part" class="card-body part" aria-labelledby=${`tab-${open}`}>
        ${open === "request" && html`<${Message} message=${attempt.request} before=${before?.request} number=${before?.attempt} target=${`POST ${attempt.url}`} />`}
        ${open === "answer" && html`<${Answer} attempt=${attempt} />`}
        ${open === "signature" && html`<${Signature} attempt=${attempt} delivery=${delivery} />`}
      </div>
    </div>
  `;
}

function walk(event, tabs, open) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const at = tabs.findIndex(([name]) => name === open);
  const [name] = tabs[(at + by + tabs.length) % tabs.length];
  refine({ part: name });
  requestAnimationFrame(() => document.getElementById(`tab-${name}`)?.focus());
}

function Faults({ faults }) {
  return html`<div class="notice" data-tone="dead">
    <${Icon} name="bolt" />
    <div><b>Not Wexio’s doing: a fault that was asked for.</b> ${faults.map((each) => (typeof each === "string" ? each : faultInWords(each))).join("; ")}</div>
  </div>`;
}

const faultInWords = ({ do: what, ...rest }) => [what, ...Object.entries(rest).map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`)].filter(Boolean).join(", ");

function Refused({ attempt }) {
  const { causes, says } = attempt.signature;
  return html`<div class="notice refused" data-tone="wait">
    <${Icon} name="info" />
    <div>
      <b>Why was it answered with ${outcome(attempt)}?</b>
      <p>Known: ${says}.</p>
      <ul>
        ${causes.map(
          (cause) => html`<li key=${cause.code + cause.says}>
            <${Badge} tone=${cause.proven ? "bad" : "wait"} dot=${false}>${cause.proven ? "proven" : "likely"}<//>
            <div><p>${capital(cause.says)}.</p><p class="quiet"><${Said} text=${capital(cause.do)} />.</p></div>
          </li>`,
        )}
      </ul>
      <button type="button" class="link" onClick=${() => refine({ part: "signature" })}>Check what your server received</button>
    </div>
  </div>`;
}


// --- timing -----------------------------------------------------------------------------

const PHASES = { dns: "look up the name", connect: "connect", wait: "wait for the answer", read: "read it" };

function Timing({ attempt }) {
  const known = Object.entries(attempt.timing).filter(([, value]) => value > 0);
  const total = Math.max(attempt.elapsed_ms, known.reduce((sum, [, value]) => sum + value, 0), 0.001);
  const good = taken(attempt);
  let at = 0;
  return html`<div class="card timing" data-tone=${good ? "ok" : "bad"}>
    <div class="timing-says">
      <b class="mono outcome">${outcome(attempt)}</b>
      <span class="grow">
        ${attempt.response
          ? good
            ? "Taken"
            : attempt.response.status >= 300 && attempt.response.status < 400
              ? "A redirect, which is not followed"
              : "Refused"
          : html`<span dir="auto">${capital(attempt.error?.message ?? "No answer")}</span>`}
        ${" "}<span class="quiet">
          · attempt ${attempt.attempt} began <time datetime=${attempt.started_at}>${preciseTime(attempt.started_at)}</time>${
            attempt.next_attempt_at ? html`, the next is due <time datetime=${attempt.next_attempt_at}>${preciseTime(attempt.next_attempt_at)}</time>` : ""
          }
        </span>
      </span>
      <b class="number">${millis(attempt.elapsed_ms)}</b>
    </div>
    <div class="phases" aria-hidden="true">
      ${known.map(([name, value]) => {
        const style = { left: `${(at / total) * 100}%`, width: `max(2px, ${(value / total) * 100}%)` };
        at += value;
        return html`<i key=${name} data-phase=${name} ref=${(element) => element && Object.assign(element.style, style)}></i>`;
      })}
    </div>
    <dl class="phase-names">
      ${known.map(([name, value]) => html`<div key=${name}><dt><i data-phase=${name}></i>${PHASES[name] ?? name}</dt><dd class="number">${exact(value)}</dd></div>`)}
    </dl>
  </div>`;
}

const exact = (value) => (value < 10 ? `${value.toFixed(2)} ms` : millis(value));

// --- messages ---------------------------------------------------------------------------

function parsed(text) {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** Headers and body, and in which of them it differs from the one *before*. */
function Message({ message, before, number, target }) {
  const [raw, setRaw] = useState(false);
  const [compare, setCompare] = useState(true);
  const comparing = Boolean(before) && compare;
  const headers = headerChanges(comparing ? before.headers : null, message.headers);
  const json = useMemo(() => (message.body ? parsed(message.body) : null), [message]);
  const old = useMemo(() => (before?.body ? parsed(before.body) : null), [before]);
  const changes = comparing && json && old ? valueChanges(old.value, json.value) : [];
  const marked = useMemo(() => (comparing && json && old ? changedLines(pretty(old.value), pretty(json.value)) : undefined), [json, old, comparing]);
  return html`
    ${target && html`<p class="mono target">${target}</p>`}
    ${before &&
    html`<label class="row compare"><input type="checkbox" checked=${compare} onChange=${(event) => setCompare(event.target.checked)} />What is different from attempt ${number}</label>`}
    <${Headers} rows=${headers} />
    ${comparing &&
    changes.length > 0 &&
    html`<ul class="changes" aria-label="What changed in the body">
      ${changes.slice(0, 12).map(
        (each) => html`<li key=${each.path}><code>${each.path}</code> <del>${short(each.before)}</del> <${Icon} name="right" size=${12} /> <ins>${short(each.after)}</ins></li>`,
      )}
      ${changes.length > 12 && html`<li class="quiet">and ${changes.length - 12} more</li>`}
    </ul>`}
    ${comparing && message.body !== undefined && message.body === before.body && html`<p class="quiet">The body is the same, byte for byte.</p>`}
    <${Body} message=${message} json=${json} marked=${marked} raw=${raw} setRaw=${setRaw} />
  `;
}

const short = (value) => {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};

function Headers({ rows }) {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Headers"><table class="headers">
    <thead class="sr-only"><tr><th scope="col">Header</th><th scope="col">Value</th></tr></thead>
    <tbody>
      ${rows.map(
        ({ name, value, change, before }, index) => html`<tr key=${index} class=${change}>
          <th scope="row">${name}</th>
          <td>
            ${change === "removed" ? html`<del><span class="sr-only">not sent any more: </span>${before}</del>` : value}
            ${change === "changed" && html`<div class="was"><span class="sr-only">before: </span><del>${before}</del></div>`}
            ${change === "added" && html`<span class="sr-only"> (new)</span>`}
          </td>
        </tr>`,
      )}
    </tbody>
  </table></div>`;
}

const LONG = 200_000;

function Body({ message, json, marked, raw, setRaw }) {
  const text = message.body ?? message.body_base64 ?? "";
  const big = text.length > LONG;
  if (!text) return html`<p class="quiet">No body.</p>`;
  return html`<div class="body">
    <div class="row body-head">
      <h3 class="grow">Body${message.body_base64 !== undefined && message.body_base64 !== null ? ", not UTF-8: in base64" : ""}</h3>
      ${json && !big && html`<label class="row quiet"><input type="checkbox" checked=${raw} onChange=${(event) => setRaw(event.target.checked)} />as it was on the wire</label>`}
      <${Copy} text=${text} label="Copy body" />
    </div>
    ${json && !raw && !big
      ? html`<${Json} value=${json.value} label="Body" marked=${marked} />`
      : html`<pre class="json wrap" tabindex="0" aria-label="Body">${big ? text.slice(0, LONG) : text}</pre>`}
    ${big && html`<p class="quiet">The first ${plural(LONG, "character")} of ${plural(text.length, "character")}: Copy takes all of it.</p>`}
  </div>`;
}

function Answer({ attempt }) {
  const { response, error } = attempt;
  const [raw, setRaw] = useState(false);
  if (!response)
    return html`<${Empty} icon="alert" title=${`No answer: ${error?.type ?? "interrupted"}`}><span dir="auto">${capital(error?.message ?? "It was cut off.")}</span><//>`;
  const json = response.body ? parsed(response.body) : null;
  return html`<p class="target mono">Status ${response.status}</p>
    <${Headers} rows=${headerChanges(null, response.headers)} />
    <${Body} message=${response} json=${json} raw=${raw} setRaw=${setRaw} />
    ${response.truncated && html`<p class="quiet">The answer was longer; more is not read.</p>`}`;
}
