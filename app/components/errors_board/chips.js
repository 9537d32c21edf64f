// The outcomes as chips: how many solutions each has, and a filter for the page.

import { button, el, setText, within } from "../dom.js";
import { isRight, OUTCOMES, outcomeCounts, percent, thousands } from "./rules.js";

/** @import { ChipsPart, Outcome, Owner, Scene } from "./types.js" */

/** @type {(owner: Owner) => ChipsPart} */
export function buildChips(owner) {
  /** @type {Map<Outcome, HTMLButtonElement>} */
  const chips = new Map();
  for (const [outcome, word] of OUTCOMES) {
    const chip = button(
      {
        class: `chip ${isRight(outcome) ? "right" : "mistake"}`,
        "data-outcome": outcome,
        onclick: () => owner.choose({ outcome }),
      },
      el("span", { class: "glyph", "aria-hidden": "true" }, isRight(outcome) ? "✓" : "✗"),
      el("span", { class: "word" }, word),
      el("span", { class: "count" }),
      el("span", { class: "share" }),
    );
    chips.set(outcome, chip);
  }
  const root = el("div", { class: "chips", role: "group", "aria-label": "Outcomes" });
  root.append(...chips.values());
  return { root, chips };
}

/** @type {(part: ChipsPart, scene: Scene) => void} */
export function paintChips({ chips }, { data, tables, chosen }) {
  const counts = outcomeCounts(tables, chosen.at);
  const totals = { wrong: data.n_wrong, right: data.n_right };
  for (const [outcome, , meaning, of] of OUTCOMES) {
    const chip = chips.get(outcome);
    if (!chip) continue;
    const pressed = chosen.outcome === outcome;
    chip.hidden = outcome.startsWith("no_verdict") && !tables.noVerdict && !pressed;
    chip.setAttribute("aria-pressed", String(pressed));
    setText(within(chip, ".count"), thousands(counts[outcome]));
    const share = totals[of] ? percent(counts[outcome] / totals[of]) : "–";
    setText(within(chip, ".share"), share);
    const whole = `${share} of the ${thousands(totals[of])} ${of} solutions`;
    chip.title = `${meaning[0].toUpperCase()}${meaning.slice(1)}: ${whole}`;
  }
}
