// Building elements. Strings become text nodes: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

/** @import { Attributes, Child } from "./types.js" */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** @type {(tag: string, attributes?: Attributes, ...children: Child[]) => SVGElement} */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * @template {Element} Made
 * @param {Made} node
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false)
      node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child instanceof Node || typeof child === "string"));
  return node;
}

/** @type {(node: Node, text: string) => void} */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A button that leaves the keyboard where it is, so that Enter still saves after a click.
/** @type {(attributes: Attributes, ...children: Child[]) => HTMLButtonElement} */
export function button(attributes, ...children) {
  const node = el("button", { type: "button", ...attributes }, ...children);
  node.addEventListener("mousedown", (event) => event.preventDefault());
  return node;
}

// The part of `node` that `selector` names, and that is always there.
/** @type {(node: ParentNode, selector: string) => HTMLElement} */
export function within(node, selector) {
  const found = node.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`no ${selector} in the page`);
  return found;
}

// What has the keyboard, in the document or the shadow root that `node` is in.
/** @type {(node: Node) => HTMLElement | null} */
export function focusIn(node) {
  const root = node.getRootNode();
  const at = root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
  return at instanceof HTMLElement ? at : null;
}
