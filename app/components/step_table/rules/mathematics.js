// What in a text is mathematics: formulas between delimiters, and bare environments. Pure.

/** @import { Found, Part } from "../types.js" */

const ENVIRONMENTS =
  /^\\begin\{((?:align|aligned|alignat|equation|gather|gathered|cases|array|split|[pbBvV]?matrix)\*?)\}/;

// What models write without any delimiter: commands with arguments, and signs. Others stay text.
/** @type {Map<string, number>} */
const ARGUMENTS = new Map([
  ["boxed", 1],
  ["sqrt", 1],
  ["frac", 2],
  ["dfrac", 2],
  ["tfrac", 2],
  ["binom", 2],
]);
const SIGNS =
  /^(?:times|cdot|div|pm|mp|leq?|geq?|neq?|approx|equiv|sim|infty|pi|theta|alpha|beta|gamma|delta|lambda|mu|sigma|phi|omega|Delta|angle|triangle|circ|degree|cup|cap|subset|in|to|rightarrow|Rightarrow|implies|therefore|cdots|ldots|dots)$/;
const LONGEST_ARGUMENT = 400; // characters; what runs on longer is a brace that was never closed

// [{kind: "text" | "math", text, source, display}]: maths is \( \) \[ \] $$ $$ $ $ and bare
// environments. A single $ opens maths only under Pandoc's rule (no blank after the opening one,
// none before the closing one, no digit behind it), and never around running prose, so that
// "costs $5 and $6" stays what it is.
/** @type {(text: string) => Part[]} */
export function splitMath(text) {
  /** @type {Part[]} */
  const parts = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const found = formulaAt(text, at);
    if (found) {
      if (plain) parts.push({ kind: "text", text: plain });
      plain = "";
      parts.push({ kind: "math", ...found, source: text.slice(at, found.end) });
      at = found.end;
    } else if (text[at] === "\\" && text[at + 1] === "$") {
      plain += "$";
      at += 2;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  if (plain) parts.push({ kind: "text", text: plain });
  return parts;
}

/** @type {(text: string, at: number) => Found | null} */
function formulaAt(text, at) {
  const two = text.slice(at, at + 2);
  if (two === "\\(") return between(text, at, "\\(", "\\)", false);
  if (two === "\\[") return between(text, at, "\\[", "\\]", true);
  if (two === "$$") return between(text, at, "$$", "$$", true);
  if (text[at] === "$") return dollars(text, at);
  if (two[0] === "\\") return environment(text, at) ?? command(text, at);
  return null;
}

/** @type {(text: string, at: number, opening: string, closing: string, display: boolean) => Found | null} */
function between(text, at, opening, closing, display) {
  const from = at + opening.length;
  const to = text.indexOf(closing, from);
  if (to < 0 || !text.slice(from, to).trim()) return null;
  return { text: text.slice(from, to), display, end: to + closing.length };
}

/** @type {(text: string, at: number) => Found | null} */
function environment(text, at) {
  const match = ENVIRONMENTS.exec(text.slice(at, at + 40));
  if (!match) return null;
  const closing = `\\end{${match[1]}}`;
  const to = text.indexOf(closing, at);
  if (to < 0) return null;
  const end = to + closing.length;
  return { text: text.slice(at, end), display: true, end };
}

// A command outside all delimiters, such as \boxed{7} or \frac{1}{2}. Only what is known, whole
// and free of running prose is maths: C:\times is a folder, \frac12 could be anything.
/** @type {(text: string, at: number) => Found | null} */
function command(text, at) {
  const name = /^\\([A-Za-z]+)/.exec(text.slice(at, at + 20))?.[1] ?? "";
  const before = text.slice(Math.max(0, at - 2), at);
  const wanted = ARGUMENTS.get(name) ?? 0;
  if (before.endsWith("\\")) return null;
  if (!wanted && (!SIGNS.test(name) || /[:^_]$|[A-Za-z]{2}$/.test(before))) return null;
  let end = at + 1 + name.length;
  if (name === "sqrt") end += /^\[\w{1,3}\]/.exec(text.slice(end, end + 5))?.[0].length ?? 0;
  for (let i = 0; i < wanted; i++) {
    const closing = closingBrace(text, end);
    if (closing < 0) return null;
    end = closing + 1;
  }
  const inside = text.slice(at, end);
  return inside.includes("$") || isProse(inside) ? null : { text: inside, display: false, end };
}

// The index of the brace that closes the one at `at`; -1 where there is none.
/** @type {(text: string, at: number) => number} */
function closingBrace(text, at) {
  if (text[at] !== "{") return -1;
  let depth = 0;
  for (let i = at; i < text.length && i - at < LONGEST_ARGUMENT; i++) {
    if (text[i] === "\\") i += 1;
    else if (text[i] === "{") depth += 1;
    else if (text[i] === "}" && --depth === 0) return i;
  }
  return -1;
}

/** @type {(text: string, at: number) => Found | null} */
function dollars(text, at) {
  let to = at + 1;
  while (to < text.length && text[to] !== "$") to += text[to] === "\\" ? 2 : 1;
  if (to >= text.length || to === at + 1) return null;
  const inside = text.slice(at + 1, to);
  if (/^\s|\s$|\n\s*\n/.test(inside) || /\d/.test(text[to + 1] ?? "")) return null;
  if (isProse(inside)) return null;
  return { text: inside, display: false, end: to + 1 };
}

// Two words in a row, \text{…} aside. Capitals alone are no words: \triangle ABC \sim \triangle DEF.
/** @type {(tex: string) => boolean} */
function isProse(tex) {
  const bare = tex.replace(
    /\\(text|mbox|textbf|mathrm|operatorname)\s*\{[^}]*\}|\\[a-zA-Z]+/g,
    " ",
  );
  return /[a-z]{3,}\s+[a-z]{2,}/.test(bare);
}
