import { html } from "../lib.js";
import { Head } from "../ui/basics.js";

export function Stage() {
  return html`<${Head} title="Stage" />`;
}
