import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { filtersOf, matcher, remembered } = await load("filters.js");
const LINE = { id: "dlv_1", event_id: "evt_77", who: "Олена Коваленко", channel: "VIBER", connection_id: "c1", run_id: "r1", status: "FAILED" };

test("an address without filters asks for everything, with no question to each", () => {
  assert.equal(matcher(filtersOf({ attempt: "2", part: "answer", q: "" })), null);
  assert.equal(matcher({ q: "   " }), null);
});

test("what else an address says is no filter", () => {
  assert.deepEqual(filtersOf({ status: "FAILED", attempt: "2", q: "x" }), { status: "FAILED", q: "x" });
});

for (const [name, yes, no] of [
  ["status", "FAILED", "SUCCESS"],
  ["channel", "VIBER", "TELEGRAM"],
  ["connection", "c1", "c2"],
  ["run", "r1", "r2"],
])
  test(`by ${name}`, () => {
    assert.equal(matcher({ [name]: yes })(LINE), true);
    assert.equal(matcher({ [name]: no })(LINE), false);
  });

test("every word must be found, in any letters, wherever it stands", () => {
  const named = () => "CRM of mine";
  for (const q of ["олена", "КОВАЛЕНКО evt_77", "crm viber", "dlv_1"]) assert.equal(matcher({ q }, named)(LINE), true, q);
  for (const q of ["maria", "олена maria"]) assert.equal(matcher({ q }, named)(LINE), false, q);
});

test("each line is asked once, and again when it is another object", () => {
  let asked = 0;
  const matches = remembered((line) => ((asked += 1), line.status === "FAILED"));
  const line = { ...LINE };
  assert.equal(matches(line) && matches(line), true);
  assert.equal(asked, 1);
  assert.equal(matches({ ...line, status: "SUCCESS" }), false);
  assert.equal(remembered(null), null);
});
