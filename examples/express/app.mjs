// A consumer of Wexio's webhooks in Express: checks the signature, takes each event once, answers.

import { createHmac, timingSafeEqual } from "node:crypto";
import express from "express";

const TOLERANCE = 300; // seconds that a signature may be old, or early

/** Whether *header* signs exactly these bytes, and did so just now. */
export function isFromWexio(header, body, secret) {
  const fields = header.split(",").map((item) => item.split(/=(.*)/s));
  const times = fields.filter(([name]) => name === "t").map(([, value]) => value ?? "");
  // More than one while a secret is being changed.
  const signatures = fields.filter(([name]) => name === "v1").map(([, value]) => value ?? "");
  if (times.length !== 1 || !/^[0-9]{1,12}$/.test(times[0])) return false;
  if (Math.abs(Date.now() / 1000 - Number(times[0])) > TOLERANCE) return false;
  const expected = createHmac("sha256", secret).update(`${times[0]}.`).update(body).digest();
  return signatures.some((signature) => {
    const given = Buffer.from(signature, "hex");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** The event, or null where the bytes are none. */
function parse(body) {
  try {
    const event = JSON.parse(body.toString("utf8"));
    return typeof event?.id === "string" ? event : null;
  } catch {
    return null;
  }
}

/** What one process remembers; several need a table with a unique id, written in one transaction with the lead. */
export function createStore() {
  return { taken: new Set(), leads: [] };
}

/** Do what is to be done about *event*, once; whether this was the first time. */
function take(store, event) {
  if (store.taken.has(event.id)) return false; // a retry of what we have: every attempt has the same id
  if (event.type === "chat.created") {
    const { id, channel, firstName } = event.data.chat;
    store.leads.push({ chat: id, channel, name: firstName, since: event.meta.occurredAt });
  }
  store.taken.add(event.id);
  return true; // of other types we want nothing: taken all the same, or they would come again
}

export function createApp(secret, store = createStore()) {
  const app = express();
  // express.json() would parse the body, and the bytes as they came, which were signed, would be gone.
  app.post("/webhooks/wexio", express.raw({ type: () => true, limit: "1mb" }), (request, response) => {
    const body = request.body ?? Buffer.alloc(0);
    if (!isFromWexio(request.get("X-Wexio-Signature") ?? "", body, secret)) {
      return response.status(401).json({ error: "the signature does not hold" });
    }
    const event = parse(body);
    if (event === null) return response.status(400).json({ error: "no event" });
    return response.json({ new: take(store, event) });
  });
  return app;
}
