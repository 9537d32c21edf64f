// What the table says about an item: verdicts, disputes, dimming, the content of one cell. Pure.

/** @import { Annotator, Cell, Label, Verdict } from "../types.js" */

/** @type {Record<number, string>} */
export const MARKS = { 1: "✓", 0: "–", "-1": "✗" };
/** @type {Record<number, string>} */
export const WORDS = { 1: "correct", 0: "neutral", "-1": "wrong" };

// Two letters of status are never a verdict; one on the old cut is none on this.
/** @type {(annotator: Pick<Annotator, "first_error" | "status" | "old_cut">) => boolean} */
export const hasVerdict = (annotator) =>
  annotator.first_error !== null && annotator.status === "ok" && !annotator.old_cut;

/** @type {(annotators: Pick<Annotator, "first_error" | "status" | "old_cut">[]) => number[]} */
const verdictsOf = (annotators) =>
  annotators.filter(hasVerdict).map((annotator) => Number(annotator.first_error));

// {agree, disputed}: whether all verdicts (with the reviewer's, once there is one) name the same
// first error, and the steps that some but not all of them name.
/** @type {(annotators: Pick<Annotator, "first_error" | "status" | "old_cut">[], mine?: number | null) => { agree: boolean; disputed: Set<number> }} */
export function dispute(annotators, mine = null) {
  const verdicts = verdictsOf(annotators);
  if (mine !== null) verdicts.push(mine);
  const named = new Set(verdicts);
  const agree = named.size <= 1;
  return { agree, disputed: new Set(agree ? [] : [...named].filter((step) => step >= 0)) };
}

// The last step that still matters, as an index: the reviewer's first error, else the latest one
// when every verdict names an error; Infinity when some verdict runs to the end.
/** @type {(annotators: Pick<Annotator, "first_error" | "status" | "old_cut">[], mine?: number | null) => number} */
export function lastInScope(annotators, mine = null) {
  if (mine !== null) return mine >= 0 ? mine : Infinity;
  const verdicts = verdictsOf(annotators);
  if (!verdicts.length || verdicts.includes(-1)) return Infinity;
  return Math.max(...verdicts);
}

/** @type {(annotator: Annotator) => [glyph: string, words: string]} */
export function verdictText(annotator) {
  if (annotator.status === "unparsed") return ["?", "unparsed"];
  if (annotator.status === "unfinished") return ["?", "unfinished"];
  if (annotator.status === "failed") return ["?", "failed"];
  if (annotator.first_error === null) return annotator.old_cut ? ["", ""] : ["?", "no verdict"];
  return annotator.first_error < 0 ? ["✓", "no error"] : ["⚑", `step ${annotator.first_error + 1}`];
}

// Whether its verdict is where its score of each step falls under a threshold: a PRM's, and a
// judge's by log-probabilities.
/** @type {(annotator: Pick<Annotator, "kind" | "threshold">) => boolean} */
export const scoresSteps = ({ kind, threshold }) =>
  kind === "prm" || (kind === "judge" && typeof threshold === "number");

// The quiet third line of a column's head: a judge's vote, a threshold, that it is of the old
// cut; "" for none.
/** @type {(annotator: Pick<Annotator, "kind" | "votes" | "threshold" | "old_cut">) => string} */
export function headDetail(annotator) {
  if (annotator.old_cut) return "old cut";
  const { kind, votes, threshold } = annotator;
  if (kind === "judge" && votes && votes.n > 1)
    return `${Math.round(votes.share * votes.n)}/${votes.n} votes`;
  if (scoresSteps(annotator) && typeof threshold === "number")
    return `≥ ${threshold.toFixed(2).replace(/^0/, "")}`;
  return "";
}

// One cell: {text, fraction (0..1 or null, drawn as a bar), tone, flag, spoken}.
// tone: "right" | "wrong" | "plain" | "absent"
/** @type {(annotator: Annotator, step: number) => Cell} */
export function cell(annotator, step) {
  const score = annotator.scores[step] ?? null;
  const flag = annotator.first_error === step;
  const trials = annotator.trials?.[step] ?? 0;
  /** @type {Cell} */
  const base = { fraction: null, flag, tone: "absent", text: "·", spoken: "not looked at" };
  if (annotator.kind === "mc" && trials > 0) {
    const successes = annotator.successes?.[step] ?? 0;
    const spoken = `${successes} of ${trials} rollouts correct`;
    return said({
      ...base,
      text: `${successes}/${trials}`,
      fraction: successes / trials,
      tone: "plain",
      spoken,
    });
  }
  if (score === null) return said(base);
  if (scoresSteps(annotator) || (annotator.kind === "mc" && score > 0 && score < 1)) {
    const text = score >= 0.995 ? "1.0" : score.toFixed(2).replace(/^0/, "");
    return said({
      ...base,
      text,
      fraction: score,
      tone: "plain",
      spoken: `score ${score.toFixed(3)}`,
    });
  }
  if (annotator.kind === "human") {
    const sign = Math.sign(score);
    const tone = sign > 0 ? "right" : sign < 0 ? "wrong" : "plain";
    return said({ ...base, text: MARKS[sign], tone, spoken: WORDS[sign] });
  }
  // A judge's score, or the last step of MC, settled by comparing the answer.
  const right = score >= 0.5;
  const spoken =
    annotator.kind === "mc" ? `answer ${right ? "correct" : "wrong"}` : right ? "correct" : "wrong";
  return said({ ...base, text: right ? "✓" : "✗", tone: right ? "right" : "wrong", spoken });
}

// .48: a score as the table writes it, with the third digit where it matters.
/** @type {(score: number) => string} */
export function decimal(score) {
  const text = score.toFixed(score < 0.0995 || score > 0.995 ? 3 : 2);
  return text.startsWith("0") ? text.slice(1) : text;
}

// The lowest score and the product of all scores up to a step; a missing score counts for nothing.
/** @type {(scores: (number | null)[], step: number) => { lowest: number; product: number }} */
export function soFar(scores, step) {
  const known = scores.slice(0, step + 1).filter((score) => score !== null);
  return { lowest: Math.min(1, ...known), product: known.reduce((all, one) => all * one, 1) };
}

/** @type {(made: Cell) => Cell} */
const said = (made) => (made.flag ? { ...made, spoken: `${made.spoken}, first error` } : made);

// What Enter would store, in words, before it is stored; null where nothing is marked.
/** @type {(labels: Label[], verdict: Verdict) => string | null} */
export function preview(labels, verdict) {
  const n = labels.length;
  const marked = labels.filter((label) => label !== null).length;
  if (marked === 0) return null;
  if (verdict.first_error === null) return `${marked} of ${n} steps marked`;
  const before = verdict.first_error < 0 ? n : verdict.first_error;
  const neutral = labels.slice(0, before).filter((label) => label === 0).length;
  const also = neutral ? `, ${neutral} of them neutral` : "";
  if (verdict.first_error < 0) return `No error: all ${n} steps correct${also}`;
  const first = verdict.first_error + 1;
  const parts = [`First error: step ${first}`];
  if (first > 1) parts.push(`${first === 2 ? "step 1" : `steps 1–${first - 1}`} correct${also}`);
  const later = labels.slice(first);
  if (later.length && later.every((label) => label === null))
    parts.push(`${first + 1 === n ? `step ${n}` : `steps ${first + 1}–${n}`} not judged`);
  return parts.join(" · ");
}

// What to do while nothing is marked.
/** @type {(flags: string[], hidden: boolean) => string} */
export function invitation(flags, hidden) {
  if (flags.length) return "No labels, only flags: Enter skips this solution and sends them.";
  const after = hidden ? "Scores appear after your verdict." : "Enter saves.";
  return `Where is the first error? j and k move, e marks it, a if there is none. ${after}`;
}
