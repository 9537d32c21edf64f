// The source of the focused step with a caret in it, by which steps are split and joined.
//
// It is a text field that nothing can be typed into, so the arrows, words, Home, End and the mouse
// move the caret as they do everywhere.

/** @import { Owner, Press, State, Table } from "./types.js" */

import { el } from "../dom.js";
import { nextEnd } from "./rules/cutting.js";

/** @type {[keys: string[], text: string][]} */
export const CARET_KEYS = [
  [["Enter"], "Split the step at the caret"],
  [["Backspace"], "At the beginning: join it to the step before"],
  [["Delete"], "At the end: join the next step to it"],
  [["Tab"], "Caret to the next line or sentence"],
  [["Esc"], "Back to the labels"],
];
const HINT = "⏎ splits here · ⌫ at the beginning joins · Tab next sentence · u undoes · Esc done";

/** @type {(table: Table | null) => HTMLTextAreaElement | null} */
export const fieldIn = (table) => table?.node.querySelector("textarea.caret") ?? null;

// Open or closed, in the focused row. `was` is the field as the table had it before it was painted.
/** @type {(table: Table, state: State, owner: Owner, was: HTMLTextAreaElement | null) => void} */
export function paintCaret(table, state, owner, was) {
  const { caret, doc } = state;
  const there = fieldIn(table);
  const row = caret && doc ? table.rows[doc.focus] : null;
  if (there && row?.body.nextSibling === there.parentElement) {
    if (there.dataset.at !== String(caret?.at)) place(there, caret?.at ?? 0);
    return;
  }
  if (there) {
    there.closest("td")?.querySelector(".body")?.removeAttribute("hidden");
    there.parentElement?.remove();
  }
  if (!row || !caret || !doc) return;
  const field = fieldOf(row.text, doc.focus, state, owner);
  row.body.hidden = true;
  row.body.after(
    el("div", { class: "caret-box" }, field, el("span", { class: "caret-hint" }, HINT)),
  );
  field.style.height = `${field.scrollHeight}px`;
  field.focus({ preventScroll: true });
  const stays = was !== null && was !== field && was.value === row.text;
  place(field, stays && was.dataset.at === String(caret.at) ? was.selectionStart : caret.at);
  field.dataset.at = String(caret.at);
}

/** @type {(field: HTMLTextAreaElement, at: number) => void} */
function place(field, at) {
  field.dataset.at = String(at);
  field.setSelectionRange(at, at);
}

/** @type {(text: string, step: number, state: State, owner: Owner) => HTMLTextAreaElement} */
function fieldOf(text, step, { current }, owner) {
  const field = el("textarea", {
    class: "caret",
    spellcheck: "false",
    autocomplete: "off",
    rows: "1",
    "aria-label": `Source of step ${step + 1}. ${HINT}`,
  });
  field.value = text;
  field.addEventListener("beforeinput", (event) => event.preventDefault());
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    event.stopPropagation(); // Streamlit has keys of its own
    const does = meaning(event, field, step, current?.steps ?? []);
    if (!does) return;
    event.preventDefault();
    if (!event.repeat || does.type === "caret") owner.press(does);
  });
  return field;
}

/** @type {(event: KeyboardEvent, field: HTMLTextAreaElement, step: number, steps: string[]) => (Press & { type: string }) | null} */
function meaning(event, field, step, steps) {
  const { key, shiftKey } = event;
  const at = field.selectionStart;
  const { length } = field.value;
  const alone = at === field.selectionEnd;
  const undo = (event.ctrlKey || event.metaKey) && key.toLowerCase() === "z";
  if (undo) return { type: shiftKey ? "redo" : "undo" };
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (key === "Enter") return { type: "split", at };
  if (key === "Escape" || key === "x") return { type: "caret", open: false };
  if (key === "u") return { type: "undo" };
  if (key === "y") return { type: "redo" };
  if (key === "Backspace" && alone && at === 0) return { type: "join", step };
  if (key === "Delete" && alone && at === length) return { type: "join", step: step + 1 };
  if (key === "Tab" && !shiftKey) {
    const end = nextEnd(field.value, at);
    if (end !== null) return { type: "caret", open: true, at: end };
    return step + 1 < steps.length ? { type: "caret", open: true, step: step + 1 } : null;
  }
  const back = ["ArrowUp", "ArrowLeft"].includes(key) && alone && at === 0 && step > 0;
  if (back) return { type: "caret", open: true, step: step - 1, at: steps[step - 1].length };
  const on = ["ArrowDown", "ArrowRight"].includes(key) && alone && at === length;
  if (on && step + 1 < steps.length) return { type: "caret", open: true, step: step + 1 };
  return null;
}
