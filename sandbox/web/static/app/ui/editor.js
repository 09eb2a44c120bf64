// A text to edit with its colours and its problems. The browser's own text area lies over
// the coloured text, so that typing, selecting and screen readers work as everywhere.
import { html, useId, useRef } from "../lib.js";
import { cut, offset } from "../place.js";
import { Icon } from "./icons.js";

/**
 * problems: [{line, column, length, severity, message, hint}], from 1; *pieces* turns a
 * line into [[kind, text]].
 */
export function Editor({ value, onInput, label, problems = [], pieces, readOnly = false }) {
  const area = useRef(null);
  const id = useId();
  const lines = value.split("\n");
  const byLine = new Map();
  for (const problem of problems) byLine.set(problem.line, [...(byLine.get(problem.line) ?? []), problem]);
  const errors = problems.filter((each) => each.severity !== "warning").length;

  function show({ line, column, length }) {
    const start = offset(value, line, column);
    area.current.focus();
    area.current.setSelectionRange(start, start + Math.max(0, length ?? 0));
    const box = area.current.closest(".editor-scroll");
    const height = area.current.scrollHeight / Math.max(1, lines.length);
    box.scrollTop = Math.max(0, (line - 4) * height);
  }

  return html`<div class="editor" data-bad=${errors ? "yes" : undefined}>
    <div class="editor-scroll">
      <div class="editor-lines" aria-hidden="true">
        ${lines.map((_, at) => html`<span key=${at} data-severity=${worst(byLine.get(at + 1))}>${at + 1}</span>`)}
      </div>
      <div class="editor-text">
        <pre aria-hidden="true">${lines.map((line, at) => html`<span class="line" key=${at} data-severity=${worst(byLine.get(at + 1))}>${shown(line, byLine.get(at + 1), pieces)}${"\n"}</span>`)}</pre>
        <textarea
          ref=${area}
          aria-label=${label}
          aria-describedby=${problems.length ? `${id}-problems` : undefined}
          aria-invalid=${errors ? "true" : undefined}
          spellcheck=${false}
          autocapitalize="off"
          autocomplete="off"
          wrap="off"
          readonly=${readOnly}
          value=${value}
          onInput=${(event) => onInput(event.target.value)}
        ></textarea>
      </div>
    </div>
    <div role="group" aria-label="Problems">
      ${problems.length > 0 &&
      html`<ul class="problems" id=${`${id}-problems`}>
        ${problems.slice(0, 50).map(
          (each, at) => html`<li key=${at} data-tone=${each.severity === "warning" ? "wait" : "bad"}>
            <${Icon} name=${each.severity === "warning" ? "info" : "alert"} />
            <button type="button" class="problem" onClick=${() => show(each)}>
              <span class="mono">${each.line}:${each.column}</span>
              <span>${each.message}${each.hint ? html`<span class="quiet">: ${each.hint}</span>` : ""}</span>
            </button>
          </li>`,
        )}
        ${problems.length > 50 && html`<li class="quiet">and ${problems.length - 50} more</li>`}
      </ul>`}
    </div>
  </div>`;
}

const worst = (problems) => (problems ? (problems.some((each) => each.severity !== "warning") ? "error" : "warning") : undefined);

function shown(line, problems, pieces) {
  if (problems) return cut(line, problems).map(([kind, text], at) => (kind ? html`<mark key=${at} data-severity=${kind}>${text}</mark>` : text));
  return pieces(line).map(([kind, text], at) => (kind ? html`<span key=${at} class=${`j-${kind}`}>${text}</span>` : text));
}
