import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { initials, hash, millis, outcome, parseDuration, percent, plural, span, taken, time } = await load("format.js");

test("a duration is told as coarsely as it is long", () => {
  const said = [null, 0.4, 12.6, 1340, 59_000, 61_000, 3_600_000, 12_000_000, 90 * 3_600_000].map(millis);
  assert.deepEqual(said, ["–", "< 1 ms", "13 ms", "1.3 s", "59 s", "1 min 1 s", "1 h", "3 h 20 min", "3 d 18 h"]);
  assert.equal(span(-5), "0 s");
});

test("the API's durations are read", () => {
  assert.equal(parseDuration("1h30m"), 5_400_000);
  assert.equal(parseDuration("250ms"), 250);
  assert.equal(parseDuration("1.5s"), 1500);
});

test("numbers agree with their words", () => {
  assert.equal(plural(1, "event"), "1 event");
  assert.equal(plural(1200, "delivery", "deliveries"), "1,200 deliveries");
  assert.deepEqual([percent(1), percent(0), percent(0.8772)], ["100 %", "0 %", "87.7 %"]);
});

test("times are UTC wherever one sits", () => assert.equal(time("2026-04-24T23:02:10.123Z"), "23:02:10"));

test("an attempt came to a status, to an error, or is under way", () => {
  assert.deepEqual([{ response: { status: 503 } }, { error: { type: "timeout" } }, {}].map(outcome), ["503", "timeout", "…"]);
  assert.deepEqual([{ response: { status: 204 } }, { response: { status: 302 } }, { response: null }].map(taken), [true, false, false]);
});

test("letters of an avatar are whole letters of any script", () => {
  assert.equal(initials("Дмитро", undefined), "Д");
  assert.equal(initials("😀lex", "Stone"), "😀S");
  assert.equal(initials("", null), "?");
});

test("a name picks the same colour each time", () => {
  assert.equal(hash("Alex"), hash("Alex"));
  assert.notEqual(hash("Alex"), hash("Olena"));
});
