// What a reviewer's acts do: labels, flags, saving, undo, and data from the server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { unsaved, verdict } from "../../../app/components/step_table/rules/doc.js";
import { reduce } from "../../../app/components/step_table/rules/reducer.js";
import { at, flag, label, run, start } from "./support.js";

test("the first error makes earlier steps correct and later ones unjudged", () => {
  const acts = [at(0), label(0), at(1), label(-1), at(3), label(1), at(2), "first_error"];
  const { doc } = run(start(), ...acts);
  assert.deepEqual(doc.labels, [0, 1, -1, null]);
  assert.deepEqual(doc.implied, [false, true, false, false]);
  assert.deepEqual(verdict(doc.labels), { first_error: 2, refusal: null });
});

test("all correct keeps neutral marks", () => {
  const { doc } = run(start(), at(1), label(0), at(2), label(-1), "all_correct");
  assert.deepEqual(doc.labels, [1, 0, 1, 1]);
});

test("undo takes one press for each saved solution", () => {
  let state = run(start(), "all_correct", "save", at(1), label(-1), at(0), label(1), "save");
  const shown = () => [state.current.solution_id, state.doc.labels];
  state = run(state, "undo");
  assert.deepEqual(shown(), [2, [1, -1, null, null]]);
  state = run(state, "undo");
  assert.deepEqual(shown(), [1, [1, 1, 1, 1]]);
  assert.equal(run(state, "undo").message.text, "Nothing to undo.");
  state = run(state, "redo", "redo");
  assert.equal(state.current.solution_id, 3);
  assert.deepEqual(
    state.outbox.map((sent) => [sent.action, sent.solution_id]),
    [
      ["label", 1],
      ["label", 2],
      ["undo", 2],
      ["undo", 1],
      ["label", 1],
      ["label", 2],
    ],
  );
});

test("in place, every mark before a save can still be taken back", () => {
  const saved = run(start("solution"), at(0), label(1), "all_correct", "save");
  const labels = (...acts) => run(saved, ...acts).doc.labels;
  assert.deepEqual(labels("undo"), [1, 1, 1, 1]);
  assert.deepEqual(labels("undo", "undo"), [1, null, null, null]);
  assert.deepEqual(labels("undo", "undo", "undo"), [null, null, null, null]);
});

test("undo and redo are inverse, over many random walks", () => {
  let seed = 7;
  const random = (n) => {
    seed = (seed * 16807) % 2147483647;
    return seed % n;
  };
  const seen = ({ doc, current }) =>
    JSON.stringify([doc.labels, doc.implied, doc.flags, current.solution_id]);
  const acts = [
    ...[1, 0, -1, null].map(label),
    ...["first_error", "all_correct", "save", "skip"],
    ...["unsure", "bad_split"].map(flag),
  ];
  for (let walk = 0; walk < 200; walk++) {
    let state = start();
    const states = [seen(state)];
    let begun = 0; // where the solution on screen begins in `states`
    for (let i = 0; i < 12; i++) {
      const act = acts[random(10)];
      const before = state;
      state = run(state, at(random(4)), act);
      if (!state.doc) {
        state = before;
        continue;
      }
      if (seen(state) === states.at(-1)) continue;
      // A save is one act with all that led to it.
      if (state.outbox.length > before.outbox.length)
        states.splice(begun, states.length - 1 - begun);
      states.push(seen(state));
      if (state.outbox.length > before.outbox.length) begun = states.length - 1;
    }
    for (const expected of states.slice(0, -1).reverse()) {
      state = run(state, "undo");
      assert.equal(seen(state), expected, `undo in walk ${walk}`);
    }
    for (const expected of states.slice(1)) {
      state = run(state, "redo");
      assert.equal(seen(state), expected, `redo in walk ${walk}`);
    }
  }
});

test("flags toggle, travel, and are undone", () => {
  const both = ["bad_problem", "unsure"];
  const on = run(start(), flag("unsure"), flag("bad_problem"));
  assert.deepEqual(on.doc.flags, both);
  const off = run(on, flag("unsure"));
  assert.deepEqual(off.doc.flags, ["bad_problem"]);
  assert.deepEqual(run(off, "undo").doc.flags, both);
  const [sent] = run(on, "all_correct", "save").outbox;
  assert.equal(sent.action, "label");
  assert.deepEqual(sent.flags, both);
  assert.deepEqual(run(on, "skip").outbox[0].flags, both);
  assert.deepEqual(run(on, "save", "undo").outbox[1].flags, []);
});

test("flags alone are saved as a skip, and partial marks are not", () => {
  const alone = run(start(), flag("unsure"), "save");
  assert.equal(alone.outbox[0].action, "skip");
  assert.equal(alone.outbox[0].labels, null);
  assert.equal(alone.current.solution_id, 2);
  const partial = run(start(), flag("unsure"), at(1), label(1), "save");
  assert.deepEqual(partial.outbox, []);
  assert.equal(partial.message.kind, "refusal");
  const inPlace = run(start("solution"), flag("unsure"), "save");
  assert.equal(unsaved(inPlace.doc), false);
  const again = run(inPlace, "save");
  assert.equal(again.message.text, "Nothing new to save.");
  assert.equal(again.outbox.length, 1);
});

test("undoing a save takes it back and returns to it", () => {
  const { current, doc, outbox, upcoming } = run(start(), "all_correct", "save", "undo");
  assert.equal(current.solution_id, 1);
  assert.deepEqual(doc.labels, [1, 1, 1, 1]);
  const [saved, undone] = outbox;
  assert.deepEqual([saved.action, undone.action, outbox.length], ["label", "undo", 2]);
  assert.equal(undone.undoes, saved.token);
  assert.equal(undone.labels, null);
  assert.deepEqual(
    upcoming.map((item) => item.solution_id),
    [2, 3],
  );
});

test("what the server does not know yet is not shown again", () => {
  // Data made before a save still offers that solution; data after it may do so again.
  const items = (ids) =>
    ids.map((id) => ({ solution_id: id, revision: 1, steps: ["a"], annotators: [], mine: null }));
  const again = (state, ids, acked) =>
    reduce(state, { type: "data", data: { mode: "review", queue: "q", acked, items: items(ids) } });
  const ahead = (state) => state.upcoming.map((item) => item.solution_id);
  let state = run(start(), "all_correct", "save");
  const [{ token }] = state.outbox;
  state = again(state, [1, 2, 3], []);
  assert.equal(state.current.solution_id, 2);
  assert.deepEqual(ahead(state), [3]);
  state = again(state, [2, 3, 1], [token]);
  assert.deepEqual(ahead(state), [3, 1]);
  assert.deepEqual(state.outbox, []);
  assert.equal(state.saved, 1);
});

test("reading changes nothing, and a new queue starts afresh", () => {
  const read = run(start("read"), "all_correct", label(1), "save", "undo");
  assert.deepEqual(read.doc.labels, [null, null, null, null]);
  assert.deepEqual(read.outbox, []);
  const moved = run(start(), "all_correct", "save");
  const item = { solution_id: 9, revision: 1, steps: ["z"], annotators: [] };
  const data = { mode: "review", queue: "other", acked: [], items: [item] };
  const other = reduce(moved, { type: "data", data });
  assert.equal(other.current.solution_id, 9);
  assert.equal(other.outbox.length, 1);
});

const TYPES = [
  { name: "step_consistency", word: "contradicts an earlier step" },
  { name: "unit slip", word: "unit slip" },
];
const typed = (name) => ({ type: "error_type", name });
const offering = (mode = "review", item = {}, drafts = {}) =>
  run(start(mode), {
    type: "data",
    drafts,
    data: { mode, queue: "t", items: [{ ...start().current, ...item }], error_types: TYPES },
  });

test("a type is of a first error, and travels with it", () => {
  const early = run(offering(), "types");
  assert.equal(early.typing, false);
  assert.match(early.message.text, /^Mark the first error first/);
  const open = run(offering(), at(1), "first_error", "types");
  assert.equal(open.typing, true);
  const said = run(open, typed("unit slip"));
  assert.deepEqual([said.typing, said.doc.error_type], [false, "unit slip"]);
  assert.equal(run(said, "save").outbox[0].error_type, "unit slip");
  // A skip has no error, and neither has a solution without one.
  assert.equal(run(said, "skip").outbox[0].error_type, null);
  assert.equal(run(said, at(1), label(1), "all_correct", "save").outbox[0].error_type, null);
  // The same again takes it away; undo brings it back.
  const none = run(said, typed("unit slip"));
  assert.equal(none.doc.error_type, null);
  assert.equal(run(none, "undo").doc.error_type, "unit slip");
  assert.equal(run(said, "undo").doc.error_type, null);
});

test("a saved type comes back, and another one is worth saving", () => {
  const mine = { labels: [1, -1, null, null], error_type: "step_consistency" };
  const shown = offering("solution", { mine });
  assert.equal(shown.doc.error_type, "step_consistency");
  assert.equal(run(shown, "save").outbox.length, 0);
  assert.equal(run(shown, typed("unit slip"), "save").outbox[0].error_type, "unit slip");
  const saved = run(shown, typed("unit slip"), "save");
  assert.equal(run(saved, "undo").outbox[1].error_type, null);
  assert.equal(run(saved, "undo").doc.saved.error_type, "step_consistency");
});

test("one menu is open at a time, and closes with the solution", () => {
  const open = run(offering(), at(1), "first_error", "types");
  assert.deepEqual([run(open, "flags").typing, run(open, "flags").flagging], [false, true]);
  assert.equal(run(open, "flags", "types").flagging, false);
  assert.equal(run(open, { type: "help", open: true }).typing, false);
  assert.equal(run(open, "save").typing, false);
});
