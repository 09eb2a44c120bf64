import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { reveal, visible } = await load("windowed.js");
const ROWS = { count: 10_000, height: 40, room: 400, around: 5 };

test("only the rows in sight are there, and a few around them", () => {
  assert.deepEqual(visible({ ...ROWS, top: 0 }), { first: 0, last: 15 });
  assert.deepEqual(visible({ ...ROWS, top: 4000 }), { first: 95, last: 115 });
});

test("every pixel that can be seen belongs to a row that is there", () => {
  for (let top = 0; top <= 10_000 * 40 - 400; top += 1237) {
    const { first, last } = visible({ ...ROWS, top });
    assert.ok(first * 40 <= top && last * 40 >= top + 400, `at ${top}`);
  }
});

test("at the end, in a short list and in an empty one there are no rows that are not", () => {
  assert.deepEqual(visible({ ...ROWS, top: 10_000 * 40 - 400 }), { first: 9985, last: 10_000 });
  assert.deepEqual(visible({ ...ROWS, count: 3, top: 0 }), { first: 0, last: 3 });
  assert.deepEqual(visible({ ...ROWS, count: 0, top: 0 }), { first: 0, last: 0 });
});

test("a list that has become shorter than where it was scrolled to shows its end", () => {
  const { first, last } = visible({ ...ROWS, count: 20, top: 9000 });
  assert.ok(first <= last && last === 20);
});

test("revealing scrolls as little as it must", () => {
  const box = { height: 40, room: 400 };
  assert.equal(reveal({ ...box, index: 5, top: 100 }), 100);
  assert.equal(reveal({ ...box, index: 1, top: 100 }), 40);
  assert.equal(reveal({ ...box, index: 20, top: 100 }), 440);
});
