// Follows a link that the server made, as if it had been clicked.

import { go } from "../links.js";

/** @import { Component } from "../types.js" */

// Streamlit calls this again whenever the page runs; a link is followed once.
/** @type {WeakMap<Element, string>} */
const followed = new WeakMap();

/** @type {(component: Component<{ href: string }>) => void} */
export default function mountFollow({ data, parentElement }) {
  if (followed.get(parentElement) === data.href) return;
  followed.set(parentElement, data.href);
  go(data.href);
}
