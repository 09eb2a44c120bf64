// An event as it is composed: one body of the API, edited as a form and as JSON. Pure.

/** What is asked for where nothing was asked for yet. */
export const FIRST = { event: "chat.created", channel: "WHATSAPP" };

/** {order} or {problem: {line, column, message}} of a JSON text. */
export function readOrder(text) {
  const fault = faultOf(text);
  if (fault) return { problem: at(text, fault.position, fault.message) };
  const order = JSON.parse(text);
  if (order === null || typeof order !== "object" || Array.isArray(order)) return { problem: at(text, 0, "an object is needed: { … }") };
  return { order };
}

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const PLAIN = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;

/** What keeps *text* from being JSON, and where; null for JSON. Browsers say it each in its own words, and some not where. */
function faultOf(text) {
  let position = 0;
  const take = (pattern) => {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    if (found) position += found[0].length;
    return found !== null;
  };
  const wrong = (message) => ({ position, message: position >= text.length ? `it ends too early: ${message}` : message });
  const open = []; // the brackets that are to be closed yet
  for (;;) {
    // A value.
    take(SPACE);
    const letter = text[position];
    if (letter === "{" || letter === "[") {
      position += 1;
      take(SPACE);
      open.push(letter === "{" ? "}" : "]");
      if (text[position] === open.at(-1)) (open.pop(), (position += 1));
      else if (letter === "{") {
        const fault = key();
        if (fault) return fault;
        position += 1;
        continue;
      } else continue;
    } else if (!take(STRING) && !take(PLAIN)) return wrong(letter === '"' ? "this text has no end" : "a value is needed: a text in double quotes, a number, true, false, null, { … } or [ … ]");
    // What may follow it.
    for (;;) {
      take(SPACE);
      if (!open.length) return position < text.length ? wrong("nothing may follow here") : null;
      if (text[position] !== open.at(-1)) break;
      open.pop();
      position += 1;
    }
    if (text[position] !== ",") return wrong(`a comma or ${open.at(-1)} is needed`);
    position += 1;
    if (open.at(-1) === "}") {
      const fault = key();
      if (fault) return fault;
      position += 1;
    }
  }

  function key() {
    take(SPACE);
    if (!take(STRING)) return wrong("a name in double quotes is needed");
    take(SPACE);
    return text[position] === ":" ? null : wrong("a colon is needed");
  }
}

function at(text, position, message) {
  const before = text.slice(0, position).split("\n");
  return { line: before.length, column: [...before.at(-1)].length + 1, length: 1, severity: "error", message };
}

/** *order* with the value at *path* set; undefined or "" takes it out, and what is empty with it. */
export function put(order, [name, ...rest], value) {
  const inner = order[name];
  const object = inner !== null && typeof inner === "object" && !Array.isArray(inner);
  const made = rest.length ? put(object ? inner : {}, rest, value) : value;
  const empty = made === undefined || made === "" || (rest.length && Object.keys(made).length === 0);
  const result = { ...order };
  if (empty) delete result[name];
  else result[name] = made;
  return result;
}

/** The value at *path*, or undefined. */
export const peek = (order, path) => path.reduce((value, name) => (value !== null && typeof value === "object" ? value[name] : undefined), order);

/** Problems of the API with their place in *text*; the key that the pointer ends with is marked. */
export function placed(text, errors) {
  return errors.map(({ field, message, hint }) => {
    let position = 0;
    let length = 1;
    for (const step of field.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"))) {
      const found = text.indexOf(JSON.stringify(step), position);
      if (found === -1) continue; // the index of a list, or a field that is missing
      position = found;
      length = JSON.stringify(step).length;
    }
    return { ...at(text, position, message), hint, length };
  });
}

/** What POST /render takes for it: one request, to one connection or with a signature of its own. */
export function toRender(order, connectionId, attempt) {
  const { count: _, connection_ids: __, ...rest } = order;
  const to = connectionId ? { connection_id: connectionId } : { auth: { type: "HMAC", secret: "whsec_of_nobody_yet" } };
  return { ...rest, ...to, attempt };
}

/** The text that base64 of UTF-8 stands for. */
export function decoded(base64) {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
}
