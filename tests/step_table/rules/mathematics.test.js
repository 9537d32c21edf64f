// What in a text is mathematics, and that nothing of the text is lost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { splitMath } from "../../../app/components/step_table/rules/mathematics.js";

for (const [text, formulas] of [
  ["costs $5 and $6", []],
  ["$5 or $6, that is $11.", []],
  ["He has $20-$5=$15 left", []],
  ["a $5 bill and a big 10$ bill", []],
  ["so $x = 5$ and $y$.", ["x = 5", "y"]],
  [String.raw`\$5 and $x$`, ["x"]],
  [String.raw`\(a\) then \[b\] then $$c$$`, ["a", "b", "c"]],
  [String.raw`\begin{align*}a&=b\end{align*}`, [String.raw`\begin{align*}a&=b\end{align*}`]],
  ["open $ never closed", []],
  [String.raw`$18\text{ dollars and more}$`, [String.raw`18\text{ dollars and more}`]],
  [String.raw`\(unclosed`, []],
])
  test(`mathematics: ${text}`, () => {
    const parts = splitMath(text);
    const found = parts.filter((part) => part.kind === "math").map((part) => part.text);
    assert.deepEqual(found, formulas);
    const whole = parts.map((part) => part.source ?? part.text).join("");
    assert.equal(whole, text.replaceAll(String.raw`\$`, "$"));
  });
