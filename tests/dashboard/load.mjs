// The modules as the browser gets them. Node takes a .js file for something older unless it is told.
import { readFileSync } from "node:fs";

const FOLDER = new URL("../../sandbox/web/static/app/", import.meta.url);

export const load = (name) => import(`data:text/javascript,${encodeURIComponent(readFileSync(new URL(name, FOLDER), "utf8"))}`);
