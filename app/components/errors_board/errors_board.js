// The errors board in the page: its parts, what is chosen on it, and the talk with the server.

import { el } from "../dom.js";
import { buildChips, paintChips } from "./chips.js";
import { buildCurve, paintCurve } from "./curve.js";
import { nearest, tablesOf, toggled } from "./rules.js";
import { buildSquares, paintSquares } from "./squares.js";

/** @import { Component } from "../types.js" */
/** @import { BoardData, Chosen, Measure, Owner, Scene, Tables } from "./types.js" */

/** @type {WeakMap<Element, ErrorsBoard>} */
const mounted = new WeakMap();

// Streamlit calls this again on every change of data.
/** @type {(component: Component<BoardData>) => () => void} */
export default function mountErrorsBoard(component) {
  const { parentElement } = component;
  const board = mounted.get(parentElement) ?? new ErrorsBoard(component);
  mounted.set(parentElement, board);
  board.receive(component);
  return () => {
    board.destroy();
    mounted.delete(parentElement);
  };
}

class ErrorsBoard {
  /** @type {Chosen} */
  chosen = { at: 0, set: 0, cell: null, outcome: null };
  /** @type {Measure} */
  measure = "counts";
  /** @type {string | null} */
  sent = null; // the token of the last message
  /** @type {Tables} */
  tables = tablesOf([]);
  words = "";
  drawing = 0;

  /** @param {Component<BoardData>} component */
  constructor({ parentElement, data, setStateValue }) {
    this.data = data;
    this.setStateValue = setStateValue;
    /** @type {Owner} */
    this.owner = {
      drag: (at) => this.drag(at),
      goTo: (t) => {
        this.drag(nearest(this.data.thresholds, t));
        this.commit();
      },
      commit: () => this.commit(),
      choose: (change) => {
        this.chosen = toggled(this.chosen, change);
        this.say();
      },
      measure: (measure) => {
        this.measure = measure;
        this.paint();
      },
      revert: () => this.drag(this.chosen.set),
      use: () => this.setStateValue("used", { token: token(), t: this.threshold() }),
    };
    this.curve = buildCurve(this.owner, () => this.scene());
    this.squares = buildSquares(this.owner, () => this.scene());
    this.chips = buildChips(this.owner);
    this.root = el(
      "div",
      { class: "errors-board" },
      el("div", { class: "halves" }, this.curve.root, this.squares.root),
      this.chips.root,
    );
    parentElement.append(this.root);
    this.sizes = new ResizeObserver(() => this.paint());
    this.sizes.observe(this.root);
  }

  destroy() {
    this.sizes.disconnect();
    cancelAnimationFrame(this.drawing);
    this.root.remove();
  }

  /** @param {Component<BoardData>} component */
  receive({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    const { heard, ...content } = data;
    const words = JSON.stringify(content);
    const known = words === this.words;
    this.words = words;
    const shown = this.threshold();
    if (!known) this.tables = tablesOf(data.changes);
    this.data = data;
    // What was done here since the page last heard is newer than what the page says.
    const behind = this.sent !== null && heard !== this.sent;
    const set = nearest(data.thresholds, data.t);
    if (!behind) this.chosen = { at: set, set, cell: data.cell, outcome: data.outcome };
    else if (!known) {
      const at = nearest(data.thresholds, shown);
      this.chosen = { ...this.chosen, at, set: at };
    }
    this.paint();
  }

  threshold() {
    return this.data.thresholds[this.chosen.at] ?? this.data.t;
  }

  /** @type {Owner["drag"]} */
  drag(at) {
    if (at === this.chosen.at) return;
    this.chosen = { ...this.chosen, at };
    this.paintSoon();
  }

  commit() {
    if (this.chosen.at === this.chosen.set) return;
    this.chosen = { ...this.chosen, set: this.chosen.at };
    this.say();
  }

  // A message says all that is chosen, so that the last of several is enough.
  say() {
    const { cell, outcome } = this.chosen;
    const t = this.data.thresholds[this.chosen.set];
    this.sent = token();
    this.setStateValue("said", { token: this.sent, t, cell, outcome });
    this.paint();
  }

  /** @returns {Scene} */
  scene() {
    return { data: this.data, tables: this.tables, chosen: this.chosen, measure: this.measure };
  }

  // A pointer moves more often than the screen is drawn.
  paintSoon() {
    cancelAnimationFrame(this.drawing);
    this.drawing = requestAnimationFrame(() => this.paint());
  }

  paint() {
    if (!this.data.thresholds.length) return;
    const scene = this.scene();
    paintCurve(this.curve, scene);
    paintSquares(this.squares, scene);
    paintChips(this.chips, scene);
  }
}

const token = () => `${Date.now()}-${Math.random().toString(36).slice(2)}`;
