// Draws the tables and the flow that data_table.py describes.

import { el, focusIn } from "../dom.js";
import { draw } from "./cells.js";
import { walkOf } from "./walk.js";

/** @import { Component } from "../types.js" */
/** @import { FlowData, Host, TableData } from "./types.js" */

/** @typedef {{ words: string, checked: Set<number> }} Drawn */

// What was drawn last, and which rows are ticked, of every table in the page.
/** @type {WeakMap<Element, Drawn>} */
const drawn = new WeakMap();

// Streamlit calls this again whenever the page runs; redrawing the same data would flicker.
/** @type {(component: Component<TableData | FlowData>) => () => void} */
export default function mountDataTable(component) {
  const { data, parentElement } = component;
  const words = JSON.stringify(data);
  const before = drawn.get(parentElement);
  const walk = data.stages || !data.walk ? null : walkOf(component, data.walk);
  const left = () => walk?.leave();
  if (before?.words === words && parentElement.querySelector(".data-table")) return left;
  const checked = before?.checked ?? new Set();
  drawn.set(parentElement, { words, checked });
  const focused = walk?.focused();
  const had = rowWithKeyboard(parentElement);
  parentElement.querySelector(".data-table")?.remove();
  const host = hostOf(component, checked, walk?.open ?? null);
  const content = data.stages ? flow(data, host) : table(data, host);
  parentElement.append(el("div", { class: "data-table" }, content));
  walk?.drawn(focused);
  if (had) rowCalled(parentElement, had)?.focus({ preventScroll: true });
  return left;
}

// The label of the box in the row that has the keyboard.
/** @type {(place: HTMLElement) => string | null | undefined} */
const rowWithKeyboard = (place) => {
  const [box] = place.querySelectorAll("input.check");
  const row = box && focusIn(box)?.closest("tr");
  return row?.querySelector("input.check")?.getAttribute("aria-label");
};

/** @type {(place: HTMLElement, label: string) => HTMLInputElement | undefined} */
const rowCalled = (place, label) =>
  [...place.querySelectorAll("input.check")]
    .filter((box) => box instanceof HTMLInputElement)
    .find((box) => box.getAttribute("aria-label") === label);

/** @type {(data: TableData, host: Host) => HTMLElement} */
function table({ columns, rows, empty }, host) {
  if (!rows.length) return el("div", { class: "empty" }, empty);
  const heads = columns.map(({ label, style, title, width, check }) =>
    el(
      "th",
      { class: style, title: title || null, style: width ? `width:${width}` : null },
      check ? draw(check, host) : label,
    ),
  );
  // The last of fewer cells than there are columns takes those that are left.
  const spanOf = (/** @type {number} */ place, /** @type {unknown[]} */ cells) =>
    place === cells.length - 1 ? columns.length - place : null;
  const lines = rows.map(({ cells, style }) => {
    const drawn = cells.map((cell, place) =>
      el("td", { class: columns[place].style, colspan: spanOf(place, cells) }, draw(cell, host)),
    );
    return oneStop(el("tr", { class: style }, ...drawn));
  });
  const head = columns.some((column) => column.label) && el("thead", {}, el("tr", {}, ...heads));
  return el("div", { class: "scroll" }, el("table", {}, head, el("tbody", {}, ...lines)));
}

// A row with a box and a link is one stop of the Tab key, not two: Space ticks, Enter opens. Where
// the link shows and hides rows, the arrows do too, as in a tree.
/** @type {(row: HTMLTableRowElement) => HTMLTableRowElement} */
function oneStop(row) {
  const box = row.querySelector("input.check");
  const link = row.querySelector("a.main");
  if (!(box instanceof HTMLInputElement && link instanceof HTMLAnchorElement)) return row;
  link.tabIndex = -1;
  const arrow = { false: "ArrowRight", true: "ArrowLeft" }[link.ariaExpanded ?? ""];
  box.title = arrow ? "Space ticks, → opens, ← closes" : "Space ticks, Enter opens";
  box.addEventListener("keydown", (event) => {
    if (event.repeat || (event.key !== "Enter" && event.key !== arrow)) return;
    event.preventDefault();
    link.click();
  });
  return row;
}

/** @type {(data: FlowData, host: Host) => HTMLElement} */
function flow({ stages }, host) {
  const boxes = stages.map(({ label, value, note, state }) =>
    el(
      "div",
      { class: `stage ${state}` },
      el("div", { class: "label" }, label),
      el("div", { class: "value" }, draw(value, host)),
      el("div", { class: "note" }, note),
    ),
  );
  return el("div", { class: "flow" }, ...boxes);
}

/** @type {(component: Component<unknown>, checked: Set<number>, open: Host["open"]) => Host} */
function hostOf({ parentElement, setTriggerValue, setStateValue }, checked, open) {
  return {
    checked,
    open,
    pick: (id) => setTriggerValue("picked", id),
    check(ids, on) {
      for (const id of ids) on ? checked.add(id) : checked.delete(id);
      for (const box of parentElement.querySelectorAll("input.check")) {
        if (!(box instanceof HTMLInputElement)) continue;
        const its = (box.dataset.ids ?? "").split(" ").filter(Boolean).map(Number);
        box.checked = its.length > 0 && its.every((id) => checked.has(id));
      }
      setStateValue("checked", [...checked]);
    },
  };
}
