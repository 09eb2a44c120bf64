import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { body, draft, inWords } = await load("retrying.js");
const DELAYS = { attempts: 3, delays: ["1s", "2s"], timeout: "10s", give_up_on: [410], retry_after: "ignore" };
const CRM = { id: "c1", name: "crm", url: "http://a/", active: true, events: ["chat.created"], retry: DELAYS, concurrency: 32, auth: { type: "HMAC", secret: "whsec_…abcd" } };

test("a new connection signs, and its secret is the server's to make", () => {
  assert.deepEqual(body({ ...draft(), name: "crm", url: " http://a/ " }), {
    name: "crm",
    url: "http://a/",
    events: ["chat.created"],
    retry: "wexio",
    concurrency: 32,
    auth: { type: "HMAC" },
    active: true,
  });
});

test("of a connection that nobody has changed, nothing is sent", () => {
  for (const retry of ["wexio", "svix", DELAYS, { ...DELAYS, delays: undefined, backoff: { base: "5s", factor: 2, max: "1h", jitter: 0.2 } }])
    assert.deepEqual(body(draft({ ...CRM, retry }), { ...CRM, retry }), {});
  for (const auth of [{ type: "NONE" }, { type: "BEARER", token: "…abcd" }, { type: "BASIC", username: "u", password: "***" }])
    assert.deepEqual(body(draft({ ...CRM, auth }), { ...CRM, auth }), {});
});

test("only what is different is sent, and a masked secret never", () => {
  assert.deepEqual(body({ ...draft(CRM), name: "billing" }, CRM), { name: "billing" });
  assert.deepEqual(body({ ...draft(CRM), secret: "whsec_new" }, CRM), { auth: { type: "HMAC", secret: "whsec_new" } });
  assert.deepEqual(body({ ...draft(CRM), auth: "NONE" }, CRM), { auth: { type: "NONE" } });
  assert.deepEqual(body({ ...draft(CRM), delays: "1s,5s" }, CRM).retry.delays, ["1s", "5s"]);
});

test("what is no number goes as it was typed: the server says what is wrong with it", () => {
  const made = body({ ...draft(CRM), concurrency: "many", attempts: "" });
  assert.equal(made.concurrency, "many");
  assert.equal(made.retry.attempts, "");
});

test("a policy is told in a line", () => {
  assert.equal(inWords("wexio"), "wexio");
  assert.equal(inWords(DELAYS), "3 attempts: 1s, 2s");
  assert.equal(inWords({ attempts: 1, delays: [] }), "1 attempt");
});
