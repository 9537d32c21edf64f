// Blind review: when the machines' scores appear, and which verdict is remembered.

import assert from "node:assert/strict";
import { test } from "node:test";
import { draftOf } from "../../../app/components/step_table/rules/doc.js";
import { machinesShown } from "../../../app/components/step_table/rules/reducer.js";
import { at, blindly, label, run, start } from "./support.js";

const NOTHING = [null, null, null, null];

test("blind reveals at the first verdict and remembers it", () => {
  let state = run(blindly(), at(1), label(-1));
  assert.equal(machinesShown(state), false);
  assert.equal(state.doc.first_labels, null);
  const refused = run(state, "scores");
  assert.equal(refused.message.kind, "refusal");
  assert.equal(machinesShown(refused), false);
  assert.equal(run(state, "evidence").message.kind, "refusal");

  state = run(state, at(0), label(1));
  assert.equal(machinesShown(state), true);
  assert.deepEqual(state.doc.first_labels, [1, -1, null, null]);
  const undone = run(state, "undo", "undo");
  assert.equal(machinesShown(undone), true);
  assert.deepEqual(undone.doc.labels, NOTHING);

  state = run(state, "all_correct", "save");
  const [sent] = state.outbox;
  assert.equal(sent.blind, true);
  assert.deepEqual(sent.first_labels, [1, -1, null, null]);
  assert.equal(sent.scores_visible, false);
  assert.deepEqual(sent.labels, [1, 1, 1, 1]);
  assert.equal(machinesShown(state), false);
});

test("a reload neither blinds again nor unblinds", () => {
  const reloaded = (state) => blindly({}, { 1: draftOf(state.doc) });
  const partial = reloaded(run(blindly(), at(2), label(-1)));
  assert.equal(machinesShown(partial), false);
  assert.deepEqual(partial.doc.labels, [null, null, -1, null]);
  const undone = reloaded(run(blindly(), "all_correct", "undo"));
  assert.equal(machinesShown(undone), true);
  assert.deepEqual(undone.doc.first_labels, [1, 1, 1, 1]);
  assert.deepEqual(undone.doc.labels, NOTHING);
  const seen = reloaded(run(start(), at(2), label(-1)));
  assert.equal(machinesShown(seen), true);
  assert.equal(seen.doc.blind, false);
});

test("what was labelled is not held back and keeps its first verdict", () => {
  const labels = [1, -1, null, null];
  const sent = (state) => {
    const { blind, first_labels, scores_visible } = run(state, "save").outbox[0];
    return [blind, first_labels, scores_visible];
  };
  const plain = blindly({ mine: { labels, note: "" } });
  assert.equal(machinesShown(plain), true);
  assert.deepEqual(sent(plain), [false, null, true]);
  const again = blindly({ mine: { labels, blind: true, first_labels: [1, 1, 1, 1] } });
  assert.equal(machinesShown(again), true);
  assert.deepEqual(sent(again), [true, [1, 1, 1, 1], false]);
  const skipped = blindly({ mine: { labels: NOTHING, flags: ["unsure"] } });
  assert.equal(machinesShown(skipped), false);
  assert.deepEqual(sent(skipped), [true, null, false]);
  assert.equal(machinesShown(blindly({}, {}, "read")), true);
});
