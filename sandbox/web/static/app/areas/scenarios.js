// Scenarios: those that ship and one's own, their text with its problems, and the way onto the stage.
import { html, useEffect, useRef, useState } from "../lib.js";
import { get, post } from "../api.js";
import { plural } from "../format.js";
import { useShortcuts } from "../keys.js";
import { yaml } from "../place.js";
import { go, href, route } from "../router.js";
import { keepRun, loadScenarios, say, scenarios } from "../store.js";
import { Badge, Button, Copy, Field, Head, Segmented } from "../ui/basics.js";
import { Editor } from "../ui/editor.js";
import { Icon } from "../ui/icons.js";
import { SPEEDS } from "./stage/chooser.js";

const OWN = "new";
const LATER = 200; // milliseconds without typing before it is checked
const BLANK = `name: My scenario
description: What it shows, in a sentence.
seed: 42

contacts:
  alex: {firstName: Alex, lastName: Stone}

steps:
  - emit: chat.created
    channel: WHATSAPP
    contact: alex
    note: What you want to say while it plays.
  - wait: 2s
  - emit: chat.created
    channel: TELEGRAM
  - expect: {status: SUCCESS, deliveries: 2}
`;
const MASKED = /["']?\*\*\*["']?/;

// What somebody has typed is theirs: it waits in this browser until it is discarded.
const drafts = {
  key: (name) => `wexio-sandbox.scenario.${name}`,
  read: (name) => localStorage.getItem(drafts.key(name)),
  write: (name, text) => localStorage.setItem(drafts.key(name), text),
  drop: (name) => localStorage.removeItem(drafts.key(name)),
};

export function Scenarios() {
  const { id } = route.value;
  const list = scenarios.value;
  const [own, shipped] = [list.filter((each) => !each.shipped), list.filter((each) => each.shipped)];
  const open = id ?? (list.find((each) => each.name === "first-contact") ?? list[0])?.name;
  useShortcuts([{ keys: "n", does: "A scenario of my own", run: () => go("scenarios", OWN) }]);
  useEffect(() => {
    loadScenarios().catch(() => null);
  }, []);
  return html`
    <${Head} title="Scenarios" lede="What happens, to whom and when, as YAML. Play one, or change it and play that.">
      <a class="button" href=${href("scenarios", OWN)}><${Icon} name="plus" />New scenario</a>
    <//>
    <div class=${id ? "scenarios split" : "scenarios"}>
      <nav class="card scenario-list" aria-label="Scenarios">
        ${drafts.read(OWN) !== null || open === OWN ? html`<${Group} title="In this browser" items=${[{ name: OWN, title: "My scenario", description: "Not saved on the server.", valid: true }]} open=${open} />` : ""}
        ${own.length > 0 && html`<${Group} title="Your own" items=${own} open=${open} />`}
        <${Group} title="Shipped" items=${shipped} open=${open} />
      </nav>
      ${open && html`<${Scenario} key=${open} name=${open} />`}
    </div>
  `;
}

function Group({ title, items, open }) {
  return html`<h3>${title}</h3>
    <ul>
      ${items.map(
        ({ name, title: says, description, valid }) => html`<li key=${name}>
          <a href=${href("scenarios", name)} aria-current=${name === open ? "true" : undefined}>
            <span class="row"><b class="truncate grow" dir="auto">${says}</b>${!valid && html`<${Badge} tone="bad">problems<//>`}${drafts.read(name) !== null && name !== OWN && html`<${Badge} tone="wait" dot=${false}>edited<//>`}</span>
            <span class="quiet" dir="auto">${description}</span>
          </a>
        </li>`,
      )}
    </ul>`;
}

function Scenario({ name }) {
  const [source, setSource] = useState(name === OWN ? BLANK : null);
  const [text, setText] = useState(drafts.read(name) ?? (name === OWN ? BLANK : null));
  const [missing, setMissing] = useState(null);
  const [problems, setProblems] = useState([]);
  const [checked, setChecked] = useState(false);
  const [speed, setSpeed] = useState(1);
  const [seed, setSeed] = useState("");
  const [busy, setBusy] = useState(false);
  const asked = useRef(0);

  useEffect(() => {
    if (name === OWN) return;
    get(`/scenarios/${encodeURIComponent(name)}`).then(
      (found) => {
        setSource(found.source);
        setText((typed) => typed ?? found.source);
      },
      (error) => setMissing(error.detail),
    );
  }, [name]);
  useEffect(() => {
    if (text === null) return undefined;
    const mine = ++asked.current;
    const timer = setTimeout(async () => {
      try {
        const found = await post("/lint", { scenario_yaml: text });
        if (mine === asked.current) (setProblems(found.problems), setChecked(true));
      } catch (error) {
        if (error.name !== "Problem") throw error;
        if (mine === asked.current) setProblems([]);
      }
    }, LATER);
    return () => clearTimeout(timer);
  }, [text]);

  const edited = source !== null && text !== null && text !== source;
  function write(value) {
    setText(value);
    if (value === source) drafts.drop(name);
    else drafts.write(name, value);
  }
  function discard() {
    const typed = text;
    drafts.drop(name);
    setText(source);
    say("What you typed is discarded.", { action: { label: "Undo", run: () => write(typed) } });
  }
  async function play() {
    if (busy || text === null) return;
    setBusy(true);
    const what = edited || name === OWN ? { scenario_yaml: text } : { scenario: name };
    try {
      const run = await post("/runs", { ...what, speed, ...(seed.trim() ? { seed: Number(seed) } : {}) });
      keepRun(run);
      go("stage", run.id);
    } catch (error) {
      if (error.name !== "Problem") throw error;
      const found = error.errors.filter((each) => each.line);
      if (found.length) setProblems(found);
      say(error.detail, { tone: "bad" });
      setBusy(false);
    }
  }
  useShortcuts([{ keys: "p", does: "Play the scenario", run: play }], [text, speed, seed, edited, busy]);
  const errors = problems.filter((each) => each.severity === "error").length;
  if (missing) return html`<div class="card card-body">${missing}</div>`;
  if (text === null) return html`<div class="card scenario-text" aria-busy="true"></div>`;
  return html`<section class="card scenario-text" aria-label="The scenario">
    <header>
      <a class="icon-button back" href=${href("scenarios")} aria-label="All scenarios"><${Icon} name="left" /></a>
      <h2 class="truncate grow">${name === OWN ? "My scenario" : `${name}.yaml`}</h2>
      ${edited && html`<${Button} kind="quiet" class="small" icon="restart" onClick=${discard}>Discard<//>`}
      <${Copy} text=${text} label="Copy" />
      <${Button} kind="quiet" class="small" icon="down" onClick=${() => download(`${name === OWN ? "my-scenario" : name}.yaml`, text)}>Download<//>
    </header>
    <div class="card-body stack">
      <div class="play-bar">
        <${Segmented} label="Speed" value=${speed} options=${SPEEDS} onChange=${setSpeed} />
        <${Field} label="Seed">${(its) => html`<input ...${its} inputmode="numeric" placeholder="as it says" value=${seed} onInput=${(event) => setSeed(event.target.value)} />`}<//>
        <${Button} kind="primary" icon="play" busy=${busy} disabled=${errors > 0} onClick=${play}>Play<//>
      </div>
      <p class="state-line" data-tone=${errors ? "bad" : problems.length ? "wait" : "ok"} role="status">
        ${!checked && !problems.length
          ? "Checking…"
          : errors
            ? `${plural(errors, "error")}${problems.length > errors ? `, ${plural(problems.length - errors, "warning")}` : ""}`
            : problems.length
              ? `It can be played; ${plural(problems.length, "warning")}`
              : html`<${Icon} name="check" size=${14} /> It can be played`}
      </p>
      ${edited && MASKED.test(text) && html`<p class="quiet">Secrets in it are masked, and what you play from here signs with the mask: write them anew, or leave them out.</p>`}
      <${Editor} label="The scenario as YAML" value=${text} onInput=${write} problems=${problems} pieces=${yaml} />
      ${name === OWN && html`<p class="quiet">To keep it on the server, put the file into the folder that <code>serve --scenarios</code> names.</p>`}
    </div>
  </section>`;
}

function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
