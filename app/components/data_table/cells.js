// The cells that data_table.py describes. Every text becomes a text node: data sets and models
// wrote it, so nothing of it is ever parsed as markup.

import { el, svg } from "../dom.js";
import { followInApp, followOnKey } from "../links.js";

/** @import { Child } from "../types.js" */
/** @import { Bar, Cell, Check, Choice, Copy, Host, Interval, Kind, Link, Strip } from "./types.js" */

const SAFE_LINK = /^[a-z_]*(\?[^#]*)?$/; // a page of this app, nothing with a scheme or a host
const MOST_SQUARES = 40;
const STRIP_HEIGHT = 26; // pixels, however many annotators: rows of a table are of one height
const LINE = 144; // pixels of an interval's line, with its margins

// The node of a cell, which may be plain text too.
/** @type {(cell: Cell, host: Host) => Node} */
export function draw(cell, host) {
  if (cell === null || cell === undefined) return document.createTextNode("");
  if (typeof cell !== "object") return document.createTextNode(String(cell));
  const node = drawn(cell, host);
  if (cell.title && node instanceof HTMLElement) node.title = cell.title;
  return node;
}

/** @type {(cell: Exclude<Cell, string | number | null | undefined>, host: Host) => Element} */
function drawn(cell, host) {
  switch (cell.kind) {
    case "text":
      return el("span", { class: cell.style }, String(cell.value));
    case "link":
      return link(cell);
    case "pick":
      return pick(cell, host);
    case "check":
      return check(cell, host);
    case "copy":
      return copy(cell);
    case "kind":
      return kind(cell);
    case "bar":
      return bar(cell);
    case "interval":
      return interval(cell);
    case "strip":
      return strip(cell);
    case "stack":
      return el(
        "div",
        { class: "stack" },
        ...cell.cells.map((one) => el("div", {}, draw(one, host))),
      );
    case "inline":
    case "sentence":
      return el("span", { class: cell.kind }, ...cell.cells.map((one) => draw(one, host)));
  }
}

/** @type {(cell: Pick<Link, "value" | "href" | "style" | "key" | "expanded">) => HTMLElement} */
function link({ value, href, style, key, expanded }) {
  const node = el("a", { class: style, target: "_self" }, String(value));
  if (expanded !== undefined) node.setAttribute("aria-expanded", String(expanded));
  if (!SAFE_LINK.test(href)) return node;
  node.setAttribute("href", href);
  followInApp(node);
  if (key) followOnKey(node, key);
  return node;
}

/** @type {(style: string, value: string, press: () => void) => HTMLButtonElement} */
const button = (style, value, press) =>
  el("button", { type: "button", class: style, onclick: press }, String(value));

/** @type {(cell: Choice, host: Host) => HTMLButtonElement} */
function pick({ id, style, value }, host) {
  const node = button(style, value, () => (host.open ?? host.pick)(id));
  node.dataset.id = String(id);
  return node;
}

// A box that stays ticked while the table shows other rows; `ids` are those it stands for.
/** @type {(cell: Check, host: Host) => HTMLElement} */
function check({ ids, label }, host) {
  const box = el("input", { type: "checkbox", class: "check", "aria-label": label });
  box.dataset.ids = ids.join(" ");
  box.checked = ids.length > 0 && ids.every((id) => host.checked.has(id));
  box.addEventListener("change", () => host.check(ids, box.checked));
  return box;
}

/** @type {(cell: Copy) => HTMLElement} */
function copy({ style, value, href, text }) {
  const node = button(style, value, async () => {
    const copied = href ? new URL(href, document.baseURI).href : text;
    try {
      await navigator.clipboard.writeText(copied);
      node.textContent = "copied";
    } catch {
      node.textContent = copied;
    }
  });
  return node;
}

/** @type {(cell: Kind) => HTMLElement} */
function kind({ hue, value, href }) {
  const name = href ? link({ value, href, style: "quiet" }) : String(value);
  return el("span", { class: `nowrap ${hue}` }, el("i", { class: "dot" }), name);
}

/** @type {(cell: Bar) => HTMLElement} */
function bar({ share, value, hue, href }) {
  const fill = el("div", { class: "fill", style: `width:${100 * within01(share)}%` });
  const track = el("div", { class: "track" }, fill);
  const parts = [track, el("span", { class: "value" }, String(value))];
  if (!href) return el("div", { class: `bar ${hue}` }, ...parts);
  const door = link({ value: "", href, style: `bar quiet ${hue}` });
  door.replaceChildren(...parts);
  return door;
}

/** @type {(share: number) => number} */
const within01 = (share) => Math.max(0, Math.min(1, share));

// A point with its interval on a line from 0 to 1.
/** @type {(cell: Interval) => Element} */
function interval({ hue, value, low, high }) {
  const own = "var(--hue, var(--st-primary-color))";
  /** @type {(share: number) => number} */
  const x = (share) => 4 + (LINE - 8) * within01(share);
  /** @type {(from: number, to: number, width: number, colour: string) => Element} */
  const stroke = (from, to, width, colour) =>
    svg("line", {
      x1: x(from),
      x2: x(to),
      y1: 9,
      y2: 9,
      style: `stroke:${colour};stroke-width:${width}`,
    });
  return svg(
    "svg",
    { class: `interval ${hue}`, viewBox: `0 0 ${LINE} 18` },
    stroke(0, 1, 1, "var(--st-border-color)"),
    stroke(low, high, 2, own),
    svg("circle", { cx: x(value), cy: 9, r: 4, style: `fill:${own}` }),
  );
}

// One square per step and annotator; the first error of each is the filled one.
/** @type {(cell: Strip) => Element} */
function strip({ steps, marks, title }) {
  const side = steps > 14 ? 4.5 : 7;
  const pitch = Math.min(7, STRIP_HEIGHT / marks.length);
  const top = (STRIP_HEIGHT - pitch * marks.length) / 2;
  const shown = Math.min(steps, MOST_SQUARES);
  /** @type {Child[]} */
  const squares = marks.flatMap(({ hue, first_error }, row) =>
    Array.from({ length: shown }, (_, step) =>
      svg("rect", {
        x: step * side,
        y: top + row * pitch,
        width: side - (side < 7 ? 1 : 1.5),
        height: pitch - 1.5,
        rx: 1,
        class: hue,
        style: squareStyle(step, first_error),
      }),
    ),
  );
  const size = { width: shown * side, height: STRIP_HEIGHT };
  const label = { role: "img", "aria-label": title };
  return svg("svg", { class: "strip", ...size, ...label }, ...squares, svg("title", {}, title));
}

/** @type {(step: number, first: number | null) => string} */
function squareStyle(step, first) {
  if (first === step) return "fill:var(--hue)";
  const opacity = first === null ? 0.1 : first !== -1 && step > first ? 0.14 : 0.34;
  return `fill:var(--st-gray-color);opacity:${opacity}`;
}
