// Text with mathematics, and what was thought folded away -> DOM nodes. Data becomes text nodes only;
// KaTeX builds its own elements.

/** @import { Katex, Part } from "../types.js" */

import { el } from "../../dom.js";
import { splitMath } from "../rules/mathematics.js";
import { thinking, wordsIn } from "../rules/thinking.js";

const LONGEST_FORMULA = 3000; // characters; a longer one is shown as its source

// KaTeX comes once a formula may be on screen.
/** @type {() => Promise<Katex>} */
export const loadKatex = async () => (await import("../../katex/katex.mjs")).default;
const KATEX_STYLE = new URL("../../katex/katex.min.css", import.meta.url).href;

// Its style sheet, before `root`; it goes with it. The fonts are declared in the same sheet, and
// fonts are a document's, not a shadow root's: last, as Streamlit declares fonts of those names.
/** @type {(root: Element) => Element} */
export function addKatexStyle(root) {
  const [here, inHead] = [0, 1].map(() => el("link", { rel: "stylesheet", href: KATEX_STYLE }));
  root.before(here);
  if (!document.head.querySelector(`link[href="${KATEX_STYLE}"]`)) document.head.append(inHead);
  return here;
}

// A final answer: often bare LaTeX.
/** @type {(text: string, katex: Katex | null) => Node} */
export function renderAnswer(text, katex) {
  if (!/\\[a-zA-Z]|[\^_{]/.test(text) || /\$|\\[([]/.test(text)) return renderText(text, katex);
  return formula({ text, source: text, display: false }, katex);
}

// Nodes for `text`. Without KaTeX, or where a formula fails, its source in monospace.
/** @type {(text: string, katex: Katex | null) => DocumentFragment} */
export function renderText(text, katex) {
  const out = document.createDocumentFragment();
  const parts = splitMath(text.trimEnd());
  let glued = 0; // leading characters of the next text that stand inside the formula before it
  parts.forEach((part, i) => {
    if (part.kind === "math") {
      const box = formula(part, katex);
      glued = part.display ? 0 : glue(box, parts[i + 1]?.text ?? "");
      out.append(box);
      return;
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
/** @type {(box: HTMLElement, next: string) => number} */
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

/** @type {(part: Pick<Part, "text" | "source" | "display">, katex: Katex | null) => HTMLElement} */
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
  box.append(document.createTextNode(part.source ?? part.text));
  return box;
}

// Nodes for a step's text. A thought is typeset when it is unfolded: it may be very long.
/** @type {(text: string, katex: Katex | null) => Node} */
export function renderStep(text, katex) {
  const found = thinking(text);
  if (!found) return renderText(text, katex);
  const out = document.createDocumentFragment();
  if (found.before) out.append(renderText(found.before, katex));
  if (found.thought) out.append(folded(found.thought, katex));
  if (found.after) out.append(renderText(found.after, katex));
  return out;
}

/** @type {(thought: string, katex: Katex | null) => HTMLElement} */
function folded(thought, katex) {
  const words = wordsIn(thought);
  const count = `${words.toLocaleString("en")} ${words === 1 ? "word" : "words"}`;
  const first = el("span", { class: "first" }, thought.slice(0, 200).replace(/\s+/g, " "));
  const whole = el("div", { class: "thought" });
  const node = el(
    "details",
    { class: "thinking" },
    el("summary", {}, el("b", {}, "Thinking"), ` · ${count}`, first),
    whole,
  );
  node.addEventListener("toggle", () => whole.replaceChildren(renderText(thought, katex)), {
    once: true,
  });
  return node;
}
