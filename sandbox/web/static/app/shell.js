// The frame around every area: navigation, the state of the link, theme, help.
import { html, signal, useEffect, useRef } from "./lib.js";
import { AREAS, go, href, presenting, route } from "./router.js";
import { shortcuts, useShortcuts } from "./keys.js";
import { choose, dark, theme, toggle } from "./theme.js";
import { empty, link, stats, trouble } from "./store.js";
import { compact } from "./format.js";
import { Icon, Mark } from "./ui/icons.js";
import { Dialog, IconButton, Kbd } from "./ui/basics.js";
import { Toasts } from "./ui/toast.js";
import { Stage } from "./areas/stage.js";
import { Deliveries } from "./areas/deliveries.js";
import { Connections } from "./areas/connections.js";
import { Compose } from "./areas/compose.js";
import { Scenarios } from "./areas/scenarios.js";
import { Overview } from "./areas/overview.js";

const SHOWS = { stage: Stage, deliveries: Deliveries, connections: Connections, compose: Compose, scenarios: Scenarios, overview: Overview };
export const TITLES = {
  stage: "Stage",
  deliveries: "Deliveries",
  connections: "Connections",
  compose: "Compose",
  scenarios: "Scenarios",
  overview: "Overview",
};
const LETTERS = { stage: "s", deliveries: "d", connections: "c", compose: "e", scenarios: "y", overview: "o" };
const LINKS = {
  connecting: ["wait", "Connecting…"],
  live: ["ok", "Live"],
  lost: ["bad", "Connection lost, trying again…"],
  refused: ["bad", "A token is needed"],
};

const helping = signal(false);

export function Shell() {
  const { area } = route.value;
  const main = useRef(null);
  const before = useRef(area);
  useShortcuts([
    ...AREAS.map((name) => ({ keys: `g ${LETTERS[name]}`, does: TITLES[name], group: "Go to", run: () => go(name) })),
    { keys: "?", does: "Shortcuts", group: "Everywhere", run: () => (helping.value = true) },
    { keys: "t", does: "Light or dark", group: "Everywhere", run: toggle },
  ]);
  useEffect(() => {
    document.title = `${TITLES[area]} · Wexio sandbox`;
    // Whoever navigates without eyes stands at the beginning of what has opened.
    if (before.current !== area) main.current?.focus({ preventScroll: true });
    before.current = area;
  }, [area]);
  const Area = SHOWS[area];
  return html`
    <a class="skip" href="#main" onClick=${(event) => (event.preventDefault(), main.current.focus())}>Skip to the content</a>
    <div class="shell" data-presenting=${presenting.value ? "yes" : undefined}>
      <${Navigation} area=${area} />
      <main id="main" ref=${main} tabindex="-1">
        <${Trouble} />
        <${Area} key=${area} />
      </main>
    </div>
    ${helping.value && html`<${Help} />`}
    <${Toasts} />
  `;
}

function Navigation({ area }) {
  const pending = stats.value?.pending.count ?? 0;
  return html`<nav class="side" aria-label="Areas">
    <a class="brand" href=${href("stage")} aria-label="Wexio sandbox, Stage"><${Mark} /><span><b>Wexio</b> sandbox</span></a>
    <ul>
      ${AREAS.map(
        (name) => html`<li key=${name}>
          <a href=${href(name)} aria-current=${name === area ? "page" : undefined}>
            <${Icon} name=${name} size=${18} /><span class="label">${TITLES[name]}</span>
            ${name === "deliveries" && pending > 0 && html`<span class="count" aria-label=${`${pending} pending`}>${compact(pending)}</span>`}
          </a>
        </li>`,
      )}
    </ul>
    <div class="side-foot">
      <${Link} />
      <div class="row">
        <${IconButton} icon=${dark.value ? "sun" : "moon"} label=${dark.value ? "Light theme" : "Dark theme"} onClick=${toggle} />
        <${IconButton} icon="keyboard" label="Keyboard shortcuts" onClick=${() => (helping.value = true)} />
        <a class="icon-button" href="/docs" aria-label="The API" title="The API"><${Icon} name="external" /></a>
      </div>
    </div>
  </nav>`;
}

function Link() {
  const [tone, says] = LINKS[link.value];
  return html`<p class="link-state" data-tone=${tone}><i></i><span>${says}</span></p>`;
}

function Trouble() {
  if (link.value === "refused")
    return html`<div class="notice" data-tone="bad" role="alert">
      <${Icon} name="key" /><div><b>This sandbox asks for its token again.</b> Open the address that <code>serve</code> has printed: it ends in <code>#token=…</code>.</div>
    </div>`;
  if (link.value === "lost")
    return html`<div class="notice" data-tone="bad" role="alert">
      <${Icon} name="alert" /><div><b>The connection to the sandbox is lost.</b> What you see is what was known last. It comes back by itself as soon as the sandbox does.</div>
    </div>`;
  if (trouble.value)
    return html`<div class="notice" data-tone="bad" role="alert"><${Icon} name="alert" /><div>${trouble.value.message}</div></div>`;
  return null;
}

function Help() {
  const groups = Map.groupBy ? Map.groupBy(shortcuts.value, (item) => item.group ?? "Here") : grouped(shortcuts.value);
  return html`<${Dialog} title="Keyboard shortcuts" onClose=${() => (helping.value = false)}>
    <div class="help">
      ${[...groups].map(
        ([group, items]) => html`<section key=${group}>
          <h3>${group}</h3>
          <dl>${items.map((item) => html`<div key=${item.keys}><dt>${item.does}</dt><dd><${Kbd} keys=${item.keys} /></dd></div>`)}</dl>
        </section>`,
      )}
    </div>
    <div class="help-foot">
      <span class="quiet">Theme</span>
      <div class="segmented" role="group" aria-label="Theme">
        ${["light", "dark", "system"].map(
          (name) => html`<button type="button" key=${name} aria-pressed=${theme.value === name} onClick=${() => choose(name)}>${name}</button>`,
        )}
      </div>
    </div>
  <//>`;
}

function grouped(items) {
  const groups = new Map();
  for (const item of items) groups.set(item.group ?? "Here", [...(groups.get(item.group ?? "Here") ?? []), item]);
  return groups;
}

export { empty };
