import { html } from "../lib.js";
import { Head } from "../ui/basics.js";

export function Deliveries() {
  return html`<${Head} title="Deliveries" />`;
}
