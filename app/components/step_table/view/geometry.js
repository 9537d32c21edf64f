// How high the table is, what of it is in view, and whether its ground is dark.

/** @import { Frame } from "../types.js" */

const LEAST_STEPS = 220; // pixels the steps keep
const LEAST_HEIGHT = 460;
const MARGIN = 28; // pixels kept above and below the focused row

// In a page of its own ("fill") the table takes the window's height that is left below its top.
/** @type {(frame: Frame, height: number | string | undefined) => void} */
export function fit({ root, layout, scroller }, height) {
  if (typeof height === "number") return root.style.setProperty("--height", `${height}px`);
  if (root.dataset.height !== "fill") return;
  let scrolled = 0;
  const tree = root.getRootNode();
  /** @type {Element | null} */
  let node = tree instanceof ShadowRoot ? tree.host : root;
  // What is fixed to the window does not scroll with what it stands in.
  for (; node && getComputedStyle(node).position !== "fixed"; node = node.parentElement)
    scrolled += node.scrollTop;
  const top = root.getBoundingClientRect().top + scrolled;
  // A low window scrolls as a page, so that the steps keep some room between what surrounds them.
  const around = layout.offsetHeight - scroller.offsetHeight;
  const least = Math.max(LEAST_HEIGHT, around + LEAST_STEPS);
  const left = Math.floor(window.innerHeight - top - 12);
  root.style.setProperty("--height", `${Math.max(least, left)}px`);
}

// Scroll as little as brings `row` into view, free of the head that stands over the rows.
/** @type {(frame: Frame, table: HTMLTableElement, row: HTMLElement) => void} */
export function reveal({ root, scroller }, table, row) {
  if (root.dataset.height === "content") return row.scrollIntoView({ block: "nearest" });
  const head = table.tHead?.offsetHeight ?? 0;
  const top = row.offsetTop - head - MARGIN;
  const bottom = row.offsetTop + row.offsetHeight + MARGIN - scroller.clientHeight;
  if (scroller.scrollTop > top) scroller.scrollTop = top;
  else if (scroller.scrollTop < bottom) scroller.scrollTop = Math.min(bottom, top);
}

/** @type {(node: Element) => "dark" | "light"} */
export function themeOf(node) {
  const { backgroundColor } = getComputedStyle(node);
  const [r, g, b] = (backgroundColor.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b < 128 ? "dark" : "light";
}
