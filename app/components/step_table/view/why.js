// Why the first error is one: the menu of error types over its key, and the chip of the chosen one.

/** @import { ErrorType, Owner, State, TypeMenu } from "../types.js" */

import { button, el, focusIn } from "../../dom.js";
import { typeKey } from "../keys.js";
import { typeOf } from "../rules/doc.js";

/** @type {(key: HTMLButtonElement) => TypeMenu} */
export function buildTypes(key) {
  const list = el("div", { class: "type-list" });
  const menu = el(
    "div",
    {
      class: "type-menu",
      id: "type-menu",
      role: "group",
      "aria-label": "Why the first error is one",
      hidden: true,
    },
    el("b", { class: "flag-title" }, "Why is it an error?"),
    list,
    el("span", { class: "flag-hint" }, "One choice, and again to take it away. Esc closes."),
  );
  key.setAttribute("aria-expanded", "false");
  key.setAttribute("aria-controls", "type-menu");
  return { anchor: el("div", { class: "flag-anchor" }, key, menu), key, menu, list };
}

/** @type {(types: TypeMenu, chip: HTMLElement, state: State, owner: Owner) => void} */
export function paintTypes({ key, menu, list }, chip, { doc, mode, typing, errorTypes }, owner) {
  const open = typing && mode !== "read";
  const chosen = doc && typeOf(doc);
  if (!open && menu.contains(focusIn(menu))) key.focus();
  menu.hidden = !open;
  key.setAttribute("aria-expanded", String(open));
  const shown = JSON.stringify([errorTypes, chosen]);
  if (menu.dataset.shown === shown) return;
  menu.dataset.shown = shown;
  list.replaceChildren(...errorTypes.map((one, i) => choice(one, i, one.name === chosen, owner)));
  chip.replaceChildren(...(chosen ? [chipOf(chosen, errorTypes, owner)] : []));
}

/** @type {(type: ErrorType, place: number, on: boolean, owner: Owner) => HTMLButtonElement} */
const choice = ({ name, word }, place, on, owner) =>
  button(
    {
      class: "choice",
      "aria-pressed": String(on),
      onclick: () => owner.act({ type: "error_type", name }),
    },
    el("kbd", {}, typeKey(place)),
    el("span", { class: "word" }, word),
    el("span", { class: "tick", "aria-hidden": "true" }, on ? "✓" : ""),
  );

// A type that is not offered any more is its own word.
/** @type {(name: string, types: ErrorType[], owner: Owner) => HTMLButtonElement} */
function chipOf(name, types, owner) {
  const word = types.find((one) => one.name === name)?.word ?? name;
  const title = `Take away the type of the error: ${word}`;
  return button(
    {
      class: "chip why",
      title,
      "aria-label": title,
      onclick: () => owner.act({ type: "error_type", name }),
    },
    word,
    el("span", { "aria-hidden": "true" }, "×"),
  );
}
