// Flags in the page: the menu over the key row, and the chips in the status line.

/** @import { FlagMenu, Owner, State } from "../types.js" */

import { button, el, focusIn, setText, within } from "../../dom.js";
import { FLAGS, flagWord } from "../rules/doc.js";

// The flag key with its menu behind it. `owner.act` toggles; the key itself opens and closes.
/** @type {(owner: Owner, key: HTMLButtonElement) => FlagMenu} */
export function buildFlags(owner, key) {
  const choices = FLAGS.map(([flag, word], i) =>
    button(
      {
        class: "choice",
        "data-flag": flag,
        "aria-pressed": "false",
        onclick: () => owner.act({ type: "flag", flag }),
      },
      el("kbd", {}, `${i + 1}`),
      el("span", { class: "word" }, word),
      el("span", { class: "tick", "aria-hidden": "true" }),
    ),
  );
  const menu = el(
    "div",
    {
      class: "flag-menu",
      id: "flag-menu",
      role: "group",
      "aria-label": "Flag this solution",
      hidden: true,
    },
    el("b", { class: "flag-title" }, "Flag this solution"),
    ...choices,
    el("span", { class: "flag-hint" }, "Flagged solutions stay out of the consensus. Esc closes."),
  );
  key.setAttribute("aria-expanded", "false");
  key.setAttribute("aria-controls", "flag-menu");
  return { anchor: el("div", { class: "flag-anchor" }, key, menu), key, menu, choices };
}

/** @type {(flags: FlagMenu, chips: HTMLElement, state: State, owner: Owner) => void} */
export function paintFlags({ key, menu, choices }, chips, { doc, mode, flagging }, owner) {
  const flags = doc?.flags ?? [];
  const open = flagging && mode !== "read";
  if (!open && menu.contains(focusIn(menu))) key.focus();
  menu.hidden = !open;
  key.setAttribute("aria-expanded", String(open));
  for (const choice of choices) {
    const on = flags.includes(choice.dataset.flag ?? "");
    choice.setAttribute("aria-pressed", String(on));
    setText(within(choice, ".tick"), on ? "✓" : "");
  }
  const shown = flags.join(" ");
  if (chips.dataset.flags === shown) return;
  chips.dataset.flags = shown;
  chips.replaceChildren(...flags.map((flag) => chip(flag, owner)));
}

/** @type {(flag: string, owner: Owner) => HTMLButtonElement} */
function chip(flag, owner) {
  const word = flagWord(flag);
  const remove = () => owner.act({ type: "flag", flag });
  const attributes = {
    class: "chip",
    title: `Remove the flag: ${word}`,
    "aria-label": `Remove the flag: ${word}`,
    onclick: remove,
  };
  return button(attributes, word, el("span", { "aria-hidden": "true" }, "×"));
}
