// The keyboard: which key does what, and when a key press is not ours.

/** @import { Key, Meaning, Mode, Press, State } from "./types.js" */

import { FLAGS } from "./rules/doc.js";

// group: where its button stands. repeat: may be held down. modes: where it exists.
/** @type {Key[]} */
export const KEYS = [
  {
    id: "up",
    keys: ["k", "ArrowUp"],
    shown: "k",
    word: "↑",
    title: "Previous step",
    group: "move",
    repeat: true,
    does: { type: "move", by: -1 },
  },
  {
    id: "down",
    keys: ["j", "ArrowDown"],
    shown: "j",
    word: "↓",
    title: "Next step",
    group: "move",
    repeat: true,
    does: { type: "move", by: 1 },
  },
  {
    id: "correct",
    keys: ["1"],
    shown: "1",
    word: "✓",
    title: "Step is correct",
    group: "label",
    labels: true,
    does: { type: "label", value: 1 },
  },
  {
    id: "neutral",
    keys: ["2"],
    shown: "2",
    word: "–",
    title: "Step is neutral: neither progress nor an error",
    group: "label",
    labels: true,
    does: { type: "label", value: 0 },
  },
  {
    id: "wrong",
    keys: ["3"],
    shown: "3",
    word: "✗",
    title: "Step is wrong",
    group: "label",
    labels: true,
    does: { type: "label", value: -1 },
  },
  {
    id: "clear",
    keys: ["0", "Backspace"],
    shown: "0",
    word: "clear",
    title: "Unmark this step",
    group: "label",
    labels: true,
    does: { type: "label", value: null },
  },
  {
    id: "first",
    keys: ["e"],
    shown: "e",
    word: "first error",
    title: "First error here: earlier steps become correct, later ones are not judged",
    group: "verdict",
    labels: true,
    does: { type: "first_error" },
  },
  {
    id: "all",
    keys: ["a"],
    shown: "a",
    word: "all correct",
    title: "No error in this solution",
    group: "verdict",
    labels: true,
    does: { type: "all_correct" },
  },
  {
    id: "save",
    keys: ["Enter"],
    shown: "⏎",
    word: "save & next",
    group: "save",
    labels: true,
    primary: true,
    does: { type: "save" },
  },
  {
    id: "skip",
    keys: ["s"],
    shown: "s",
    word: "skip",
    title: "Next solution without a label; flags and note are kept",
    group: "save",
    labels: true,
    reviewOnly: true,
    does: { type: "skip" },
  },
  {
    id: "flag",
    keys: ["f"],
    shown: "f",
    word: "flag",
    title: "Flag the solution: bad problem, bad split, unsure",
    group: "flag",
    labels: true,
    does: { type: "flags" },
  },
  {
    id: "why",
    keys: ["w"],
    shown: "w",
    word: "why",
    title: "Say why the first error is one",
    group: "why",
    labels: true,
    does: { type: "types" },
  },
  {
    id: "cut",
    keys: ["x"],
    shown: "x",
    word: "cut",
    title:
      "Cut the steps anew: a caret in the step's source splits it or joins it to the one before",
    group: "cut",
    labels: true,
    does: { type: "caret" },
  },
  {
    id: "undo",
    keys: ["u"],
    shown: "u",
    word: "undo",
    title: "Undo a mark, a save or a skip",
    group: "undo",
    labels: true,
    does: { type: "undo" },
  },
  {
    id: "redo",
    keys: ["y"],
    shown: "y",
    word: "redo",
    group: "undo",
    labels: true,
    does: { type: "redo" },
  },
  {
    id: "note",
    keys: ["n"],
    shown: "n",
    word: "note",
    group: "note",
    labels: true,
    does: { view: "note" },
  },
  {
    id: "evidence",
    keys: ["v"],
    shown: "v",
    word: "evidence",
    title: "Evidence behind the focused step: next annotator",
    group: "dock",
    does: { view: "evidence" },
  },
  {
    id: "scores",
    keys: ["m"],
    shown: "m",
    word: "scores",
    title: "Machine scores on or off",
    group: "view",
    toggle: true,
    does: { type: "scores" },
  },
  {
    id: "raw",
    keys: ["t"],
    shown: "t",
    word: "raw",
    title: "Source text instead of typeset mathematics",
    group: "view",
    toggle: true,
    does: { type: "raw" },
  },
  { id: "help", keys: ["?"], shown: "?", word: "help", group: "view", does: { type: "help" } },
];

/** @type {Record<string, Press>} */
const MOVES = { Home: { type: "focus", step: 0 }, End: { type: "focus", step: 1e9 } };
const SILENT = new Set(["c", "r"]); // Streamlit's own shortcuts: clear the cache, run again
const TEXT =
  "textarea, select, [contenteditable=''], [contenteditable='true'], [role='textbox'], [role='combobox'], [role='listbox'], [data-testid='stDataFrame']";
const NOT_TEXT = new Set(["checkbox", "radio", "button", "submit", "range", "color", "file"]);
const CONTROL =
  "button, a[href], summary, input, [role='button'], [role='tab'], [role='radio'], [role='slider'], [role='option'], [role='menuitem']";
const PAGE_KEYS = new Set(["Enter", "ArrowUp", "ArrowDown", "Home", "End", "Backspace"]);
const DIALOG = "[role='dialog'], [data-testid='stDialog'], dialog[open]";

/** @type {(key: Key, mode: Mode) => boolean} */
export const available = (key, mode) =>
  !(key.labels && mode === "read") && !(key.reviewOnly && mode !== "review");

// "swallow", null (not ours), or the entry of KEYS / {does} for `event`.
/** @type {(event: KeyboardEvent, root: HTMLElement, state: State) => Meaning} */
export function meaning(event, root, state) {
  const whose = owner(event, root);
  if (whose !== "ours") return whose;
  const name = nameOf(event);
  if (state.typing && !state.help) {
    const found = inTypes(event, name, state.errorTypes);
    if (found) return found;
  }
  if (SILENT.has(name)) return "swallow";
  const key = KEYS.find((one) => one.keys.includes(name));
  if (state.help) return inHelp(name, key);
  if (state.flagging) {
    const found = inFlags(event, name, key);
    if (found) return found;
  }
  if (MOVES[name]) return { does: MOVES[name], repeat: true };
  if (!key || !available(key, state.mode)) return null;
  return event.repeat && !key.repeat ? "swallow" : key;
}

// "ours", "swallow", or null for a key press that belongs to something else.
/** @type {(event: KeyboardEvent, root: HTMLElement) => "ours" | "swallow" | null} */
function owner(event, root) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.isComposing || event.keyCode === 229) return null;
  const [target] = event.composedPath();
  if (target instanceof Element) {
    if (target.closest(TEXT)) return null;
    if (target instanceof HTMLInputElement && !NOT_TEXT.has(target.type)) return null;
    // A held Enter would click a focused "skip" again and again.
    if (PAGE_KEYS.has(event.key) && target.closest(CONTROL))
      return event.repeat && event.key === "Enter" && root.contains(target) ? "swallow" : null;
  }
  if (!root.isConnected || root.getClientRects().length === 0) return null;
  return document.querySelector(DIALOG) ? null : "ours";
}

/** @type {(name: string, key: Key | undefined) => Meaning} */
function inHelp(name, key) {
  if (name === "Escape" || name === "?") return { does: { type: "help", open: false } };
  return key || MOVES[name] ? "swallow" : null;
}

// The menu of flags has the digits; nothing labels behind it. What only shows something, such as
// the note, is reached from it as ever.
/** @type {(event: KeyboardEvent, name: string, key: Key | undefined) => Meaning} */
function inFlags(event, name, key) {
  const flag = FLAGS[Number(name) - 1]?.[0];
  const closes = ["Escape", "f", "Enter"].includes(name);
  if (key?.id === "cut" && !event.repeat) return key; // what a bad split leads to
  if (!flag && !closes) return key?.labels && !("view" in key.does) ? "swallow" : null;
  if (event.repeat) return "swallow";
  return { does: flag ? { type: "flag", flag } : { type: "flags", open: false } };
}

// The key of the n-th type of error: nine digits, then letters.
/** @type {(place: number) => string} */
export const typeKey = (place) => "123456789abcdefghijkl"[place] ?? "";

// The menu of error types has the digits, and letters for a project's own; it closes behind a choice.
/** @type {(event: KeyboardEvent, name: string, types: State["errorTypes"]) => Meaning} */
function inTypes(event, name, types) {
  const chosen = types.find((_, place) => typeKey(place) === name);
  const closes = ["Escape", "w", "Enter"].includes(name);
  if (event.repeat && (chosen || closes)) return "swallow";
  if (chosen) return { does: { type: "error_type", name: chosen.name } };
  if (closes) return { does: { type: "types", open: false } };
  const key = KEYS.find((one) => one.keys.includes(name));
  return key?.labels && !("view" in key.does) ? "swallow" : null;
}

// Latin letters also on a keyboard with another script, and with caps lock on.
/** @type {(event: KeyboardEvent) => string} */
function nameOf(event) {
  if (event.key.length > 1 || event.key === "?") return event.key;
  const letter = /^Key([A-Z])$/.exec(event.code);
  const ascii = event.key.charCodeAt(0) < 128;
  return (ascii || !letter ? event.key : letter[1]).toLowerCase();
}
