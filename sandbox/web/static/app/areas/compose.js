import { html } from "../lib.js";
import { Head } from "../ui/basics.js";

export function Compose() {
  return html`<${Head} title="Compose" />`;
}
