// What a reviewer says about one solution: verdicts, and what comes from the server or a draft.

import assert from "node:assert/strict";
import { test } from "node:test";
import { draftOf, newDoc, unsaved, verdict } from "../../../app/components/step_table/rules/doc.js";

for (const [labels, firstError, why] of [
  [[null, null, null], null, "nothing is marked"],
  [[1, null, 1], null, "step 2 is unmarked"],
  [[null, null, -1], null, "steps 1–2 are unmarked. Press e on step 3"],
  [[1, 0, -1], 2, null],
  [[1, -1, null], 1, null],
  [[-1, null, null], 0, null],
  [[1, 0, 1], -1, null],
  [[], null, "nothing is marked"],
])
  test(`a verdict needs every step before it: ${JSON.stringify(labels)}`, () => {
    const got = verdict(labels);
    assert.equal(got.first_error, firstError);
    if (why === null) assert.equal(got.refusal, null);
    else assert.ok(got.refusal.includes(why), got.refusal);
  });

test("flags come from the server and from a draft, and nothing else does", () => {
  const labels = [1, 1, 1, 1];
  const item = { steps: [..."abcd"], mine: { labels, flags: ["unsure", "bad_weather"] } };
  const mine = newDoc(item);
  assert.deepEqual(mine.flags, ["unsure"]);
  assert.equal(unsaved(mine), false);
  const draft = newDoc(item, { labels, flags: ["bad_split"] });
  assert.deepEqual(draft.flags, ["bad_split"]);
  assert.equal(unsaved(draft), true);
  assert.deepEqual(draftOf(draft).flags, ["bad_split"]);
});

test("a type that was taken away stays away in the draft", () => {
  const mine = { labels: [1, -1, null, null], error_type: "unit slip" };
  const item = { steps: [..."abcd"], mine };
  const doc = newDoc(item);
  assert.equal(doc.error_type, "unit slip");
  assert.equal(unsaved(doc), false);
  const without = { ...doc, error_type: null };
  assert.equal(unsaved(without), true);
  assert.equal(newDoc(item, draftOf(without)).error_type, null);
  const older = { labels: mine.labels }; // a draft from before there were types
  assert.equal(newDoc(item, older).error_type, "unit slip");
});
