// The consumer, tested with requests as Wexio sends them: a running sandbox writes them, we post them.
//
// The sandbox never calls back: it may be anywhere that this process can reach, in a
// container for one (WEXIO_SANDBOX_URL, and WEXIO_SANDBOX_TOKEN where it wants one).

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { createApp, createStore } from "./app.mjs";

const SANDBOX = process.env.WEXIO_SANDBOX_URL ?? "http://127.0.0.1:8420";
const TOKEN = process.env.WEXIO_SANDBOX_TOKEN;
const SECRET = "whsec_of-the-tests";

let server, url, store;

before(async () => {
  for (let tries = 100; ; tries -= 1) {
    const answer = await fetch(`${SANDBOX}/readyz`).catch((error) => ({ ok: false, statusText: error.message }));
    if (answer.ok) return;
    if (tries === 0) throw new Error(`no sandbox at ${SANDBOX}: ${answer.statusText}. Start one: wexio-sandbox serve`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

beforeEach(async () => {
  server?.closeAllConnections();
  server?.close();
  store = createStore();
  server = createApp(SECRET, store).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  url = `http://127.0.0.1:${server.address().port}/webhooks/wexio`;
});

after(() => {
  server?.closeAllConnections();
  server?.close();
});

/** The request that Wexio would send. */
async function render(order = {}) {
  const answer = await fetch(`${SANDBOX}/api/v1/render`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(TOKEN && { Authorization: `Bearer ${TOKEN}` }) },
    body: JSON.stringify({ event: "chat.created", auth: { type: "HMAC", secret: SECRET }, ...order }),
  });
  const said = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(said));
  return { headers: said.headers, body: Buffer.from(said.body_base64, "base64") };
}

/** Post it to the app; the status of the answer. */
async function receive({ headers, body }) {
  const answer = await fetch(url, { method: "POST", headers, body });
  await answer.arrayBuffer();
  return answer.status;
}

for (const channel of ["WHATSAPP", "TELEGRAM", "VIBER", "INSTAGRAM"]) {
  test(`a first contact on ${channel} becomes a lead`, async () => {
    const request = await render({ channel, data: { chat: { firstName: "Олена 🌻" } } });
    assert.equal(await receive(request), 200);
    const { chat } = JSON.parse(request.body).data;
    assert.deepEqual(store.leads.map(({ chat, channel, name }) => [chat, channel, name]), [[chat.id, channel, "Олена 🌻"]]);
  });
}

test("a retry makes no second lead", async () => {
  const first = await render();
  const second = await render({ attempt: 2, id: JSON.parse(first.body).id });
  assert.deepEqual([await receive(first), await receive(second)], [200, 200]);
  assert.equal(store.leads.length, 1);
});

test("a chat without a contact is taken", async () => {
  assert.equal(await receive(await render({ contact: "none" })), 200);
});

for (const fault of [
  { do: "missing_signature" },
  { do: "malformed_signature" },
  { do: "wrong_secret" },
  { do: "tampered_body" },
  { do: "stale", by: "10m" },
  { do: "future", by: "10m" },
]) {
  test(`refused: ${fault.do}`, async () => {
    assert.equal(await receive(await render({ faults: [fault] })), 401);
    assert.equal(store.leads.length, 0);
  });
}

test("one space more is another body", async () => {
  const request = await render();
  assert.equal(await receive({ ...request, body: `${request.body} ` }), 401);
});

for (const signature of ["", "t=,v1=", "t=12", "v1=ab", "t=now,v1=ab", "t=1,t=2,v1=ab", "t=12,v1=\u00fc"]) {
  test(`a malformed signature is refused: ${signature}`, async () => {
    const { headers, body } = await render();
    assert.equal(await receive({ headers: { ...headers, "X-Wexio-Signature": signature }, body }), 401);
  });
}
