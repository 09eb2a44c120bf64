// The small parts that every area is put together from.
import { cls, html, useEffect, useId, useRef, useState } from "../lib.js";
import { CHANNELS, STATUSES } from "../format.js";
import { Icon } from "./icons.js";
import { say } from "./toast.js";

/** kind: "primary", "plain", "quiet" or "danger". busy: waits, and cannot be pressed. */
export function Button({ kind = "plain", icon, busy = false, children, class: extra, disabled, ...rest }) {
  return html`<button type="button" class=${cls("button", kind, extra)} aria-busy=${busy} disabled=${disabled || busy} ...${rest}>
    ${icon && html`<${Icon} name=${icon} />`}${children && html`<span>${children}</span>`}
  </button>`;
}

/** A button that is only a picture; label says what it does. */
export function IconButton({ icon, label, small = false, pressed, class: extra, ...rest }) {
  return html`<button type="button" class=${cls("icon-button", small && "small", extra)} aria-label=${label} title=${label} aria-pressed=${pressed} ...${rest}>
    <${Icon} name=${icon} />
  </button>`;
}

/** tone: "ok", "bad", "wait", "dead", "accent" or "plain". */
export function Badge({ tone = "plain", children, dot = true }) {
  return html`<span class="badge" data-tone=${tone}>${dot && html`<i></i>`}${children}</span>`;
}

export function StatusBadge({ status }) {
  const { name, tone } = STATUSES[status] ?? { name: status, tone: "plain" };
  return html`<${Badge} tone=${tone}>${name}<//>`;
}

export function Channel({ channel }) {
  if (!CHANNELS[channel]) return html`<span class="quiet">–</span>`;
  return html`<span class="channel" data-channel=${channel}><i></i>${CHANNELS[channel].name}</span>`;
}

export function Head({ title, lede, children }) {
  return html`<header class="area-head">
    <div>
      <h1>${title}</h1>
      ${lede && html`<p class="quiet">${lede}</p>`}
    </div>
    ${children && html`<div class="actions">${children}</div>`}
  </header>`;
}

export function Card({ title, actions, children, class: extra, ...rest }) {
  return html`<section class=${cls("card", extra)} ...${rest}>
    ${title && html`<header><h2>${title}</h2>${actions && html`<div class="actions">${actions}</div>`}</header>`}${children}
  </section>`;
}

/** What stands where there is nothing yet: what it would be, and what to do. */
export function Empty({ icon = "info", title, children, actions }) {
  return html`<div class="empty">
    <div class="empty-icon"><${Icon} name=${icon} size=${22} /></div>
    <h2>${title}</h2>
    <div class="quiet">${children}</div>
    ${actions && html`<div class="actions">${actions}</div>`}
  </div>`;
}

/** One of several: options are [value, label, icon?]. */
export function Segmented({ label, value, options, onChange }) {
  return html`<div class="segmented" role="group" aria-label=${label}>
    ${options.map(
      ([each, says, icon]) => html`<button type="button" key=${each} aria-pressed=${each === value} onClick=${() => onChange(each)}>
        ${icon && html`<${Icon} name=${icon} />`}${says}
      </button>`,
    )}
  </div>`;
}

/** A label, its control (a function of the id), a hint, and what is wrong with it. */
export function Field({ label, hint, error, children }) {
  const id = useId();
  const described = error ? `${id}-error` : hint ? `${id}-hint` : undefined;
  return html`<div class=${cls("field", error && "wrong")}>
    <label for=${id}>${label}</label>
    ${children({ id, "aria-describedby": described, "aria-invalid": error ? "true" : undefined })}
    ${hint && !error && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${error && html`<p class="error" id=${`${id}-error`}>${error}</p>`}
  </div>`;
}

/** Puts *text* into the clipboard. */
export function Copy({ text, label = "Copy", small = true }) {
  const [done, setDone] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
      setTimeout(() => setDone(false), 1500);
    } catch {
      say("The browser does not let this page copy: mark the text instead.", { tone: "bad" });
    }
  }
  return html`<button type="button" class=${cls("button quiet", small && "small")} onClick=${copy}>
    <${Icon} name=${done ? "check" : "copy"} size=${14} /><span>${done ? "Copied" : label}</span>
  </button>`;
}

/** Text as it is, with a button that copies it. */
export function Code({ text, label }) {
  return html`<div class="code">
    <pre tabindex="0" aria-label=${label}>${text}</pre>
    <${Copy} text=${text} />
  </div>`;
}

/** A modal dialog; Escape and a click beside it close it. */
export function Dialog({ title, onClose, children, actions, wide = false }) {
  const ref = useRef(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    ref.current.showModal();
    return () => {
      // It is out of the document by now: nobody else takes the focus back to where it was …
      if (before?.isConnected) before.focus({ preventScroll: true });
      // … and that may be gone as well, or cannot be pressed just now.
      if (document.activeElement === document.body) document.getElementById("main")?.focus({ preventScroll: true });
    };
  }, []);
  return html`<dialog
    ref=${ref}
    class=${cls("dialog", wide && "wide")}
    aria-labelledby=${id}
    onCancel=${(event) => (event.preventDefault(), onClose())}
    onClick=${(event) => event.target === ref.current && onClose()}
  >
    <div class="dialog-inside">
      <header><h2 id=${id}>${title}</h2><${IconButton} icon="close" label="Close" onClick=${onClose} /></header>
      <div class="dialog-body">${children}</div>
      ${actions && html`<footer class="actions">${actions}</footer>`}
    </div>
  </dialog>`;
}

const ENGRAVED = { space: "Space", escape: "Esc", arrowright: "→" };
export const Kbd = ({ keys }) => keys.split(" ").map((key) => html`<kbd>${ENGRAVED[key] ?? key}</kbd>`);
