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
  [String.raw`So the answer is \boxed{326}.`, [String.raw`\boxed{326}`]],
  [
    String.raw`\boxed{\frac{1}{2}} and \boxed{\text{no one}}`,
    [String.raw`\boxed{\frac{1}{2}}`, String.raw`\boxed{\text{no one}}`],
  ],
  [
    String.raw`half is \frac{1}{2}, 3 \times 4 \le 12`,
    [String.raw`\frac{1}{2}`, String.raw`\times`, String.raw`\le`],
  ],
  [String.raw`\sqrt{x+1}, \sqrt[3]{8}`, [String.raw`\sqrt{x+1}`, String.raw`\sqrt[3]{8}`]],
  [String.raw`$\boxed{3}$ and \[\frac{1}{2}\]`, [String.raw`\boxed{3}`, String.raw`\frac{1}{2}`]],
  [
    String.raw`Answer:\boxed{5}, 2\times 3, a\cdot b`,
    [String.raw`\boxed{5}`, String.raw`\times`, String.raw`\cdot`],
  ],
  [String.raw`$\triangle AGC \sim \triangle MGN$`, [String.raw`\triangle AGC \sim \triangle MGN`]],
  [String.raw`an angle of 220^\circ`, []],
  // Unsure, and so text: an open brace, prose, a path, a command that is not known.
  [String.raw`\boxed{never closed`, []],
  [String.raw`\boxed{the answer is five}`, []],
  [String.raw`C:\times\new and data\pi\x`, []],
  [String.raw`\frac12 and \href{javascript:x}{y} and \includegraphics{z}`, []],
  [String.raw`a line\n another\nline`, []],
  [String.raw`\boxed{$x$}`, ["x"]],
  [String.raw`\constructor{1} \toString`, []],
])
  test(`mathematics: ${text}`, () => {
    const parts = splitMath(text);
    const found = parts.filter((part) => part.kind === "math").map((part) => part.text);
    assert.deepEqual(found, formulas);
    const whole = parts.map((part) => part.source ?? part.text).join("");
    assert.equal(whole, text.replaceAll(String.raw`\$`, "$"));
  });
