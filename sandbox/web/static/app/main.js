// Begins: reads what there is, follows what comes, shows it.
import { html, render } from "./lib.js";
import { Shell } from "./shell.js";
import { start } from "./store.js";

start();
render(html`<${Shell} />`, document.getElementById("app"));
