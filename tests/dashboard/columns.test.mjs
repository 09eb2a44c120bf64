import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { columns, stacked } = await load("areas/overview/columns.js");
const COURSE = {
  at: "2026-04-24T14:02:07.500Z",
  every_ms: 5000,
  items: [
    { at: "2026-04-24T14:01:55.000Z", events: 3, accepted: 2, refused: 1 },
    { at: "2026-04-24T14:02:05.000Z", events: 1, accepted: 1, refused: 0 },
  ],
};

test("a while in which nothing happened is there with nothing in it", () => {
  const [at, events, accepted, refused] = columns(COURSE);
  assert.deepEqual(events.slice(-3), [3, 0, 1]);
  assert.deepEqual(accepted.slice(-3), [2, 0, 1]);
  assert.deepEqual(refused.slice(-3), [1, 0, 0]);
  assert.equal(at.at(-1) * 1000, Date.parse("2026-04-24T14:02:05.000Z"));
  assert.ok(at.every((moment, index) => index === 0 || moment - at[index - 1] === 5));
});

test("at least a minute is shown, and at most five", () => {
  assert.equal(columns(COURSE)[0].length, 13);
  const long = { ...COURSE, items: [{ at: "2026-04-24T13:00:00.000Z", events: 1, accepted: 1, refused: 0 }] };
  assert.equal(columns(long)[0].length, 61);
});

test("before anything has happened there is a minute of nothing", () => {
  assert.deepEqual(new Set(columns({ ...COURSE, items: [] })[1]), new Set([0]));
});

test("the accepted stand on the refused", () => {
  assert.deepEqual(stacked([[1], [9], [2], [3]]), [[1], [5], [3], [9]]);
});
