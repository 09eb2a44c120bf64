import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { FIRST, decoded, peek, placed, put, readOrder, toRender } = await load("ordering.js");

test("an order is read, and what cannot be read is told with its place", () => {
  assert.deepEqual(readOrder('{"event": "chat.created"}').order, { event: "chat.created" });
  const { problem } = readOrder('{\n  "event": chat\n}');
  assert.equal(problem.line, 2);
  assert.match(readOrder("[1]").problem.message, /an object/);
  assert.match(readOrder("null").problem.message, /an object/);
  assert.ok(readOrder("").problem.message);
});

test("a text is called JSON exactly where JSON.parse takes it", () => {
  const good = ["{}", "[]", '{"a":[1,-2.5e+3,"\\u00e9\\n",{"b":null}],"c":[]}', ' { "a" : [ ] } ', "0", '"x"'];
  for (const text of good) assert.ok(!readOrder(text).problem || /an object/.test(readOrder(text).problem.message), text);
  let state = 7;
  const draw = (size) => (state = (state * 1103515245 + 12345) % 2147483648) % size;
  const whole = JSON.stringify({ event: "chat.created", data: { chat: { title: "a\"b", n: [1, 2, -3.5, true, null] } } });
  for (let count = 0; count < 3000; count += 1) {
    const at = draw(whole.length);
    const text = whole.slice(0, at) + ["", ",", '"', "}", "[", "0", "-", "\\", "x"][draw(9)] + whole.slice(at + draw(3));
    let takes = true;
    try {
      JSON.parse(text);
    } catch {
      takes = false;
    }
    const { problem } = readOrder(text);
    assert.equal(!problem || /an object is needed/.test(problem.message), takes, text);
  }
});

test("a value is put where it belongs, and what is empty goes away with it", () => {
  const one = put(FIRST, ["contact", "firstName"], "Zoë");
  assert.deepEqual(one, { ...FIRST, contact: { firstName: "Zoë" } });
  assert.deepEqual(put(one, ["contact", "firstName"], ""), FIRST);
  assert.deepEqual(put({ ...FIRST, contact: "none" }, ["contact", "email"], "a@b.c").contact, { email: "a@b.c" });
  assert.equal(put(FIRST, ["data", "chat", "lastName"], null).data.chat.lastName, null);
  assert.equal(FIRST.contact, undefined, "nothing is changed in place");
});

test("what is not there is looked for without an error", () => {
  assert.equal(peek({ contact: "none" }, ["contact", "firstName"]), undefined);
  assert.equal(peek({}, ["data", "chat", "title"]), undefined);
});

test("a problem of a field is placed at its key", () => {
  const text = JSON.stringify({ event: "chat.created", contact: { email: "x", phoneNumber: "5" }, data: { chat: { email: 1 } } }, null, 2);
  const [phone, inner, missing] = placed(text, [
    { field: "/contact/phoneNumber", message: "a", hint: "b" },
    { field: "/data/chat/email", message: "c" },
    { field: "/count", message: "d" },
  ]);
  const lines = text.split("\n");
  assert.match(lines[phone.line - 1].slice(phone.column - 1), /^"phoneNumber"/);
  assert.equal(phone.hint, "b");
  assert.match(lines[inner.line - 1], /"email": 1/);
  assert.equal(missing.line, 1);
});

test("what is rendered is what is sent: the same order, to one connection", () => {
  const order = { ...FIRST, seed: 7, count: 3, connection_ids: ["c1", "c2"] };
  assert.deepEqual(toRender(order, "c1", 2), { ...FIRST, seed: 7, connection_id: "c1", attempt: 2 });
  assert.equal(toRender(order, undefined, 1).auth.type, "HMAC");
});

test("base64 of UTF-8 is text again", () => {
  assert.equal(decoded(Buffer.from("Олена 😀").toString("base64")), "Олена 😀");
});
