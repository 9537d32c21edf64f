// What in a text is mathematics: formulas between delimiters, and bare environments. Pure.

/** @import { Found, Part } from "../types.js" */

const ENVIRONMENTS =
  /^\\begin\{((?:align|aligned|alignat|equation|gather|gathered|cases|array|split|[pbBvV]?matrix)\*?)\}/;

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
  if (two === "\\b") return environment(text, at);
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

/** @type {(text: string, at: number) => Found | null} */
function dollars(text, at) {
  let to = at + 1;
  while (to < text.length && text[to] !== "$") to += text[to] === "\\" ? 2 : 1;
  if (to >= text.length || to === at + 1) return null;
  const inside = text.slice(at + 1, to);
  if (/^\s|\s$|\n\s*\n/.test(inside) || /\d/.test(text[to + 1] ?? "")) return null;
  const bare = inside.replace(
    /\\(text|mbox|textbf|mathrm|operatorname)\s*\{[^}]*\}|\\[a-zA-Z]+/g,
    " ",
  );
  if (/[a-z]{3,}\s+[a-z]{2,}/i.test(bare)) return null;
  return { text: inside, display: false, end: to + 1 };
}
