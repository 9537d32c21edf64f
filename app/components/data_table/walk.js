// Going through the rows of a table by keyboard: j and k move, Enter opens. With a row open, ] and
// [ open the next one and the one before, and Escape closes it.

import { focusIn } from "../dom.js";

/** @import { Component } from "../types.js" */
/** @import { Walk as Ends } from "./types.js" */

const TYPING =
  "input, textarea, select, [contenteditable=true], [role=textbox], [role=combobox], [role=listbox]";
const DIALOG = "[role=dialog], dialog[open]";

/** @type {WeakMap<Element, Walk>} */
const walks = new WeakMap();

// The walk through the table in this component, with what the server says now.
/** @type {(component: Component<unknown>, ends: Ends) => Walk} */
export function walkOf(component, ends) {
  const { parentElement } = component;
  const walk = walks.get(parentElement) ?? new Walk(parentElement);
  walks.set(parentElement, walk);
  walk.setStateValue = component.setStateValue;
  if (walk.ends?.chosen !== ends.chosen) walk.chosen = ends.chosen;
  walk.ends = ends;
  return walk;
}

class Walk {
  /** @type {Ends | null} */
  ends = null;
  chosen = 0; // the row that is open, here before the server has heard of it
  asked = 0;
  /** @type {Component<unknown>["setStateValue"]} */
  setStateValue = () => {};

  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.started = Date.now();
    this.stop = new AbortController();
    const { signal } = this.stop;
    // Not in the capturing phase: the step table, where it is open, has the keys first.
    window.addEventListener("keydown", (event) => this.onKey(event), { signal });
  }

  leave() {
    this.stop.abort();
    walks.delete(this.place);
  }

  /** @returns {HTMLButtonElement[]} */
  rows() {
    return [...this.place.querySelectorAll("tr.door button.main")].filter(
      (node) => node instanceof HTMLButtonElement,
    );
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const [target] = event.composedPath();
    if (target instanceof Element && target.closest(TYPING)) return;
    if (document.querySelector(DIALOG)) return;
    if (!this.obey(event.key)) return;
    event.preventDefault();
  }

  // Whether the key means something here.
  /** @type {(key: string) => boolean} */
  obey(key) {
    if (key === "j" || key === "k") this.move(key === "j" ? 1 : -1);
    else if ((key === "]" || key === "[") && this.chosen) this.step(key === "]" ? 1 : -1);
    else if (key === "Escape" && this.chosen) this.open(0);
    else return false;
    return true;
  }

  /** @type {(by: number) => void} */
  move(by) {
    const rows = this.rows();
    const at = rows.findIndex((row) => row === focusIn(row));
    const from = at >= 0 ? at : rows.findIndex((row) => row.dataset.id === String(this.chosen));
    const to = rows[Math.max(0, Math.min(rows.length - 1, from + by))];
    to?.focus();
    to?.scrollIntoView({ block: "nearest" });
  }

  /** @type {(by: number) => void} */
  step(by) {
    const ids = this.rows().map((row) => Number(row.dataset.id));
    const at = ids.indexOf(this.chosen);
    const next = ids[at + by] ?? (by > 0 ? this.ends?.after : this.ends?.before);
    if (at >= 0 && next) this.open(next);
  }

  // The number tells the server a new wish from one that it has heard.
  /** @type {(id: number) => void} */
  open = (id) => {
    this.chosen = id;
    this.mark();
    this.setStateValue("opened", { id, token: `${this.started}-${this.asked++}` });
    // Enter is the step table's now, and would open the same row again.
    const [row] = this.rows();
    if (id && row) focusIn(row)?.blur();
  };

  mark() {
    for (const row of this.rows()) {
      const line = row.closest("tr");
      const on = row.dataset.id === String(this.chosen);
      line?.classList.toggle("chosen", on);
      if (on) line?.scrollIntoView({ block: "nearest" });
    }
  }

  // The id of the row that has the keyboard.
  focused() {
    const [row] = this.rows();
    return row ? focusIn(row)?.dataset.id : undefined;
  }

  // The rows are new nodes: the one that had the keyboard has it again.
  /** @type {(focused: string | undefined) => void} */
  drawn(focused) {
    this.rows()
      .find((row) => row.dataset.id === focused)
      ?.focus({ preventScroll: true });
    this.mark();
  }
}
