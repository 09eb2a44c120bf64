// Compose: one event as a form and as JSON, the envelope as it will be sent, and what became of it.
import { html, useEffect, useMemo, useRef, useState } from "../lib.js";
import { post } from "../api.js";
import { CHANNELS, plural } from "../format.js";
import { useShortcuts } from "../keys.js";
import { FIRST, decoded, peek, placed, put, readOrder, toRender } from "../ordering.js";
import { standing } from "../names.js";
import { href, refine, route } from "../router.js";
import { connections, loadConnections, loaded } from "../store.js";
import { Badge, Button, Card, Copy, Field, Head, Segmented } from "../ui/basics.js";
import { Editor } from "../ui/editor.js";
import { Icon } from "../ui/icons.js";
import { Json, pieces, pretty } from "../ui/json.js";
import { told } from "../ui/said.js";
import { Outcome } from "./outcome.js";

const LATER = 180; // milliseconds without typing before it is rendered
const PERSON = [
  ["firstName", "First name"],
  ["lastName", "Last name"],
  ["phoneNumber", "Phone number", "+46701740612"],
  ["email", "E-mail"],
  ["username", "User name"],
  ["locale", "From", "uk_UA"],
];
const SHOWN = 5;
const FAULTS = [
  ["On the signature", ["missing_signature", "malformed_signature", "wrong_secret", "stale", "future"]],
  ["On the body", ["tampered_body", "truncated_body", "extra_fields", "unknown_event", "large_body", "unicode"]],
  ["On the wire", ["delay", "slow_body", "reset", "drop"]],
  ["On the stream", ["duplicate"]],
];

const DRAFT = "wexio-sandbox.compose"; // for as long as the tab is open, as the address would be

const seed = () => crypto.getRandomValues(new Uint32Array(1))[0];

export function Compose() {
  const [text, setText] = useState(() => route.value.query.order ?? sessionStorage.getItem(DRAFT) ?? pretty({ ...FIRST, seed: seed() }));
  const { order, problem: unreadable } = useMemo(() => readOrder(text), [text]);
  const last = useRef(FIRST);
  if (order) last.current = order;
  const shown = order ?? last.current;
  const [sent, setSent] = useState(null);
  const [refused, setRefused] = useState(null);
  const [busy, setBusy] = useState(false);
  const { rendered, problem } = useRendered(order, connections.value);

  // Somebody else may have made one.
  useEffect(() => {
    loadConnections().catch(() => null);
  }, []);
  // Whoever looks at something else meanwhile finds it again, even what is no JSON yet.
  useEffect(() => sessionStorage.setItem(DRAFT, text), [text]);
  // The address names what is composed: a reload, or a colleague, has the same.
  useEffect(() => {
    if (!order) return undefined;
    const timer = setTimeout(() => refine({ order: text }), LATER);
    return () => clearTimeout(timer);
  }, [text]);

  const change = (path, value) => (setRefused(null), setText(pretty(put(shown, path, value))));
  async function send() {
    if (!order || busy) return;
    setBusy(true);
    try {
      const answer = await post("/events", order);
      setSent({ ...answer, at: performance.now() });
      setRefused(null);
    } catch (error) {
      if (error.name !== "Problem") throw error;
      setRefused(error);
    } finally {
      setBusy(false);
    }
  }
  useShortcuts([{ keys: "x", does: "Somebody else", run: () => change(["seed"], seed()) }], [text]);
  const wrong = refused ?? problem;
  const problems = unreadable ? [unreadable] : wrong ? placed(text, wrong.errors) : [];
  return html`
    <${Head} title="Compose" lede="Let something happen in Wexio, with the person and the fields that you need.">
      ${!isFirst(order) && html`<${Button} kind="quiet" icon="close" onClick=${() => (setRefused(null), setText(pretty({ ...FIRST, seed: seed() })))}>Start over<//>`}
      <${Button} icon="restart" onClick=${() => change(["seed"], seed())} disabled=${!order}>Somebody else<//>
      <${Button} kind="primary" icon="send" busy=${busy} disabled=${!order} onClick=${send}>Send<//>
    <//>
    <div class="compose">
      <div class="compose-order">
        <${Card} title="The event" class="compose-form"><${Form} order=${shown} change=${change} problem=${wrong} disabled=${!order} /><//>
        <${Card} title="The same as JSON" class="compose-json" actions=${html`<${Copy} text=${text} label="Copy" />`}>
          <div class="card-body">
            <${Editor} label="The event as JSON" value=${text} onInput=${(value) => (setRefused(null), setText(value))} problems=${problems} pieces=${pieces} />
            ${wrong && !problems.length && html`<p class="wrong-text" role="alert">${wrong.detail}</p>`}
            <p class="quiet hint">What <code>POST /api/v1/events</code> takes. <code>data</code> is laid over what is made up; <code>null</code> removes a field.</p>
          </div>
        <//>
      </div>
      <div class="compose-out">
        ${sent && html`<${Sent} key=${sent.at} sent=${sent} />`}
        <${Envelope} rendered=${rendered} stale=${Boolean(unreadable || problem)} />
      </div>
    </div>
  `;
}

/** Whether nobody has asked for anything yet: only who it is may differ. */
const isFirst = (order) => Boolean(order) && JSON.stringify({ ...order, seed: undefined }) === JSON.stringify(FIRST);

/** What *text* says as JSON; undefined where a fault has made it no JSON. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What would be sent; while something is wrong, what was right last. */
function useRendered(order, all) {
  const [state, setState] = useState({ rendered: null, problem: null });
  const key = order && JSON.stringify(order);
  const target = order?.connection_ids?.[0] ?? all.find((each) => each.active)?.id;
  const known = all.some((each) => each.id === target);
  useEffect(() => {
    if (!order || !loaded.value) return undefined;
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const answer = await post("/render", toRender(order, target, 1), { signal: stop.signal });
        const body = decoded(answer.body_base64);
        setState({ rendered: { ...answer, body, json: parsed(body), connection: all.find((each) => each.id === target) }, problem: null });
      } catch (error) {
        if (error.name === "Problem") setState((before) => ({ ...before, problem: error }));
        else if (error.name !== "AbortError") throw error;
      }
    }, LATER);
    return () => (clearTimeout(timer), stop.abort());
  }, [key, target, known, loaded.value]);
  return state;
}

// --- the form -----------------------------------------------------------------------------

function Form({ order, change, problem, disabled }) {
  const who = order.contact === "none" ? "none" : order.contact && typeof order.contact === "object" ? "pinned" : "new";
  const [pinning, setPinning] = useState(false);
  const pinned = who === "pinned" || (pinning && who === "new");
  const choose = (value) => {
    setPinning(value === "pinned");
    change(["contact"], value === "none" ? "none" : undefined);
  };
  const channel = typeof order.channel === "string" ? order.channel : "";
  const to = order.connection_ids?.length === 1 ? order.connection_ids[0] : "";
  const active = connections.value.filter((each) => each.active);
  return html`<fieldset class="card-body compose-fields" disabled=${disabled}>
    <legend class="sr-only">The event</legend>
    <div class="stack">
      <span class="label">Channel</span>
      <${Segmented} label="Channel" value=${channel} options=${[...Object.entries(CHANNELS).map(([key, it]) => [key, it.name]), ["", "Any"]]} onChange=${(value) => change(["channel"], value || undefined)} />
      ${told(problem, "/channel") && html`<p class="wrong-text">${told(problem, "/channel")}</p>`}
    </div>
    <div class="stack">
      <span class="label">Who</span>
      <${Segmented} label="Who" value=${pinned ? "pinned" : who} options=${[["new", "Somebody made up"], ["pinned", "As I say"], ["none", "Nobody known"]]} onChange=${choose} />
      ${who === "none" && html`<p class="quiet hint">The documented case of a chat whose contact cannot be found: <code>data.contact</code> is left out.</p>`}
      ${typeof order.contact !== "object" && told(problem, "/contact") && html`<p class="wrong-text">${told(problem, "/contact")}</p>`}
    </div>
    ${pinned &&
    html`<div class="pair">
      ${PERSON.map(
        ([field, says, example]) => html`<${Field} key=${field} label=${says} error=${told(problem, `/contact/${field}`)}>
          ${(its) => html`<input ...${its} dir="auto" autocomplete="off" placeholder=${example ?? "made up"} value=${peek(order, ["contact", field]) ?? ""} onInput=${(event) => change(["contact", field], event.target.value)} />`}
        <//>`,
      )}
    </div>`}
    <div class="stack">
      <span class="label">How it came about</span>
      <${Segmented} label="How it came about" value=${order.origin === "flow" ? "flow" : "inbound"} options=${[["inbound", "They wrote first"], ["flow", "A flow wrote to them"]]} onChange=${(value) => change(["origin"], value === "flow" ? "flow" : undefined)} />
    </div>
    <div class="pair">
      <${Field} label="To" error=${told(problem, "/connection_ids")} hint=${active.length ? "" : "No connection is active: nobody will hear of it."}>
        ${(its) => html`<select ...${its} value=${to} onChange=${(event) => change(["connection_ids"], event.target.value ? [event.target.value] : undefined)}>
          <option value="">Every active connection</option>
          ${connections.value.map((each) => html`<option key=${each.id} value=${each.id} disabled=${!each.active}>${each.name}${standing(each.id) ? ` (${standing(each.id)})` : ""}</option>`)}
        </select>`}
      <//>
      <${Field} label="How many" error=${told(problem, "/count")}>
        ${(its) => html`<input ...${its} type="number" min="1" max="10000" value=${order.count ?? 1} onInput=${(event) => change(["count"], Number(event.target.value) === 1 || event.target.value === "" ? undefined : Number(event.target.value))} />`}
      <//>
    </div>
    <${Field} label="A fault, on purpose" error=${told(problem, "/faults")} hint=${order.faults?.length ? "What goes out is marked everywhere: it is not Wexio’s doing. How long, how often, which attempt: in the JSON." : ""}>
      ${(its) => html`<select ...${its} value=${order.faults?.[0]?.do ?? ""} onChange=${(event) => change(["faults"], event.target.value ? [{ do: event.target.value }] : undefined)}>
        <option value="">None</option>
        ${FAULTS.map(([label, kinds]) => html`<optgroup key=${label} label=${label}>${kinds.map((kind) => html`<option key=${kind} value=${kind}>${kind.replaceAll("_", " ")}</option>`)}</optgroup>`)}
      </select>`}
    <//>
    <div class="pair">
      <${Field} label="Title of the chat" error=${told(problem, "/data/chat/title")}>
        ${(its) => html`<input ...${its} dir="auto" autocomplete="off" placeholder="none" value=${peek(order, ["data", "chat", "title"]) ?? ""} onInput=${(event) => change(["data", "chat", "title"], event.target.value)} />`}
      <//>
      <${Field} label="Tags of the contact" hint="Separated by commas." error=${told(problem, "/data/contact/tags")}>
        ${(its) => html`<input
          ...${its}
          autocomplete="off"
          placeholder="made up"
          disabled=${disabled || who === "none"}
          value=${(peek(order, ["data", "contact", "tags"]) ?? []).join?.(", ") ?? ""}
          onChange=${(event) => {
            const tags = event.target.value.split(",").map((each) => each.trim()).filter(Boolean);
            change(["data", "contact", "tags"], tags.length ? tags : undefined);
          }}
        />`}
      <//>
    </div>
  </fieldset>`;
}

// --- what goes out ------------------------------------------------------------------------

function Envelope({ rendered, stale }) {
  const connection = rendered?.connection;
  return html`<${Card}
    title="The envelope, as it will be sent"
    class=${stale ? "stale" : undefined}
    actions=${html`${stale && html`<${Badge} tone="wait">as it was before<//>`}${rendered && html`<${Copy} text=${rendered.body} label="Copy body" />`}`}
  >
    <div class="card-body part" aria-busy=${rendered === null}>
      ${rendered &&
      html`<p class="quiet">
          ${connection
            ? html`To <a href=${href("connections", connection.id)} dir="auto">${connection.name}</a>, first attempt.`
            : html`Nobody is connected yet: <a href=${href("connections", "new")}>connect your server</a>. It is signed with a secret made up for this view.`}
          ${" "}Ids of event, times and signature are made when it is sent; who it is and what you say stay.
        </p>
        <table class="headers"><tbody>${Object.entries(rendered.headers).map(([name, value]) => html`<tr key=${name}><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>
        ${rendered.json === undefined ? html`<pre class="json wrap" tabindex="0" aria-label="The envelope">${rendered.body}</pre>` : html`<${Json} value=${rendered.json} label="The envelope" />`}`}
    </div>
  <//>`;
}

function Sent({ sent }) {
  const { events, deliveries } = sent;
  const box = useRef(null);
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), []);
  return html`<section class="card sent" ref=${box} aria-label="What became of it">
    <header>
      <h2><${Icon} name="check" /> ${events.length === 1 ? "It happened" : `${plural(events.length, "event")} happened`}</h2>
      ${events.length === 1 && html`<code class="quiet">${events[0].id}</code>`}
    </header>
    <div class="card-body stack" role="status">
      ${deliveries.length === 0 &&
      html`<p>Nobody heard of it: no active connection takes it. <a href=${href("connections", "new")}>Connect your server</a>.</p>`}
      ${deliveries.slice(0, SHOWN).map((id) => html`<${Outcome} key=${id} id=${id} />`)}
      ${deliveries.length > SHOWN && html`<p><a href=${href("deliveries")}>All ${plural(deliveries.length, "delivery", "deliveries")}</a></p>`}
    </div>
  </section>`;
}
