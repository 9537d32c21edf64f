// Behind a PRM's score: what it does so far, beside other PRMs, and among labelled steps.

/** @import { Annotator, Evidence, Item, ScorePlace } from "../types.js" */

import { el } from "../../dom.js";
import { followInApp } from "../../links.js";
import { cell, decimal, soFar } from "../rules/reading.js";

/** @type {(item: Item, annotator: Annotator, step: number, evidence: Evidence | null | undefined) => Node[]} */
export function scorePanel(item, annotator, step, evidence) {
  const { spoken } = cell(annotator, step);
  const lead = el("p", { class: "lead" }, el("b", {}, `Step ${step + 1}`), `: ${spoken}`);
  const score = annotator.scores[step];
  if (score === null || score === undefined) return [lead];
  const { lowest, product } = soFar(annotator.scores, step);
  const rows = [row("lowest so far", decimal(lowest)), row("product so far", decimal(product))];
  for (const other of item.annotators)
    if (other.kind === "prm" && other.id !== annotator.id)
      rows.push(row(`from ${other.name}`, change(score, other.scores[step])));
  const place = evidence?.places?.[step];
  if (evidence === undefined) rows.push(row("among labelled steps", "…"));
  else if (place) rows.push(row("among labelled steps", among(place)));
  const list = el("dl", { class: "figures" }, ...rows.flat());
  return place?.near.length ? [lead, list, neighbours(place)] : [lead, list];
}

/** @type {(term: string, value: string) => HTMLElement[]} */
const row = (term, value) => [el("dt", {}, term), el("dd", {}, value)];

/** @type {(score: number, before: number | null | undefined) => string} */
function change(score, before) {
  if (before === null || before === undefined) return "no score there";
  const by = score - before;
  const sign = by < 0 ? "−" : "+";
  return `${sign}${decimal(Math.abs(by))} (${decimal(before)})`;
}

/** @type {(place: ScorePlace) => string} */
function among({ n, below, wrong }) {
  if (below === null || wrong === null) return "no other step is labelled yet";
  const least = Math.min(n, 100);
  const of = `of ${n.toLocaleString("en-US")} labelled steps ${percent(below)} score lower`;
  return `${of}; ${percent(wrong)} of the ${least} nearest are wrong`;
}

/** @type {(share: number) => string} */
const percent = (share) => `${Math.round(100 * share)}%`;

// Doors to the steps with nearly this score, with what people say of them.
/** @type {(place: ScorePlace) => HTMLElement} */
function neighbours({ near }) {
  const doors = near.map(({ solution_id, step, score, right }) => {
    const title = `Solution ${solution_id}, step ${step + 1}, called ${right ? "correct" : "wrong"}`;
    const door = el(
      "a",
      { href: `solution?id=${solution_id}`, target: "_self", title, class: "near" },
      el("span", { class: right ? "right" : "wrong" }, right ? "✓" : "✗"),
      ` ${decimal(score)} · ${solution_id}, step ${step + 1}`,
    );
    followInApp(door);
    return door;
  });
  return el("p", { class: "neighbours" }, el("b", {}, "Nearest labelled steps "), ...doors);
}
