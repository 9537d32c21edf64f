// The help: every key in its group, and the rules that are not on screen.

/** @import { Frame, Key, Owner } from "../types.js" */

import { button, el, focusIn } from "../../dom.js";
import { CARET_KEYS } from "../caret.js";
import { KEYS } from "../keys.js";

/** @type {[title: string, groups: string[]][]} */
const SECTIONS = [
  ["Move", ["move"]],
  ["Label the focused step", ["label"]],
  ["Give a verdict", ["verdict"]],
  ["Finish", ["save", "undo"]],
  ["Say more", ["flag", "why", "note"]],
  ["Cut the steps anew", ["cut"]],
  ["View", ["dock", "view"]],
];
/** @type {Record<string, string>} */
const MEANING = {
  up: "Previous step",
  down: "Next step",
  save: "Save, and go to the next solution",
  redo: "Redo what was undone",
  note: "Write a note; Esc leaves it",
  help: "This help; Esc closes it",
};
const RULES = [
  "A label can be saved once its verdict is clear: a first error with every step before it marked, or every step marked.",
  "Unmarked is not neutral. Pressing e or a fills in the steps it implies; those show as dashed outlines until you mark them yourself.",
  "Steps after the first error need no label.",
  "A cut stands at once, as another solution in the place of this one: what people said is carried over, and what machines said is marked as of the old cut.",
  "≠ marks a step where some annotators, but not all, see the first error.",
  "In a blind review, scores and evidence appear once your marks amount to a verdict; you may change it afterwards, and the first one is kept beside it.",
];
/** @type {Record<string, string>} */
const ARROWS = { ArrowUp: "↑", ArrowDown: "↓", Enter: "⏎", Backspace: "⌫" };

/** @type {(owner: Owner) => { help: HTMLElement; close: HTMLButtonElement }} */
export function buildHelp(owner) {
  const close = button(
    { class: "key", onclick: () => owner.act({ type: "help", open: false }) },
    el("kbd", {}, "Esc"),
    "close",
  );
  const help = el(
    "div",
    { class: "help", role: "dialog", "aria-label": "Help: keys and rules", hidden: true },
    el("div", { class: "help-head" }, el("b", {}, "Keys"), close),
    el("div", { class: "help-keys" }, ...SECTIONS.map(section)),
    el("ul", { class: "help-rules" }, ...RULES.map((rule) => el("li", {}, rule))),
  );
  return { help, close };
}

/** @type {(section: [title: string, groups: string[]]) => HTMLElement} */
function section([title, groups]) {
  const rows = KEYS.filter((key) => groups.includes(key.group)).map(row);
  if (groups.includes("move")) rows.push(line(["Home", "End"], "First and last step"));
  if (groups.includes("cut")) rows.push(...CARET_KEYS.map(([names, text]) => line(names, text)));
  return el("section", {}, el("h4", {}, title), el("ul", {}, ...rows));
}

/** @type {(key: Key) => HTMLElement} */
const row = (key) => line(key.keys, key.title ?? MEANING[key.id]);

/** @type {(names: string[], text: string) => HTMLElement} */
function line(names, text) {
  const caps = names.map((name) => el("kbd", {}, ARROWS[name] ?? name));
  return el("li", {}, el("span", { class: "caps" }, ...caps), el("span", {}, text));
}

// Open or closed; the focus goes in with it, and back where it was.
/** @type {(frame: Frame, open: boolean) => void} */
export function paintHelp(frame, open) {
  const { help, helpClose: close } = frame;
  if (help.hidden === !open) return;
  help.hidden = !open;
  if (open) {
    frame.beforeHelp = focusIn(help);
    close.focus(); // in a low window this also brings the help into view
  } else if (frame.beforeHelp?.isConnected) frame.beforeHelp.focus({ preventScroll: true });
  else close.blur();
}
