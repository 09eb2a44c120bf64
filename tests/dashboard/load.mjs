// The modules as the browser gets them. Node takes a .js file for something older unless it is told.
import { readFileSync } from "node:fs";

const FOLDER = new URL("../../sandbox/web/static/app/", import.meta.url);

function packed(address) {
  const source = readFileSync(address, "utf8");
  const whole = source.replace(/(from )"(\.[^"]+)"/g, (_, from, name) => `${from}"${packed(new URL(name, address))}"`);
  return `data:text/javascript,${encodeURIComponent(whole)}`;
}

export const load = (name) => import(packed(new URL(name, FOLDER)));
