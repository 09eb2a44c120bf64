// What the server says, for a form and for a person.
import { html } from "../lib.js";

/** What a problem says about the field at *pointer* or below it, with what was probably meant. */
export function told(problem, ...pointers) {
  const found = (problem?.errors ?? []).filter((error) => pointers.some((pointer) => error.field === pointer || error.field.startsWith(`${pointer}/`)));
  return found.map(({ message, hint }) => (hint ? `${message} (${hint})` : message)).join("; ") || undefined;
}

/** Text in which what stands between backticks is code. */
export const Said = ({ text }) => text.split("`").map((piece, at) => (at % 2 ? html`<code>${piece}</code>` : piece));
