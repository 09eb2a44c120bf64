// Short messages in the corner, and the one live region of the page.
import { html, signal } from "../lib.js";
import { Icon } from "./icons.js";

const toasts = signal([]);
const spoken = signal("");
let last = 0;
let next = 1;

/** Show *text* for a while; tone: "ok", "bad" or "plain". action: {label, run}. */
export function say(text, { tone = "plain", action = null, stay = tone === "bad" ? 9000 : 4500 } = {}) {
  const toast = { id: next++, text, tone, action };
  toasts.value = [...toasts.value.filter((each) => each.text !== text), toast].slice(-4);
  speak(text);
  setTimeout(() => dismiss(toast.id), stay);
}

/** Tell a screen reader only, and not more often than every few seconds: it must not chatter. */
export function announce(text) {
  if (performance.now() - last < 4000) return;
  speak(text);
}

function speak(text) {
  last = performance.now();
  spoken.value = text;
}

function dismiss(id) {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

export function Toasts() {
  return html`
    <div class="sr-only" role="status" aria-live="polite">${spoken}</div>
    <div class="toasts">
      ${toasts.value.map(
        (toast) => html`
          <div key=${toast.id} class="toast" data-tone=${toast.tone}>
            <${Icon} name=${toast.tone === "bad" ? "alert" : toast.tone === "ok" ? "check" : "info"} />
            <span class="toast-text">${toast.text}</span>
            ${toast.action &&
            html`<button class="link" onClick=${() => (toast.action.run(), dismiss(toast.id))}>${toast.action.label}</button>`}
            <button class="icon-button small" aria-label="Dismiss" onClick=${() => dismiss(toast.id)}><${Icon} name="close" /></button>
          </div>
        `,
      )}
    </div>
  `;
}
