// What the board shows, from the arrays that the server sent. Pure: no DOM, no clock.

/** @import { BoardData, Cell, CellName, Chosen, Curve, First, Outcome, Tables } from "./types.js" */

// [name, word on screen, what it means, of which solutions]: mistakes first, in the order of chips.
/** @type {[name: Outcome, word: string, meaning: string, of: "wrong" | "right"][]} */
export const OUTCOMES = [
  ["missed", "missed", "a wrong solution with no step flagged", "wrong"],
  ["false_alarm", "false alarm", "a right solution with a step flagged", "right"],
  ["early", "early", "flagged before the first error", "wrong"],
  ["late", "late", "flagged after the first error", "wrong"],
  ["no_verdict", "no verdict, wrong", "a wrong solution with a score missing", "wrong"],
  ["no_verdict_right", "no verdict, right", "a right solution with a score missing", "right"],
  ["exact", "exact", "flagged at the first error", "wrong"],
  ["right", "clean", "a right solution with no step flagged", "right"],
];
/** @type {(outcome: Outcome) => string} */
export const wordOf = (outcome) => OUTCOMES.find(([name]) => name === outcome)?.[1] ?? outcome;
/** @type {(outcome: Outcome) => boolean} */
export const isRight = (outcome) => outcome === "exact" || outcome === "right";

/** @type {(predicted: First, reference: number) => Outcome} */
export function outcomeOf(predicted, reference) {
  if (predicted === null) return reference < 0 ? "no_verdict_right" : "no_verdict";
  if (reference < 0) return predicted < 0 ? "right" : "false_alarm";
  if (predicted < 0) return "missed";
  if (predicted === reference) return "exact";
  return predicted < reference ? "early" : "late";
}

// Each threshold's changes are replayed once; after that a drag only reads.
/** @type {(changes: BoardData["changes"]) => Tables} */
export function tablesOf(changes) {
  /** @type {Map<string, number>} */
  const places = new Map();
  /** @type {Cell[]} */
  const cells = [];
  for (const flat of changes)
    for (const [predicted, reference] of triples(flat)) {
      const name = `${predicted}:${reference}`;
      if (places.has(name)) continue;
      places.set(name, cells.length);
      cells.push({ predicted, reference, outcome: outcomeOf(predicted, reference) });
    }
  let counts = new Int32Array(cells.length);
  const tables = changes.map((flat) => {
    counts = counts.slice();
    for (const [predicted, reference, count] of triples(flat))
      counts[places.get(`${predicted}:${reference}`) ?? 0] = count;
    return counts;
  });
  const last = Math.max(
    0,
    ...cells.map(({ predicted, reference }) => Math.max(predicted ?? 0, reference)),
  );
  const noVerdict = cells.some(({ predicted }) => predicted === null);
  return { cells, counts: tables, steps: last + 1, noVerdict };
}

/** @type {(flat: (number | null)[]) => Generator<[First, number, number]>} */
function* triples(flat) {
  for (let i = 0; i < flat.length; i += 3)
    yield [flat[i], Number(flat[i + 1]), Number(flat[i + 2])];
}

// How many solutions each outcome has at the threshold in place `at`.
/** @type {(tables: Tables, at: number) => Record<Outcome, number>} */
export function outcomeCounts({ cells, counts }, at) {
  const none = OUTCOMES.map(([name]) => [name, 0]);
  /** @type {Record<Outcome, number>} */
  const found = Object.fromEntries(none);
  cells.forEach(({ outcome }, i) => {
    found[outcome] += counts[at][i];
  });
  return found;
}

// Each cell's share of its row, that is of the solutions whose reference is the same.
/** @type {(tables: Tables, at: number) => number[]} */
export function rowShares({ cells, counts }, at) {
  /** @type {Map<number, number>} */
  const totals = new Map();
  cells.forEach(({ reference }, i) => {
    totals.set(reference, (totals.get(reference) ?? 0) + counts[at][i]);
  });
  return cells.map(({ reference }, i) => counts[at][i] / (totals.get(reference) || 1));
}

// What fills a whole square: the fullest cell but the clean ones, which would dwarf all others.
/** @type {(tables: Tables, at: number) => number} */
export const fullest = ({ cells, counts }, at) =>
  Math.max(1, ...cells.map(({ outcome }, i) => (outcome === "right" ? 0 : counts[at][i])));

// The place of the threshold nearest to `t`.
/** @type {(thresholds: number[], t: number) => number} */
export function nearest(thresholds, t) {
  let best = 0;
  for (let i = 1; i < thresholds.length; i++)
    if (Math.abs(thresholds[i] - t) < Math.abs(thresholds[best] - t)) best = i;
  return best;
}

/** @type {Record<string, number>} */
const STEPS = {
  ArrowRight: 0.01,
  ArrowUp: 0.01,
  ArrowLeft: -0.01,
  ArrowDown: -0.01,
  PageUp: 0.1,
  PageDown: -0.1,
  Home: -1,
  End: 1,
};

// Where a key of the slider leads from place `at`; null for a key that is not the slider's.
/** @type {(thresholds: number[], at: number, key: string) => number | null} */
export function moved(thresholds, at, key) {
  const by = STEPS[key];
  if (by === undefined) return null;
  const to = nearest(thresholds, Math.round((thresholds[at] + by) * 1000) / 1000);
  // A coarse grid may have nothing a hundredth away: a key still moves.
  const last = thresholds.length - 1;
  return to === at ? Math.max(0, Math.min(last, at + Math.sign(by))) : to;
}

// Is the cell part of what is chosen? Nothing chosen: all of them are.
/** @type {(cell: Cell, chosen: Pick<Chosen, "cell" | "outcome">) => boolean} */
export function isLit({ predicted, reference, outcome }, chosen) {
  if (chosen.cell) return chosen.cell[0] === predicted && chosen.cell[1] === reference;
  return chosen.outcome === null || chosen.outcome === outcome;
}

// Choosing what is chosen clears it; a cell and an outcome are never chosen together.
/** @type {(chosen: Chosen, change: Partial<Pick<Chosen, "cell" | "outcome">>) => Chosen} */
export function toggled(chosen, { cell = null, outcome = null }) {
  const again = cell ? sameCell(cell, chosen.cell) : outcome === chosen.outcome;
  return { ...chosen, cell: again ? null : cell, outcome: again ? null : outcome };
}

/** @type {(a: CellName | null, b: CellName | null) => boolean} */
export const sameCell = (a, b) => a?.[0] === b?.[0] && a?.[1] === b?.[1];

// Where a step stands on an axis: steps first, then none, then no verdict.
/** @type {(first: First, steps: number) => number} */
export const place = (first, steps) => (first === null ? steps + 1 : first < 0 ? steps : first);

// The filled cell that an arrow key leads to from `from`: the nearest that lies that way.
/** @type {(tables: Tables, at: number, from: number, key: string) => number} */
export function neighbour({ cells, counts, steps }, at, from, key) {
  /** @type {Record<string, [number, number]>} */
  const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  const way = ways[key];
  if (!way) return from;
  const [dx, dy] = way;
  /** @type {(i: number) => [number, number]} */
  const xy = (i) => [place(cells[i].predicted, steps), place(cells[i].reference, steps)];
  const [x0, y0] = xy(from);
  let best = from;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < cells.length; i++) {
    const [x, y] = xy(i);
    const along = (x - x0) * dx + (y - y0) * dy;
    const aside = Math.abs((x - x0) * dy) + Math.abs((y - y0) * dx);
    const distance = along + 3 * aside;
    if (counts[at][i] && along > 0 && distance < least) [best, least] = [i, distance];
  }
  return best;
}

// ---- words and numbers

// .48, .485, 1: a fraction without the zero that every fraction has, with `least` digits or more.
/** @type {(value: number | null, least?: number) => string} */
export function fraction(value, least = 2) {
  if (value === null || Number.isNaN(value)) return "–";
  const text = value.toFixed(3);
  const short = least < 3 && text.endsWith("0") ? text.slice(0, -1) : text;
  return short.startsWith("0") ? short.slice(1) : short;
}

/** @type {(share: number | null) => string} */
export const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1)}%`);
/** @type {(count: number) => string} */
export const thousands = (count) => count.toLocaleString("en-US");

/** @type {(first: First) => string} */
const firstWord = (first) =>
  first === null ? "no verdict" : first < 0 ? "no error" : `step ${first + 1}`;

// A cell in words: "reference step 3, prm-v2 step 2: 14 solutions, 12.0% of the row, early".
/** @type {(cell: Cell, count: number, share: number, annotator: string) => string} */
export function sentence({ predicted, reference, outcome }, count, share, annotator) {
  const solutions = count === 1 ? "1 solution" : `${thousands(count)} solutions`;
  const where = `Reference ${firstWord(reference)}, ${annotator} ${firstWord(predicted)}`;
  return `${where}: ${solutions}, ${percent(share)} of the row (${wordOf(outcome)})`;
}

// A curve as the pieces of a polyline: it breaks where it is not defined.
/** @type {(xs: number[], curve: Curve, x: (t: number) => number, y: (share: number) => number) => string} */
export function pathOf(xs, curve, x, y) {
  let pen = "M";
  let path = "";
  curve.forEach((share, i) => {
    if (share === null) pen = "M";
    else {
      path += `${pen}${x(xs[i]).toFixed(1)} ${y(share).toFixed(1)}`;
      pen = "L";
    }
  });
  return path;
}
