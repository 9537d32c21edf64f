// Text with mathematics -> DOM nodes. Data becomes text nodes only; KaTeX builds its own elements.

const LONGEST_FORMULA = 3000; // characters; a longer one is shown as its source
const ENVIRONMENTS =
  /^\\begin\{((?:align|aligned|alignat|equation|gather|gathered|cases|array|split|[pbBvV]?matrix)\*?)\}/;

// [{kind: "text" | "math", text, source, display}]: maths is \( \) \[ \] $$ $$ $ $ and bare
// environments. A single $ opens maths only under Pandoc's rule (no blank after the opening one,
// none before the closing one, no digit behind it), and never around running prose, so that
// "costs $5 and $6" stays what it is.
export function splitMath(text) {
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

function formulaAt(text, at) {
  const two = text.slice(at, at + 2);
  if (two === "\\(") return between(text, at, "\\(", "\\)", false);
  if (two === "\\[") return between(text, at, "\\[", "\\]", true);
  if (two === "$$") return between(text, at, "$$", "$$", true);
  if (text[at] === "$") return dollars(text, at);
  if (two === "\\b") return environment(text, at);
  return null;
}

function between(text, at, opening, closing, display) {
  const from = at + opening.length;
  const to = text.indexOf(closing, from);
  if (to < 0 || !text.slice(from, to).trim()) return null;
  return { text: text.slice(from, to), display, end: to + closing.length };
}

function environment(text, at) {
  const match = ENVIRONMENTS.exec(text.slice(at, at + 40));
  if (!match) return null;
  const closing = `\\end{${match[1]}}`;
  const to = text.indexOf(closing, at);
  if (to < 0) return null;
  const end = to + closing.length;
  return { text: text.slice(at, end), display: true, end };
}

function dollars(text, at) {
  let to = at + 1;
  while (to < text.length && text[to] !== "$") to += text[to] === "\\" ? 2 : 1;
  if (to >= text.length || to === at + 1) return null;
  const inside = text.slice(at + 1, to);
  if (/^\s|\s$|\n\s*\n/.test(inside) || /\d/.test(text[to + 1] ?? "")) return null;
  const bare = inside.replace(/\\(text|mbox|textbf|mathrm|operatorname)\s*\{[^}]*\}|\\[a-zA-Z]+/g, " ");
  if (/[a-z]{3,}\s+[a-z]{2,}/i.test(bare)) return null;
  return { text: inside, display: false, end: to + 1 };
}

// KaTeX from `url`, as {render(tex, element, options)}. `prefixed`: it writes katex-sizing where
// the style sheet at hand knows sizing.
export async function loadKatex(url, prefixed) {
  const { default: katex } = await import(url);
  if (!prefixed) return katex;
  return {
    render(tex, box, options) {
      katex.render(tex, box, options);
      for (const node of box.querySelectorAll("[class*='katex-']"))
        node.setAttribute("class", node.getAttribute("class").replace(PREFIX, ""));
    },
  };
}

const PREFIX = /\bkatex-(?!(?:display|html|mathml|error|version)\b)/g;

// A final answer: often bare LaTeX.
export function renderAnswer(text, katex) {
  if (!/\\[a-zA-Z]|[\^_{]/.test(text) || /\$|\\[([]/.test(text)) return renderText(text, katex);
  return formula({ text, source: text, display: false }, katex);
}

// Nodes for `text`. Without KaTeX, or where a formula fails, its source in monospace.
export function renderText(text, katex) {
  const out = document.createDocumentFragment();
  const parts = splitMath(text.trimEnd());
  let glued = 0; // leading characters of the next text that stand inside the formula before it
  parts.forEach((part, i) => {
    if (part.kind === "math") {
      const box = formula(part, katex);
      glued = part.display ? 0 : glue(box, parts[i + 1]?.text ?? "");
      return out.append(box);
    }
    // A display formula is a block: the line breaks around it would show as blank lines.
    let shown = part.text.slice(glued);
    glued = 0;
    if (parts[i - 1]?.display) shown = shown.replace(/^[ \t]*\n/, "");
    if (parts[i + 1]?.display) shown = shown.replace(/\n[ \t]*$/, "");
    out.append(document.createTextNode(shown));
  });
  return out;
}

// A line may break after a formula, but not between it and its full stop: that goes inside.
function glue(box, next) {
  const last = [...box.querySelectorAll(".katex-html > .base")].pop();
  const marks = /^[.,;:!?)\]]+/.exec(next)?.[0] ?? "";
  if (!last || !marks) return 0;
  const span = document.createElement("span");
  span.className = "glued";
  span.append(document.createTextNode(marks));
  last.append(span);
  return marks.length;
}

function formula(part, katex) {
  const box = document.createElement("span");
  box.className = part.display ? "math display" : "math";
  if (katex && part.text.length <= LONGEST_FORMULA) {
    try {
      katex.render(part.text, box, {
        displayMode: part.display,
        throwOnError: true,
        strict: "ignore",
        trust: false, // no links, images, classes or ids from data
        maxSize: 20, // em
        maxExpand: 500,
        macros: {}, // a new one each: \gdef must not reach the next formula
      });
      return box;
    } catch {
      box.replaceChildren();
    }
  }
  box.classList.add("source");
  box.title = katex ? "This formula cannot be typeset; this is its source" : "";
  box.append(document.createTextNode(part.source));
  return box;
}
