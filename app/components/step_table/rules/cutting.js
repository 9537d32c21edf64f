// Steps cut anew by hand: one split at the caret, or two joined. Pure.
//
// The solution that comes of it exists on screen at once, under the token of the cut; the server
// says later which id it got. What people said is carried over as db/review/steps.py does it.

/** @import { Annotator, Caret, Commit, Cut, CutBack, Data, Doc, Item, Label, Shown, Stamped, State } from "../types.js" */

/** @typedef {NonNullable<Data["cuts"]>} Ids */

const BAD_SPLIT = "bad_split"; // the flag that a new cut answers
// As the server strips a step: a byte order mark is no blank.
const EDGES = /^[^\S\ufeff]+|[^\S\ufeff]+$/g;
// Where a step is likely to end: behind a line, or a sentence.
const ENDS = /\n+\s*|[.!?:;]["')\]]*\s+/g;

/** @type {(text: string) => string} */
const trimmed = (text) => text.replace(EDGES, "");

// The steps with one cut in two before its character `at`; null where one side is blank.
/** @type {(steps: string[], step: number, at: number) => Cut | null} */
export function splitAt(steps, step, at) {
  const halves = [trimmed(steps[step].slice(0, at)), trimmed(steps[step].slice(at))];
  if (!halves.every(Boolean)) return null;
  const parts = steps.map((_, i) => [i]);
  return {
    steps: steps.toSpliced(step, 1, ...halves),
    parts: parts.toSpliced(step, 0, [step]),
    caret: { step: step + 1, at: 0 },
    said: `Step ${step + 1} is two steps now.`,
    was: at,
  };
}

// The steps with one joined to the one before it; null for the first, which has none.
/** @type {(steps: string[], step: number) => Cut | null} */
export function joined(steps, step) {
  if (step < 1 || step >= steps.length) return null;
  const parts = steps.map((_, i) => [i]);
  return {
    steps: steps.toSpliced(step - 1, 2, `${steps[step - 1]}\n\n${steps[step]}`),
    parts: parts.toSpliced(step - 1, 2, [step - 1, step]),
    caret: { step: step - 1, at: steps[step - 1].length + 2 },
    said: `Steps ${step} and ${step + 1} are one step now.`,
    was: 0,
  };
}

// The next place behind `at` where a step is likely to end; null where there is none.
/** @type {(text: string, at: number) => number | null} */
export function nextEnd(text, at) {
  const ends = [...text.matchAll(ENDS)].map((found) => found.index + found[0].length);
  return ends.find((end) => end > at && end < text.length) ?? null;
}

/** @type {(cut: Cut, step: number) => boolean} */
const isWhole = ({ parts }, step) => parts.filter((part) => part.includes(step)).length === 1;

// What is said of a step is said of its parts, but for "wrong": which part is wrong is open. A
// step of several is wrong if one of them is, unmarked if one is, and else the least of them.
/** @type {(cut: Cut, labels: (number | null)[]) => (number | null)[]} */
export function carried(cut, labels) {
  return cut.parts.map((part) => {
    const wrong = part.filter((step) => (labels[step] ?? 0) < 0);
    if (wrong.some((step) => isWhole(cut, step))) return -1;
    const known = part.map((step) => labels[step]).filter((label) => label !== null);
    return wrong.length || known.length < part.length ? null : Math.min(...known);
  });
}

/** @type {(cut: Cut, first_error: number | null) => number | null} */
function carriedError({ parts }, first_error) {
  if (first_error === null || first_error < 0) return first_error;
  const holding = parts.flatMap((part, place) => (part.includes(first_error) ? [place] : []));
  return holding.length === 1 ? holding[0] : null;
}

// What an annotator said of the old cut, on the new one: of steps that stayed whole and alone.
/** @type {(cut: Cut, annotator: Annotator) => Annotator} */
function ofOldCut(cut, annotator) {
  const { kind, scores, successes, trials } = annotator;
  /** @type {<T>(values: T[]) => (T | null)[]} */
  const kept = (values) =>
    cut.parts.map((part) =>
      part.length === 1 && isWhole(cut, part[0]) ? (values[part[0]] ?? null) : null,
    );
  const first_error = carriedError(cut, annotator.first_error);
  if (kind === "human") return { ...annotator, first_error, scores: carried(cut, scores) };
  return {
    ...annotator,
    first_error,
    scores: kept(scores),
    successes: successes && kept(successes),
    trials: trials && kept(trials),
    old_cut: true,
  };
}

// The solution on screen, cut anew and sent; the caret stays where the cut was made.
/** @type {(state: Shown, cut: Cut, action: Stamped) => State} */
export function cutAnew(state, cut, { token, seconds }) {
  const { current, doc } = state;
  const sent = { ...act(current, token, seconds), steps: cut.steps };
  /** @type {Item} */
  const item = {
    ...current,
    steps: cut.steps,
    revision: token,
    cut: token,
    cut_from: current.solution_id,
    mine: null,
    annotators: current.annotators.map((annotator) => ofOldCut(cut, annotator)),
  };
  const { step, at } = cut.caret;
  /** @type {CutBack} */
  const back = { cut: token, item: current, doc: { ...doc, future: [] }, again: cut };
  return {
    ...state,
    current: item,
    doc: { ...docOf(doc, cut), focus: step, past: [back] },
    outbox: [...state.outbox, sent],
    caret: state.caret && { at },
    message: { kind: "info", text: `${cut.said} u takes it back.` },
  };
}

// The solution as it was before the cut, which is taken back on the server too.
/** @type {(state: Shown, back: CutBack, action: Stamped) => State} */
export function uncut(state, back, { token, seconds }) {
  const sent = act(state.current, token, seconds);
  return {
    ...state,
    current: back.item,
    doc: { ...back.doc, future: [back.again] },
    outbox: [...state.outbox, { ...sent, action: "uncut", undoes: back.cut }],
    caret: state.caret && { at: back.again.was },
    message: { kind: "info", text: "Took back the cut." },
  };
}

/** @type {(item: Item, token: string, seconds: number) => Commit} */
const act = (item, token, seconds) => ({
  token,
  solution_id: item.solution_id,
  revision: item.revision,
  cut: item.cut ?? null,
  action: "cut",
  undoes: null,
  labels: null,
  first_error: null,
  note: null,
  flags: [],
  error_type: null,
  seconds,
  blind: false,
  first_labels: null,
  scores_visible: false,
});

/** @type {(doc: Doc, cut: Cut) => Doc} */
function docOf(doc, cut) {
  /** @type {(labels: Label[]) => Label[]} */
  const over = (labels) => /** @type {Label[]} */ (carried(cut, labels));
  /** @type {<Said extends { labels: Label[]; flags: string[] }>(said: Said) => Said} */
  const mended = (said) => ({
    ...said,
    labels: over(said.labels),
    flags: said.flags.filter((flag) => flag !== BAD_SPLIT),
  });
  const made = mended(doc);
  const implied = made.labels.map(
    (label, place) => label !== null && cut.parts[place].every((step) => doc.implied[step]),
  );
  const all = { ...made, implied, saved: doc.saved && mended(doc.saved), future: [] };
  if (!doc.first_labels) return all;
  // A first verdict that the new cut leaves open is none; what it revealed has been seen.
  const first_labels = over(doc.first_labels);
  return settled(first_labels)
    ? { ...all, first_labels }
    : { ...all, blind: false, first_labels: null, seen: true };
}

/** @type {(labels: Label[]) => boolean} */
function settled(labels) {
  const wrong = labels.indexOf(-1);
  return !(wrong < 0 ? labels : labels.slice(0, wrong)).includes(null);
}

// Solutions that were cut here have ids of their own once the server has said so.
/** @type {(state: State, cuts: Ids) => State} */
export function withIds(state, ids) {
  const { current, doc } = state;
  const trail = state.trail.map((left) => ({ ...left, item: named(left.item, ids) }));
  if (!current || named(current, ids) === current) return { ...state, trail };
  return { ...state, trail, current: named(current, ids), doc: doc && { ...doc } };
}

/** @type {(item: Item, ids: Ids) => Item} */
function named(item, ids) {
  const known = item.cut ? ids[item.cut] : undefined;
  return !known || known.solution_id === item.solution_id ? item : { ...item, ...known };
}

// Does one stand where the other stood: itself, a new cut of it, or under its new id?
/** @type {(a: Item, b: Item) => boolean} */
export const isSame = (a, b) =>
  a.solution_id === b.solution_id ||
  (a.cut ? a.cut === b.cut || a.cut_from === b.solution_id : b.cut_from === a.solution_id);
/** @type {(item: Item) => Partial<Item>} */
const content = ({ solution_id, revision, cut, cut_from, ...shown }) => shown;
// Would they look the same?
/** @type {(a: Item, b: Item) => boolean} */
export const sameContent = (a, b) =>
  a === b || (isSame(a, b) && JSON.stringify(content(a)) === JSON.stringify(content(b)));

/** @type {(sent: Commit) => boolean} */
export const isCut = ({ action }) => action === "cut" || action === "uncut";

/** @type {(state: Shown, caret: Caret | null) => State} */
export function placed(state, caret) {
  if (!caret) return { ...state, caret: null, message: null };
  const step = Math.max(0, Math.min(state.current.steps.length - 1, caret.step));
  const at = Math.min(caret.at, state.current.steps[step].length);
  return { ...state, caret: { at }, doc: { ...state.doc, focus: step }, message: null };
}
