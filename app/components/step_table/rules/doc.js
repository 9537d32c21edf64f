// What a reviewer says about one solution: labels, flags, note, and what they amount to. Pure.
//
// A label is 1 correct, 0 neutral, -1 wrong, null unmarked (unmarked is not neutral).
// The first error is never stored beside the labels: `verdict` reads it off them.

/** @import { Doc, Draft, Edit, Item, Label, Mine, Verdict } from "../types.js" */

// [name as it is stored, word on screen]: why a solution should not be trusted as data.
/** @type {[name: string, word: string][]} */
export const FLAGS = [
  ["bad_problem", "bad problem"],
  ["bad_split", "bad split"],
  ["unsure", "unsure"],
];
/** @type {(flag: string) => string} */
export const flagWord = (flag) => FLAGS.find(([name]) => name === flag)?.[1] ?? flag;
/** @type {(flags: string[] | null | undefined) => string[]} */
const cleanFlags = (flags) =>
  FLAGS.map(([name]) => name).filter((name) => Array.isArray(flags) && flags.includes(name));
/** @type {(flags: string[], flag: string) => string[]} */
export const toggledFlag = (flags, flag) =>
  cleanFlags(flags.includes(flag) ? flags.filter((one) => one !== flag) : [...flags, flag]);

// What the labels amount to: first_error (0-based, -1 none, null no verdict) and, without a
// verdict, why it cannot be saved.
/** @type {(labels: Label[]) => Verdict} */
export function verdict(labels) {
  const wrong = labels.indexOf(-1);
  const scope = wrong < 0 ? labels.length : wrong;
  const open = [];
  for (let step = 0; step < scope; step++) if (labels[step] === null) open.push(step + 1);
  if (open.length === 0 && labels.length > 0) return { first_error: wrong, refusal: null };
  return { first_error: null, refusal: refusal(labels, wrong, open) };
}

/** @type {(labels: Label[], wrong: number, open: number[]) => string} */
function refusal(labels, wrong, open) {
  if (untouched(labels))
    return "Not saved: nothing is marked. e marks the first error, a says there is none.";
  const which = open.length === 1 ? `step ${open[0]} is` : `steps ${ranges(open)} are`;
  return wrong < 0
    ? `Not saved: ${which} unmarked. Mark the rest, or press a if there is no error.`
    : `Not saved: ${which} unmarked. Press e on step ${wrong + 1} to call all before it correct.`;
}

/** @type {(labels: Label[]) => boolean} */
export const untouched = (labels) => labels.every((label) => label === null);

// [1, 2, 3, 5] -> "1–3, 5"
/** @type {(numbers: number[]) => string} */
export function ranges(numbers) {
  const runs = [];
  for (const n of numbers) {
    const last = runs[runs.length - 1];
    if (last && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`)).join(", ");
}

// What the server holds of this person's, or what a draft kept, or nothing yet.
/** @type {(item: Pick<Item, "steps" | "step" | "mine">, draft?: Draft | null, sight?: { scoresVisible?: boolean; blind?: boolean }) => Doc} */
export function newDoc(item, draft = null, { scoresVisible = true, blind = false } = {}) {
  const n = item.steps.length;
  /**
   * @template T
   * @param {T[] | null | undefined} labels
   * @returns {labels is T[]}
   */
  const fits = (labels) => Array.isArray(labels) && labels.length === n;
  const mine = item.mine && fits(item.mine.labels) ? item.mine : null;
  const kept = draft && fits(draft.labels) ? draft : null;
  const doc = {
    labels: [...(kept ?? mine ?? { labels: Array(n).fill(null) }).labels],
    implied: kept && fits(kept.implied) ? [...kept.implied] : Array(n).fill(false),
    note: kept?.note ?? mine?.note ?? "",
    flags: cleanFlags(kept?.flags ?? mine?.flags),
    // A draft that took the type away says null, one from before there were types says nothing.
    error_type: (kept?.error_type === undefined ? mine?.error_type : kept.error_type) ?? null,
    focus: clamp(kept?.focus ?? item.step ?? 0, n),
    past: [], // snapshots of edits, or {commit, what, saved} of a save
    future: [],
    // {labels, note, flags} that the server has, or will have once the outbox is through
    saved: mine && {
      labels: [...mine.labels],
      note: mine.note ?? "",
      flags: cleanFlags(mine.flags),
      error_type: mine.error_type ?? null,
    },
    restored: kept !== null && !blank(kept),
  };
  return remembered({ ...doc, ...sight(mine, kept, fits, scoresVisible, blind) });
}

// blind: machines are held back until the labels first amount to a verdict. first_labels: they
// as they stood then. seen: were scores on screen at any time before (not blind: at any time).
/** @type {(mine: Mine | null, kept: Draft | null, fits: (labels: Label[] | null | undefined) => labels is Label[], scoresVisible: boolean, blind: boolean) => Pick<Doc, "blind" | "first_labels" | "seen">} */
function sight(mine, kept, fits, scoresVisible, blind) {
  const first = [kept?.first_labels, mine?.blind === true ? mine.first_labels : null].find(fits);
  if (first) return { blind: true, first_labels: [...first], seen: false };
  // What was labelled, or begun with scores on screen, does not become blind by coming again.
  const open =
    !blind || kept?.seen === true || (mine !== null && verdict(mine.labels).first_error !== null);
  return { blind: !open, first_labels: null, seen: open && (scoresVisible || kept?.seen === true) };
}

/** @type {(doc: { labels: Label[]; note?: string; flags?: string[] }) => boolean} */
const blank = ({ labels, note, flags }) =>
  untouched(labels) && !(note ?? "").trim() && !flags?.length;
/** @type {(step: number, n: number) => number} */
export const clamp = (step, n) => Math.max(0, Math.min(n - 1, step));
/** @type {<T>(a: T[], b: T[]) => boolean} */
export const same = (a, b) => a.length === b.length && a.every((value, i) => value === b[i]);

// May the machines' scores, reasons and evidence be on screen?
/** @type {(doc: Doc | null) => boolean} */
export const revealed = (doc) => !doc?.blind || doc.first_labels !== null;

// After every change of labels: remember the first verdict of a blind review. Undo keeps it, as
// what was seen stays seen.
/** @type {(doc: Doc) => Doc} */
export function remembered(doc) {
  if (revealed(doc) || verdict(doc.labels).first_error === null) return doc;
  return { ...doc, first_labels: [...doc.labels] };
}

// The server no longer asks for blindness: what was not settled blind is not blind.
/** @type {(doc: Doc, scoresVisible: boolean) => Doc} */
export const lifted = (doc, scoresVisible) =>
  revealed(doc) ? doc : { ...doc, blind: false, seen: doc.seen || scoresVisible };

// Is there work on screen that no commit holds yet?
/** @type {(doc: Doc | null) => boolean} */
export function unsaved(doc) {
  if (!doc) return false;
  if (!doc.saved) return !blank(doc);
  const { labels, note, flags, error_type } = doc.saved;
  if (typeOf(doc) !== error_type) return true;
  return !same(doc.labels, labels) || doc.note.trim() !== note.trim() || !same(doc.flags, flags);
}

// The type of the first error, where the labels name one.
/** @type {(doc: Doc) => string | null} */
export const typeOf = (doc) =>
  (verdict(doc.labels).first_error ?? -1) < 0 ? null : doc.error_type;

// What of a doc outlives a reload; null for nothing. A reveal does, even with every mark undone.
/** @type {(doc: Doc | null) => Draft | null} */
export function draftOf(doc) {
  if (!doc || (!unsaved(doc) && !(doc.blind && doc.first_labels && !doc.saved))) return null;
  const { labels, implied, note, flags, error_type, focus, blind, first_labels, seen } = doc;
  const first = blind ? first_labels : null;
  return { labels, implied, note, flags, error_type, focus, seen, first_labels: first };
}

// What one edit changes, for undo.
/** @type {(doc: Doc) => Edit} */
export const snapshot = ({ labels, implied, focus, flags, error_type }) => ({
  ...{ labels, implied, focus, flags, error_type },
});
