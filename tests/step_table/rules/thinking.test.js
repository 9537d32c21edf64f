// What is thinking in the text of a step, and what is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { thinking, wordsIn } from "../../../app/components/step_table/rules/thinking.js";

for (const [text, found] of [
  ["So 7.", null],
  ["a < think > b", null],
  ["<think>a\n\nb</think>So 7.", ["", "a\n\nb", "So 7."]],
  ["First.<think>a</think>", ["First.", "a", ""]],
  ["or 9?</think>\nSo 7.", ["", "or 9?", "So 7."]],
  ["<THINKING>cut off", ["", "cut off", ""]],
  ["[THINK]a[/THINK]b", ["", "a", "b"]],
  ["<think><img src=x onerror=alert(1)></think>", ["", "<img src=x onerror=alert(1)>", ""]],
])
  test(`thinking in ${JSON.stringify(text)}`, () => {
    const parts = thinking(text);
    assert.deepEqual(parts && [parts.before, parts.thought, parts.after], found);
  });

test("a megabyte of marks is read in a blink", () => {
  const started = performance.now();
  for (const mark of ["<think>", "</think>", "<think", "[THINK]"]) thinking(mark.repeat(150_000));
  assert.ok(performance.now() - started < 2000);
  assert.equal(wordsIn("  a b\n c "), 3);
});
