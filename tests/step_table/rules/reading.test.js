// What the table says about an item: column heads, their details, and disputes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { shortNames } from "../../../app/components/step_table/rules/names.js";
import {
  cell,
  decimal,
  dispute,
  headDetail,
  soFar,
} from "../../../app/components/step_table/rules/reading.js";

for (const [names, expected] of [
  [
    [
      ["judge", "Qwen2.5-72B-Instruct-vote4"],
      ["judge", "Qwen2.5-32B-Instruct-vote4"],
      ["mc", "Qwen2.5-7B-mc"],
    ],
    ["72B-Instruct", "32B-Instruct", "Qwen2.5-7B-mc"],
  ],
  [
    [
      ["prm", "prm-round-1"],
      ["prm", "prm-round-2"],
    ],
    ["round-1", "round-2"],
  ],
  [
    [
      ["prm", "same"],
      ["prm", "same"],
    ],
    ["same", "same"],
  ],
  [
    [
      ["prm", "a-x"],
      ["prm", "b-x"],
    ],
    ["a-x", "b-x"],
  ],
])
  test(`heads say what tells the columns of a kind apart: ${expected}`, () => {
    assert.deepEqual(shortNames(names.map(([kind, name]) => ({ kind, name }))), expected);
  });

for (const [annotator, detail] of [
  [{ kind: "judge", votes: { share: 0.75, n: 4 } }, "3/4 votes"],
  [{ kind: "judge", votes: { share: 2 / 3, n: 3 } }, "2/3 votes"],
  [{ kind: "judge", votes: null }, ""],
  [{ kind: "prm", threshold: 0.5 }, "≥ .50"],
  [{ kind: "judge", threshold: 0.6 }, "≥ .60"],
  [{ kind: "prm", threshold: null }, ""],
  [{ kind: "mc", threshold: 0.5 }, ""],
])
  test(`a head tells votes and threshold: ${JSON.stringify(annotator)}`, () => {
    assert.equal(headDetail(annotator), detail);
  });

test("a judge that scores steps shows numbers, any other shows marks", () => {
  const said = { id: 1, name: "j", status: "ok", first_error: 1, scores: [0.93, 0.42] };
  const weighs = { ...said, kind: /** @type {const} */ ("judge"), threshold: 0.5 };
  assert.deepEqual(
    [0, 1].map((step) => cell(weighs, step).text),
    [".93", ".42"],
  );
  const judges = { ...weighs, threshold: null };
  assert.deepEqual(
    [0, 1].map((step) => cell(judges, step).text),
    ["✓", "✗"],
  );
});

test("disputes are the steps that some but not all name", () => {
  const by = (first_error, status = "ok") => ({ first_error, status, scores: [] });
  const steps = (...all) => {
    const { agree, disputed } = dispute(all);
    return [agree, [...disputed].sort()];
  };
  assert.deepEqual(steps(by(2), by(2)), [true, []]);
  assert.deepEqual(steps(by(2), by(-1)), [false, [2]]);
  assert.deepEqual(steps(by(1), by(3), by(1)), [false, [1, 3]]);
  assert.deepEqual(steps(by(1), by(null)), [true, []]);
  assert.deepEqual(steps(by(1), by(2, "unparsed")), [true, []]);
});

test("up to a step a missing score counts for nothing", () => {
  assert.deepEqual(soFar([0.5, null, 0.4, 0.1], 2), { lowest: 0.4, product: 0.2 });
  assert.deepEqual(soFar([null], 0), { lowest: 1, product: 1 });
});

test("a third digit where it matters", () =>
  assert.deepEqual(
    [decimal(0.48), decimal(0.012), decimal(0.9981), decimal(1), decimal(0)],
    [".48", ".012", ".998", "1.000", ".000"],
  ));
