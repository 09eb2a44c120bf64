// A webhook consumer as an integration developer would write it: verifies the
// signature on the raw body, forgets what it has seen before, answers.
//
// Prints {"port": …} first, then one JSON line for each request.
// WEXIO_SECRET: the connection's secret.  FAIL_FIRST: how many requests of each event
// get a 503 before one is taken.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createRequire } from "node:module";

// Installed once, for the example.
const express = createRequire(new URL("../../../examples/express/package.json", import.meta.url))("express");

const SECRET = process.env.WEXIO_SECRET;
const FAIL_FIRST = Number(process.env.FAIL_FIRST ?? 0);
const TOLERANCE = 5 * 60; // seconds

if (!SECRET) {
  console.error("WEXIO_SECRET is not set");
  process.exit(2);
}

const taken = new Set();
const refused = new Map();

/** Why the signature does not hold, or null. */
function fault(header, body) {
  if (!header) return "missing signature";
  const fields = header.split(",").map((field) => field.split("="));
  const time = fields.find(([name]) => name === "t")?.[1];
  const signatures = fields.filter(([name]) => name === "v1").map(([, value]) => value);
  if (!/^\d+$/.test(time ?? "") || signatures.length === 0) return "malformed signature";
  if (Math.abs(Date.now() / 1000 - Number(time)) > TOLERANCE) return "stale signature";
  const expected = createHmac("sha256", SECRET).update(`${time}.`).update(body).digest();
  const holds = signatures.some((signature) => {
    const given = Buffer.from(signature, "hex");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return holds ? null : "wrong signature";
}

/** The status to answer with, and what to say about it. */
function judge(request) {
  const reason = fault(request.get("X-Wexio-Signature"), request.body);
  if (reason) return [401, { verified: false, reason }];

  let event;
  try {
    event = JSON.parse(request.body.toString("utf8"));
  } catch {
    return [400, { verified: true, reason: "not JSON" }];
  }
  const seen = { verified: true, id: event.id, type: event.type, attempt: event.meta?.attempt };

  const failures = refused.get(event.id) ?? 0;
  if (failures < FAIL_FIRST) {
    refused.set(event.id, failures + 1);
    return [503, { ...seen, reason: "told to fail" }];
  }
  const duplicate = taken.has(event.id);
  taken.add(event.id);
  return [200, { ...seen, duplicate }];
}

const app = express();
// A verifier needs the bytes as they came: express.json() would throw them away.
app.post("/webhooks/wexio", express.raw({ type: () => true, limit: "1mb" }), (request, response) => {
  // Without a body there is nothing to read, and Express leaves it undefined.
  request.body ??= Buffer.alloc(0);
  const [status, seen] = judge(request);
  console.log(JSON.stringify({ status, ...seen, headers: request.headers, body: request.body.toString("utf8") }));
  response.status(status).json(seen);
});

const server = app.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
process.on("SIGTERM", () => process.exit(0));
