import { html } from "../lib.js";
import { Head } from "../ui/basics.js";

export function Scenarios() {
  return html`<${Head} title="Scenarios" />`;
}
