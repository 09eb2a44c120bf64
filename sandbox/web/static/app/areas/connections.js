import { html } from "../lib.js";
import { Head } from "../ui/basics.js";

export function Connections() {
  return html`<${Head} title="Connections" />`;
}
