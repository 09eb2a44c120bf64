// Connections: where events go. Made, changed, paused, held back, given a new secret, tried at once.
import { html, signal, useEffect, useState } from "../lib.js";
import { call, del, patch, post } from "../api.js";
import { plural } from "../format.js";
import { useShortcuts } from "../keys.js";
import { body, draft, inWords } from "../retrying.js";
import { go, href, route } from "../router.js";
import { attempt as trying, connections, loadConnections, say, subscriber } from "../store.js";
import { Badge, Button, Code, Copy, Dialog, Empty, Field, Head, Segmented } from "../ui/basics.js";
import { Icon } from "../ui/icons.js";
import { told } from "../ui/said.js";
import { Outcome } from "./outcome.js";

const NEW = "new";
const PAUSED = "It is paused: resume it first";
const PAUSE = "What is pending waits, and new events make no delivery";
const HOLD = "Deliveries are made, and wait until they are let go";

/** A secret that was just made: {name, secret}. It is nowhere else, and gone when it is closed. */
const revealed = signal(null);

export function Connections() {
  const { id, query } = route.value;
  const [asking, setAsking] = useState(null);
  const list = connections.value;
  const chosen = list.find((each) => each.id === id);
  useShortcuts([{ keys: "n", does: "A new connection", run: () => go("connections", NEW) }]);
  useEffect(() => {
    loadConnections().catch(() => null);
  }, []);
  useEffect(() => {
    if (chosen && !query.edit) document.getElementById(`connection-${id}`)?.scrollIntoView({ block: "nearest" });
  }, [chosen === undefined, id]);
  const add = html`<a class="button primary" href=${href("connections", NEW)}><${Icon} name="plus" />New connection</a>`;
  return html`
    <${Head} title="Connections" lede="Where events go: each has an address, a secret to sign with, and a way of trying again.">${list.length > 0 && add}<//>
    ${list.length === 0
      ? html`<div class="card"><${Empty} icon="connections" title="No connection yet" actions=${html`${add}${subscriber.value && html`<${ToSubscriber} />`}`}>
          Connect the server that you are writing: every event is then signed and delivered to it, and tried again until it is taken.
          ${subscriber.value && " Or begin with the built-in subscriber, which answers as you tell it."}
        <//></div>`
      : html`<ul class="connections">${list.map((each) => html`<${Connection} key=${each.id} connection=${each} current=${each.id === id} ask=${setAsking} />`)}</ul>`}
    ${id && id !== NEW && !chosen && list.length > 0 && html`<p class="quiet">The connection ${id} is not there any more, or belongs to a run.</p>`}
    ${(id === NEW || (chosen && query.edit && !chosen.read_only)) && html`<${Form} key=${id} connection=${chosen} url=${query.url} name=${query.name} />`}
    ${asking && html`<${Sure} ...${asking} close=${() => setAsking(null)} />`}
    ${revealed.value && html`<${Secret} ...${revealed.value} />`}
  `;
}

const ToSubscriber = () => html`<a class="button" href=${href("connections", NEW, { name: "built-in", url: subscriber.value.url })}>Connect the built-in subscriber</a>`;

function Connection({ connection, current, ask }) {
  const { id, name, url, active, held, read_only: fixed, auth, retry, events, concurrency } = connection;
  const [test, setTest] = useState(null);
  const [busy, setBusy] = useState(null);
  async function doing(what, work) {
    setBusy(what);
    try {
      return await trying(work);
    } finally {
      setBusy(null);
      await loadConnections().catch(() => null);
    }
  }
  const toggle = () => doing("toggle", () => patch(`/connections/${id}`, { active: !active }));
  const hold = () => doing("hold", () => post(`/connections/${id}/${held ? "release" : "hold"}`));
  const rotate = () =>
    ask({
      title: `A new secret for ${name}?`,
      says: "The next attempt is signed with it. Your server refuses everything until it has the new one.",
      action: "Rotate the secret",
      run: async () => {
        const made = await doing("rotate", () => post(`/connections/${id}/rotate-secret`));
        if (made) revealed.value = { name, secret: made.auth.secret };
      },
    });
  const remove = () =>
    ask({
      title: `Delete ${name}?`,
      says: "Its pending deliveries end as failed. What has been delivered stays in the list.",
      action: "Delete",
      run: async () => {
        await doing("remove", () => del(`/connections/${id}`));
        go("connections", null, {}, { replace: true });
      },
    });
  async function send() {
    setTest(null);
    const sent = await doing("test", () => post("/events", { event: "chat.created", connection_ids: [id] }));
    const [delivery] = sent?.deliveries ?? [];
    if (delivery) setTest(delivery);
    else if (sent) say(`${name} takes no chat.created, or is paused: nothing was sent.`, { tone: "bad" });
  }
  return html`<li class="card connection" id=${`connection-${id}`} data-current=${current ? "yes" : undefined} aria-label=${name}>
    <header>
      <div class="grow">
        <h2 class="truncate" dir="auto">${name}</h2>
        <p class="mono quiet address">${url}</p>
      </div>
      ${fixed && html`<${Badge} dot=${false}>read-only<//>`}
      ${held && html`<${Badge} tone="wait">Held back<//>`}
      ${!(held && active) && html`<${Badge} tone=${active ? "ok" : "wait"}>${active ? "Active" : "Paused"}<//>`}
    </header>
    <dl class="facts plain">
      <div><dt>Authorised by</dt><dd>${AUTHS[auth.type]}${auth.secret || auth.token ? html` <code>${auth.secret ?? auth.token}</code>` : ""}${auth.username ? html` <code>${auth.username}</code>` : ""}</dd></div>
      <div><dt>Tries again</dt><dd>${inWords(retry)}${retry === "wexio" ? html` <span class="quiet" title="Wexio has not published its numbers: these are our assumption">(assumed)</span>` : ""}</dd></div>
      <div><dt>Events</dt><dd>${events.length > 3 ? plural(events.length, "event") : events.join(", ") || "none"}</dd></div>
      <div><dt>In flight</dt><dd>up to ${concurrency} at once</dd></div>
    </dl>
    ${test && html`<${Outcome} id=${test} />`}
    <footer class="actions">
      <${Button} kind="primary" class="small" icon="send" busy=${busy === "test"} disabled=${!active} title=${active ? undefined : PAUSED} onClick=${send}>Send a test<//>
      <${Button} class="small" icon=${held ? "forward" : "block"} busy=${busy === "hold"} title=${held ? "What waits goes out at once" : HOLD} onClick=${hold}>${held ? "Let go" : "Hold back"}<//>
      ${fixed
        ? html`<p class="quiet">Defined by the configuration file: change it there.</p>`
        : html`<${Button} class="small" icon=${active ? "pause" : "play"} busy=${busy === "toggle"} title=${active ? PAUSE : undefined} onClick=${toggle}>${active ? "Pause" : "Resume"}<//>
            <a class="button small" href=${href("connections", id, { edit: "yes" })}><${Icon} name="edit" />Edit</a>
            ${auth.type === "HMAC" && html`<${Button} class="small" icon="key" onClick=${rotate}>Rotate secret<//>`}
            <${Button} kind="danger" class="small" icon="trash" onClick=${remove}>Delete<//>`}
      <a class="end" href=${href("deliveries", null, { connection: id })}>Deliveries</a>
    </footer>
  </li>`;
}

const AUTHS = { HMAC: "signature (HMAC)", BEARER: "bearer token", BASIC: "user and password", NONE: "nothing" };

function Sure({ title, says, action, run, close }) {
  return html`<${Dialog}
    title=${title}
    onClose=${close}
    actions=${html`<${Button} onClick=${close}>Leave it<//><${Button} kind="danger" onClick=${() => (close(), run())}>${action}<//>`}
  ><p>${says}</p><//>`;
}

function Secret({ name, secret }) {
  const close = () => (revealed.value = null);
  return html`<${Dialog} title="The signing secret" onClose=${close} actions=${html`<${Button} kind="primary" onClick=${close}>I have it<//>`}>
    <p>The secret of <b dir="auto">${name}</b>. <b>It is shown this one time</b>: give it to your server now. Later there is only its end to recognise it by, or a new one.</p>
    <div class="secret"><code tabindex="0" aria-label="The secret">${secret}</code><${Copy} text=${secret} label="Copy secret" small=${false} /></div>
    <${Code} text=${`export WEXIO_SECRET='${secret}'`} label="For a shell" />
  <//>`;
}

// --- the form -----------------------------------------------------------------------------

const TYPES = [["HMAC", "Signature"], ["BEARER", "Bearer"], ["BASIC", "Basic"], ["NONE", "None"]];
const RETRIES = [
  ["wexio", "As Wexio does (assumed)"],
  ["svix", "As Svix does: 8 attempts in 27 hours"],
  ["none", "Not at all"],
  ["delays", "Delays of my own"],
  ["backoff", "Growing delays"],
];
const documented = signal(null);

async function loadEvents() {
  if (documented.value) return;
  const { components } = await call("GET", "//openapi.json");
  documented.value = components.schemas.ConnectionBody.properties.events.items.anyOf.find((each) => each.enum).enum;
}

function Form({ connection, url, name }) {
  const [form, setForm] = useState(() => ({ ...draft(connection), ...(url ? { url } : {}), ...(name ? { name } : {}) }));
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    loadEvents().catch(() => null);
  }, []);
  const close = () => go("connections", connection?.id ?? null, {}, { replace: true });
  const put = (field) => (event) => setForm({ ...form, [field]: event.target.value });
  const text = (field, label, more = {}, ...pointers) =>
    html`<${Field} label=${label} hint=${more.hint} error=${told(problem, ...pointers)}>
      ${(its) => html`<input ...${its} type=${more.type ?? "text"} autocomplete="off" spellcheck=${false} class=${more.mono ? "mono" : undefined} placeholder=${more.placeholder} value=${form[field]} onInput=${put(field)} />`}
    <//>`;

  async function save(event) {
    event.preventDefault();
    setBusy(true);
    const wanted = body(form, connection);
    try {
      const made = connection ? await patch(`/connections/${connection.id}`, wanted) : await post("/connections", wanted);
      await loadConnections().catch(() => null);
      const drawn = made.auth.type === "HMAC" && !made.auth.secret.includes("…") && made.auth.secret !== "***" && !form.secret;
      if (drawn) revealed.value = { name: made.name, secret: made.auth.secret };
      else say(connection ? `${made.name} is changed.` : `${made.name} is connected.`, { tone: "ok" });
      go("connections", made.id, {}, { replace: true });
    } catch (error) {
      if (error.name !== "Problem") throw error;
      setProblem(error);
      setBusy(false);
      requestAnimationFrame(() => document.querySelector(".dialog [aria-invalid]")?.focus());
    }
  }
  const taken = problem?.status === 409 ? problem.detail : undefined;
  const placed = ["/name", "/url", "/auth", "/events", "/retry", "/concurrency"].some((pointer) => told(problem, pointer));
  const more = [...new Set([...(documented.value ?? []), ...draft(connection).events])].filter((each) => each !== "chat.created");
  return html`<${Dialog} wide title=${connection ? `Edit ${connection.name}` : "New connection"} onClose=${close}>
    <form class="form" onSubmit=${save} noValidate>
      ${problem && !placed && html`<p class="wrong-text" role="alert">${problem.detail}</p>`}
      <div class="pair">
        <${Field} label="Name" error=${told(problem, "/name") ?? taken}>${(its) => html`<input ...${its} autofocus autocomplete="off" value=${form.name} placeholder="crm" onInput=${put("name")} />`}<//>
        ${text("url", "Address", { placeholder: "http://127.0.0.1:3000/webhooks/wexio", mono: true, type: "url" }, "/url")}
      </div>
      <fieldset>
        <legend>How it is authorised</legend>
        <${Segmented} label="How it is authorised" value=${form.auth} options=${TYPES} onChange=${(auth) => setForm({ ...form, auth })} />
        ${form.auth === "HMAC" &&
        text(
          "secret",
          "Secret",
          { type: "password", hint: connection?.auth.type === "HMAC" ? "Empty: the one there is stays." : "Empty: one is made, and shown once." },
          "/auth/secret",
        )}
        ${form.auth === "BEARER" && text("token", "Token", { type: "password", hint: connection?.auth.type === "BEARER" ? "Empty: the one there is stays." : "" }, "/auth/token")}
        ${form.auth === "BASIC" &&
        html`<div class="pair">${text("username", "User name", {}, "/auth/username")}${text("password", "Password", { type: "password" }, "/auth/password")}</div>`}
      </fieldset>
      <fieldset>
        <legend>What it hears of</legend>
        <div class="checks"><${Event} event="chat.created" form=${form} setForm=${setForm} /></div>
        <details open=${more.some((each) => form.events.includes(each))}>
          <summary>${more.length} more that are documented, and not sent yet</summary>
          <div class="checks">${more.map((each) => html`<${Event} key=${each} event=${each} form=${form} setForm=${setForm} />`)}</div>
        </details>
        ${told(problem, "/events") && html`<p class="wrong-text">${told(problem, "/events")}</p>`}
      </fieldset>
      <fieldset>
        <legend>How it is tried again</legend>
        <div class="pair">
          <${Field} label="Policy" error=${typeof body(form).retry === "string" ? told(problem, "/retry") : undefined}>${(its) => html`<select ...${its} value=${form.retry} onChange=${put("retry")}>${RETRIES.map(([key, says]) => html`<option key=${key} value=${key}>${says}</option>`)}</select>`}<//>
          ${text("concurrency", "Attempts in flight at once", { hint: "1 keeps the order of emission." }, "/concurrency")}
        </div>
        ${(form.retry === "delays" || form.retry === "backoff") &&
        html`<div class="pair">
          ${text("attempts", "Attempts in all", {}, "/retry/attempts")}
          ${form.retry === "delays"
            ? text("delays", "Delays", { hint: "One fewer than attempts: 5s, 1m, 1h", mono: true }, "/retry/delays")
            : html`${text("base", "First delay", { mono: true }, "/retry/backoff/base")}${text("factor", "Times, each time", {}, "/retry/backoff/factor")}${text("max", "At most", { mono: true }, "/retry/backoff/max")}${text("jitter", "Jitter", { hint: "0.2 is ± 20 %" }, "/retry/backoff/jitter")}`}
          ${text("timeout", "Time for one attempt", { mono: true }, "/retry/timeout")}
          ${text("give_up_on", "Give up at once on", { hint: "Status codes, such as 410" }, "/retry/give_up_on")}
          <${Field} label="Retry-After" error=${told(problem, "/retry/retry_after")}>${(its) => html`<select ...${its} value=${form.retry_after} onChange=${put("retry_after")}><option value="ignore">is ignored</option><option value="honour">is honoured</option></select>`}<//>
        </div>`}
      </fieldset>
      <div class="actions form-foot">
        <${Button} type="submit" kind="primary" busy=${busy}>${connection ? "Save" : "Connect"}<//>
        <${Button} kind="quiet" onClick=${close}>Cancel<//>
      </div>
    </form>
  <//>`;
}

function Event({ event, form, setForm }) {
  const { events } = form;
  const change = () => setForm({ ...form, events: events.includes(event) ? events.filter((each) => each !== event) : [...events, event] });
  return html`<label><input type="checkbox" checked=${events.includes(event)} onChange=${change} /><span class="mono">${event}</span></label>`;
}
