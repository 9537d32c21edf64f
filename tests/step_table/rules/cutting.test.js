// Steps cut anew at the caret: what is sent, what goes along, what undo brings back.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  carried,
  joined,
  nextEnd,
  splitAt,
} from "../../../app/components/step_table/rules/cutting.js";
import { EMPTY, reduce } from "../../../app/components/step_table/rules/reducer.js";
import { at, blindly, flag, ITEMS, label, run, start } from "./support.js";

const STEPS = ["One. Two.", "Three.", "Four."];
const said = (kind, more) => ({ id: 1, kind, name: kind, status: "ok", ...more });
const MC = said("mc", {
  first_error: 1,
  scores: [0.5, 0, null],
  successes: [4, 0, 0],
  trials: [8, 8, 0],
});
const PERSON = said("human", { first_error: 1, scores: [1, -1, null] });

const data = (items, more = {}) => ({
  type: "data",
  data: { mode: "review", queue: "q", items, acked: [], ...more },
});
const item = { ...ITEMS[0], steps: STEPS, annotators: [MC, PERSON] };
const begun = (more = {}) => reduce(EMPTY, data([{ ...item, ...more }, ...ITEMS.slice(1)]));
const split = (place) => ({ type: "split", at: place });
const join = (step) => ({ type: "join", step });

test("a step is split at the caret, and joined to the one before", () => {
  assert.deepEqual(splitAt(STEPS, 0, 4).steps, ["One.", "Two.", "Three.", "Four."]);
  assert.deepEqual(splitAt(STEPS, 0, 4).parts, [[0], [0], [1], [2]]);
  for (const place of [0, 9]) assert.equal(splitAt(STEPS, 0, place), null);
  assert.deepEqual(joined(STEPS, 1).steps, ["One. Two.\n\nThree.", "Four."]);
  assert.deepEqual(joined(STEPS, 1).parts, [[0, 1], [2]]);
  for (const step of [0, 3]) assert.equal(joined(STEPS, step), null);
});

test("tab goes from sentence to sentence, and ends at the last", () => {
  const text = "So x = 1.5 here. Then:\n\ny = 2";
  assert.deepEqual(
    [0, 17, 24].map((place) => nextEnd(text, place)),
    [17, 24, null],
  );
});

test("labels go along: parts of a wrong step are open, a joined step is as bad as its worst", () => {
  assert.deepEqual(carried(splitAt(STEPS, 0, 4), [0, 1, -1]), [0, 0, 1, -1]);
  assert.deepEqual(carried(splitAt(STEPS, 0, 4), [-1, 1, null]), [null, null, 1, null]);
  assert.deepEqual(carried(joined(STEPS, 1), [1, 0, null]), [0, null]);
  assert.deepEqual(carried(joined(STEPS, 1), [1, null, 1]), [null, 1]);
  assert.deepEqual(carried(joined(STEPS, 1), [null, -1, 1]), [-1, 1]);
});

test("a cut is sent at once, and the caret stays where it was made", () => {
  const open = run(begun(), at(0), { type: "caret" });
  assert.deepEqual(open.caret, { at: 0 });
  const cut = run(open, split(4));
  assert.deepEqual(cut.current.steps, ["One.", "Two.", "Three.", "Four."]);
  assert.deepEqual([cut.doc.focus, cut.caret], [1, { at: 0 }]);
  const [sent] = cut.outbox;
  assert.deepEqual([sent.action, sent.solution_id, sent.cut], ["cut", 1, null]);
  assert.deepEqual(sent.steps, cut.current.steps);
  // The next acts are of what that cut made, whose id is not known yet.
  const acts = run(cut, join(1), "all_correct", "save").outbox.slice(1);
  assert.deepEqual(
    acts.map((one) => [one.action, one.solution_id, one.cut]),
    [
      ["cut", 1, sent.token],
      ["label", 1, acts[0].token],
    ],
  );
  assert.deepEqual(acts[1].labels, [1, 1, 1]);
});

test("columns stay: machines' where a step is one of the old ones, people's as labels", () => {
  const [mc, person] = run(begun(), split(4)).current.annotators;
  assert.deepEqual([mc.old_cut, mc.scores], [true, [null, null, 0, null]]);
  assert.deepEqual([mc.first_error, mc.trials], [2, [null, null, 8, 0]]);
  assert.deepEqual([person.first_error, person.scores], [2, [1, 1, -1, null]]);
  const [halved] = run(begun(), at(1), split(3)).current.annotators;
  assert.equal(halved.first_error, null);
});

test("what cannot be cut is refused, and nothing is sent", () => {
  for (const act of [split(0), split(99), join(0)]) {
    const state = run(begun(), act);
    assert.equal(state.message.kind, "refusal");
    assert.deepEqual([state.outbox, state.current.steps], [[], STEPS]);
  }
  assert.deepEqual(run(start("read"), split(1)).outbox, []);
});

test("undo goes back over marks and cuts alike, and redo forward", () => {
  let state = run(begun(), at(1), label(-1), at(0), label(1), split(4), at(3), label(1), "save");
  assert.equal(state.current.solution_id, 2);
  const shown = () => [state.current.steps.length, state.doc.labels];
  state = run(state, "undo"); // the save, with the mark that led to it
  assert.deepEqual(shown(), [4, [1, 1, -1, 1]]);
  state = run(state, "undo"); // the cut
  assert.deepEqual(shown(), [3, [1, -1, null]]);
  const cuts = state.outbox.filter((sent) => sent.action.endsWith("cut"));
  assert.deepEqual([cuts[1].action, cuts[1].undoes], ["uncut", cuts[0].token]);
  assert.deepEqual(run(state, "undo").doc.labels, [null, -1, null]);
  state = run(state, "redo");
  assert.deepEqual(shown(), [4, [1, 1, -1, null]]);
});

test("the server's id takes the place of the cut's token, and nothing else changes", () => {
  const cut = run(begun(), split(4), at(1), label(1));
  const [{ token }] = cut.outbox;
  const made = { ...item, solution_id: 9, revision: 77, steps: cut.current.steps, cut_from: 1 };
  const cuts = { [token]: { solution_id: 9, revision: 77 } };
  let state = reduce(cut, data([made, ITEMS[1]], { acked: [token], cuts }));
  assert.deepEqual([state.current.solution_id, state.outbox], [9, []]);
  assert.deepEqual(state.doc.labels, [null, 1, null, null]);
  assert.deepEqual([state.upcoming[0].solution_id, state.upcoming.length], [2, 1]);
  state = run(state, "undo", "undo");
  assert.deepEqual([state.current.solution_id, state.outbox[0].undoes], [1, token]);
});

test("in place, the old solution does not come back while a cut is on its way", () => {
  const first = reduce(EMPTY, data([item], { mode: "solution" }));
  const cut = run(first, split(4));
  assert.equal(reduce(cut, data([item], { mode: "solution" })).current, cut.current);
});

test("a bad split leads to the cut, which answers the flag", () => {
  const flagged = run(begun(), "flags", flag("bad_split"));
  assert.match(flagged.message.text, /x cuts/);
  const cut = run(flagged, { type: "caret" }, split(4));
  assert.deepEqual([cut.flagging, cut.doc.flags], [false, []]);
});

test("whoever labelled the old cut meanwhile is told where the label went", () => {
  const state = run(start(), "all_correct", "save");
  const [{ token }] = state.outbox;
  const answered = reduce(state, data(ITEMS.slice(1), { acked: [token], carried: { [token]: 9 } }));
  assert.match(answered.message.text, /Solution 1 was cut anew meanwhile, as solution 9/);
});

test("a blind verdict that the cut leaves open is none, and what was seen stays seen", () => {
  const kept = run(blindly(), at(1), "first_error", at(0), split(0));
  assert.deepEqual(kept.doc.first_labels, [1, -1, null, null]);
  const judged = run(blindly({ steps: STEPS }), at(0), "first_error");
  const cut = run(judged, split(4));
  assert.deepEqual([cut.doc.labels[0], cut.doc.blind, cut.doc.seen], [null, false, true]);
});
