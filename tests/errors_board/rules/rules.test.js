// What the errors board shows of the arrays that it gets.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fraction,
  fullest,
  isLit,
  moved,
  nearest,
  neighbour,
  outcomeCounts,
  outcomeOf,
  pathOf,
  rowShares,
  sentence,
  tablesOf,
  toggled,
} from "../../../app/components/errors_board/rules.js";

for (const [predicted, reference, outcome] of [
  [-1, -1, "right"],
  [2, -1, "false_alarm"],
  [-1, 2, "missed"],
  [2, 2, "exact"],
  [1, 2, "early"],
  [3, 2, "late"],
  [null, 2, "no_verdict"],
  [null, -1, "no_verdict_right"],
])
  test(`a verdict ${predicted} beside ${reference} is ${outcome}`, () =>
    assert.equal(outcomeOf(predicted, reference), outcome));

// At the first threshold 5 clean and 3 missed; then one of the missed is found, one comes late.
const TABLES = tablesOf([
  [-1, -1, 5, -1, 1, 3],
  [-1, 1, 1, 1, 1, 1, 4, 1, 1],
]);

test("a table is what came before it, with its changes", () => {
  assert.deepEqual(outcomeCounts(TABLES, 0), {
    ...{ missed: 3, false_alarm: 0, early: 0, late: 0, exact: 0, right: 5 },
    ...{ no_verdict: 0, no_verdict_right: 0 },
  });
  const later = outcomeCounts(TABLES, 1);
  assert.deepEqual([later.missed, later.exact, later.late, later.right], [1, 1, 1, 5]);
  assert.equal(TABLES.steps, 5);
  assert.equal(TABLES.noVerdict, false);
});

test("shares are of a row, and the scale is of the fullest that is not clean", () => {
  const shares = rowShares(TABLES, 1);
  const at = (predicted, reference) =>
    TABLES.cells.findIndex((c) => c.predicted === predicted && c.reference === reference);
  assert.equal(shares[at(-1, -1)], 1);
  assert.equal(shares[at(1, 1)], 1 / 3);
  assert.equal(fullest(TABLES, 0), 3);
  assert.equal(fullest(tablesOf([[]]), 0), 1);
});

test("without a solution there is nothing, and nothing fails", () => {
  const none = tablesOf([[], []]);
  assert.deepEqual(none.cells, []);
  assert.equal(outcomeCounts(none, 1).missed, 0);
});

test("keys move by a hundredth, whatever lies between", () => {
  const grid = Array.from({ length: 201 }, (_, i) => i / 200);
  const at = (t) => nearest(grid, t);
  assert.equal(grid[moved(grid, at(0.5), "ArrowRight")], 0.51);
  assert.equal(grid[moved(grid, at(0.5), "ArrowDown")], 0.49);
  assert.equal(grid[moved(grid, at(0.5), "PageUp")], 0.6);
  assert.equal(grid[moved(grid, at(0.995), "ArrowRight")], 1);
  assert.equal(moved(grid, 0, "ArrowLeft"), 0);
  assert.equal(grid[moved(grid, at(0.3), "End")], 1);
  assert.equal(moved(grid, 3, "a"), null);
  const coarse = [0, 0.5, 1];
  assert.equal(moved(coarse, 1, "ArrowRight"), 2);
  assert.equal(moved(coarse, 2, "ArrowRight"), 2);
});

test("a cell and an outcome take each other's place, and a second choice clears", () => {
  const none = { at: 0, set: 0, cell: null, outcome: null };
  const late = toggled(none, { outcome: "late" });
  assert.equal(late.outcome, "late");
  const cell = toggled(late, { cell: [-1, 2] });
  assert.deepEqual([cell.cell, cell.outcome], [[-1, 2], null]);
  assert.equal(toggled(cell, { cell: [-1, 2] }).cell, null);
  assert.deepEqual(toggled(cell, { cell: [1, 2] }).cell, [1, 2]);
  assert.equal(toggled(late, { outcome: "late" }).outcome, null);
});

test("what is not chosen is dimmed", () => {
  const one = { predicted: -1, reference: 2, outcome: "missed" };
  const other = { predicted: 3, reference: 2, outcome: "late" };
  const lit = (chosen) => [one, other].map((cell) => isLit(cell, chosen));
  assert.deepEqual(lit({ cell: null, outcome: null }), [true, true]);
  assert.deepEqual(lit({ cell: null, outcome: "late" }), [false, true]);
  assert.deepEqual(lit({ cell: [-1, 2], outcome: null }), [true, false]);
});

test("arrow keys lead from one filled square to the next", () => {
  const tables = tablesOf([[0, 0, 2, 2, 0, 1, 0, 3, 4, -1, -1, 9]]);
  const go = (from, ...keys) => keys.reduce((at, key) => neighbour(tables, 0, at, key), from);
  assert.equal(go(0, "ArrowRight"), 1);
  assert.equal(go(0, "ArrowDown"), 2);
  assert.equal(go(0, "ArrowRight", "ArrowLeft"), 0);
  assert.equal(go(2, "ArrowLeft"), 2);
  assert.equal(go(0, "ArrowRight", "ArrowDown", "ArrowRight"), 3);
});

test("numbers are written as figures are read", () => {
  assert.deepEqual(
    [fraction(0.48), fraction(0.485), fraction(0.5), fraction(1), fraction(0), fraction(null)],
    [".48", ".485", ".50", "1.00", ".00", "–"],
  );
  assert.equal(fraction(0.8, 3), ".800");
  const cell = { predicted: null, reference: 2, outcome: "no_verdict" };
  assert.equal(
    sentence(cell, 1, 0.25, "prm-v2"),
    "Reference step 3, prm-v2 no verdict: 1 solution, 25.0% of the row (no verdict, wrong)",
  );
});

test("a curve breaks where it is not defined", () => {
  const path = pathOf(
    [0, 0.5, 1, 2],
    [1, null, 0.5, 0],
    (t) => t,
    (share) => share,
  );
  assert.equal(path, "M0.0 1.0M1.0 0.5L2.0 0.0");
});
