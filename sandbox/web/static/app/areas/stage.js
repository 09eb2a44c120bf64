// Stage, for demos: a scenario being played, on the phones and at the subscriber.
import { html } from "../lib.js";
import { route } from "../router.js";
import { Chooser } from "./stage/chooser.js";
import { Theatre } from "./stage/theatre.js";

export function Stage() {
  const { id } = route.value;
  return id ? html`<${Theatre} key=${id} id=${id} />` : html`<${Chooser} />`;
}
