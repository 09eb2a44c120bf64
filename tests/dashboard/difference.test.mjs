import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { changedLines, headerChanges, valueChanges } = await load("difference.js");

test("headers are the same, changed, new or gone", () => {
  const before = [["Content-Type", "application/json"], ["X-Wexio-Attempt", "1"], ["X-Old", "a"]];
  const after = [["Content-Type", "application/json"], ["x-wexio-attempt", "2"], ["X-New", "b"]];
  assert.deepEqual(headerChanges(before, after), [
    { name: "Content-Type", value: "application/json", change: "same" },
    { name: "x-wexio-attempt", value: "2", change: "changed", before: "1" },
    { name: "X-New", value: "b", change: "added" },
    { name: "X-Old", value: "", change: "removed", before: "a" },
  ]);
});

test("a header that comes twice is compared with its own turn", () => {
  const rows = headerChanges([["A", "1"], ["A", "2"]], [["A", "1"], ["A", "3"]]);
  assert.deepEqual(rows.map((row) => row.change), ["same", "changed"]);
  assert.equal(headerChanges([["A", "1"], ["A", "2"]], [["A", "1"]]).at(-1).change, "removed");
});

test("without anything before, nothing has changed", () => {
  assert.deepEqual(headerChanges(null, [["A", "1"]]), [{ name: "A", value: "1", change: "same" }]);
});

test("values that differ are named by their path", () => {
  const before = { meta: { attempt: 1 }, tags: ["a", "b"], gone: null };
  const after = { meta: { attempt: 2 }, tags: ["a", "c", "d"], "new": 0 };
  assert.deepEqual(valueChanges(before, after), [
    { path: "meta.attempt", before: 1, after: 2 },
    { path: "tags[1]", before: "b", after: "c" },
    { path: "tags[2]", before: undefined, after: "d" },
    { path: "gone", before: null, after: undefined },
    { path: "new", before: undefined, after: 0 },
  ]);
  assert.deepEqual(valueChanges(after, structuredClone(after)), []);
});

test("keys that every object inherits are keys like any other", () => {
  const after = JSON.parse('{"__proto__": 1, "constructor": 2}');
  assert.deepEqual(valueChanges({}, after).map((each) => each.path), ["__proto__", "constructor"]);
});

test("what is an object here and a text there is one change", () => {
  assert.deepEqual(valueChanges({ a: { b: 1 } }, { a: "b" }), [{ path: "a", before: { b: 1 }, after: "b" }]);
});

test("the lines that are new are marked, and no others", () => {
  assert.deepEqual([...changedLines("a\nb\nc\nd", "a\nB\nc\nx\nd")], [1, 3]);
  assert.deepEqual([...changedLines("a\nb", "a\nb")], []);
  assert.deepEqual([...changedLines("", "a\nb")], [0, 1]);
});

test("texts of ten thousand lines are compared in no time", () => {
  const lines = (name) => Array.from({ length: 10_000 }, (_, at) => `${name}${at}`).join("\n");
  const began = performance.now();
  assert.equal(changedLines(lines("a"), lines("b")).size, 10_000);
  assert.ok(performance.now() - began < 2000);
});
