import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { person } = await load("areas/stage/people.js");

test("a phone number tells the country, and the longer calling code wins", () => {
  const of = (phoneNumber) => person({ data: { contact: { firstName: "A", phoneNumber } } }).code;
  assert.deepEqual(["+46701740612", "+380500000123", "+38591000012", "+12025550123", "+999"].map(of), ["SE", "UA", "HR", "US", null]);
});

test("without a number a person has a user name, and no country is made up", () => {
  const who = person({ data: { chat: { firstName: "Sofia", username: "sofia.almeida" } } });
  assert.deepEqual([who.name, who.handle, who.country], ["Sofia", "@sofia.almeida", null]);
});

test("without a contact, a chat or even data there is still somebody", () => {
  assert.equal(person({ who: "Alex Stone", data: null }).name, "Alex Stone");
  assert.equal(person({ data: { chat: { title: "A group" } } }).name, "A group");
  assert.equal(person({}).name, "Somebody");
});

test("whatever stands where a name should does no harm", () => {
  const who = person({ who: "x", data: { contact: { firstName: { toString: null }, lastName: 7, phoneNumber: [] } } });
  assert.deepEqual([who.name, who.letters, who.code], ["x", "?", null]);
});
