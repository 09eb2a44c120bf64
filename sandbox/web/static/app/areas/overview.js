import { html } from "../lib.js";
import { Head } from "../ui/basics.js";

export function Overview() {
  return html`<${Head} title="Overview" />`;
}
