import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { cut, offset, yaml } = await load("place.js");

test("a place is counted in characters, whatever they are made of", () => {
  const text = "name: 😀x\nseed: y\n";
  assert.equal(text[offset(text, 1, 8)], "x");
  assert.equal(text[offset(text, 2, 7)], "y");
  assert.equal(offset(text, 1, 99), text.indexOf("\n"));
  assert.equal(offset(text, 99, 1), text.length);
});

test("a line is cut where its problems are, and nothing is lost", () => {
  assert.deepEqual(cut("channel: WHATSAP", [{ column: 10, length: 7, severity: "error" }]), [["", "channel: "], ["error", "WHATSAP"]]);
  assert.deepEqual(cut("ab", [{ column: 3, length: 1, severity: "warning" }]), [["", "ab"], ["warning", " "]]);
  assert.deepEqual(cut("", [{ column: 1, length: 1, severity: "error" }]), [["error", " "]]);
  const both = cut("abcdef", [{ column: 1, length: 4, severity: "warning" }, { column: 2, length: 2, severity: "error" }]);
  assert.deepEqual(both, [["warning", "a"], ["error", "bc"], ["warning", "d"], ["", "ef"]]);
});

test("YAML is coloured, and what comes out is what went in", () => {
  const lines = ["name: First # not said", "  - emit: chat.created", 'alex: {phoneNumber: "+46700", locale: uk_UA}', "wait: 2s", "url: ${URL}", "# a comment", "", "a: b: c", "<img src=x onerror=alert(1)>"];
  for (const line of lines) assert.equal(yaml(line).map(([, text]) => text).join(""), line);
  assert.deepEqual(yaml("wait: 2s"), [["key", "wait"], ["", ": "], ["number", "2s"]]);
  assert.deepEqual(yaml("# a comment"), [["comment", "# a comment"]]);
  assert.ok(yaml("url: ${URL}").some(([kind]) => kind === "variable"));
});

test("a line of ten thousand characters is coloured in no time", () => {
  const began = performance.now();
  for (const line of [" ".repeat(10_000), "a: ".repeat(3_000), '"'.repeat(9_999), "- ".repeat(5_000)]) yaml(line);
  assert.ok(performance.now() - began < 1000);
});
