// What a reviewer's acts do to the step table: (state, action) -> state.
// Pure: no DOM, no clock, no chance. Tokens and seconds arrive inside the actions.

/** @import { Action, Commit, Data, Doc, Draft, Item, Label, Message, Shown, Stamped, State, What } from "../types.js" */

import { cutAnew, isCut, joined, placed, splitAt, uncut, withIds } from "./cutting.js";
import {
  clamp,
  flagWord,
  lifted,
  newDoc,
  remembered,
  revealed,
  same,
  snapshot,
  toggledFlag,
  typeOf,
  unsaved,
  untouched,
  verdict,
} from "./doc.js";

const TRAIL_LENGTH = 200;

/** @type {State} */
export const EMPTY = {
  mode: "review", // "review" | "solution" | "read"
  queue: null, // identity of the server's queue; a new one starts afresh
  current: null, // the item on screen
  doc: null, // what the reviewer said about it, see newDoc
  upcoming: [], // items that are here already, so that moving on needs no server
  docs: {}, // docs of upcoming items that were on screen before, by solution id
  trail: [], // {item, doc} of what was saved or skipped, oldest first
  outbox: [], // commits the server has not acknowledged, oldest first
  saved: 0, // commits acknowledged since the page was opened
  message: null, // {kind: "info" | "refusal" | "error", text}
  blind: false, // the server holds machines back until there is a verdict
  scoresVisible: true,
  raw: false,
  help: false,
  flagging: false, // is the menu of flags open
  typing: false, // is the menu of error types open
  caret: null, // {at}: where the caret stands in the focused step, while steps are cut
  errorTypes: [], // {name, word} that the server offers
};

const NO_MENU = { flagging: false, typing: false, caret: null };
/** @type {Message} */
const MEND = { kind: "info", text: "Flagged: bad split. x cuts the steps anew, here and now." };
const NO_CUT = {
  split: "Nothing would stand on one side of the caret: move it to where the step ends.",
  join: "The first step has none before it.",
};
const HELD_BACK = "until you have a verdict: this review is blind. e or a gives one.";

// Are the machines' scores, reasons and evidence on screen?
/** @type {(state: State) => boolean} */
export const machinesShown = (state) => state.scoresVisible && revealed(state.doc);

/** @type {(state: State, action: Action) => State} */
export function reduce(state, action) {
  switch (action.type) {
    case "data":
      return receive(state, action.data, action.drafts ?? {}, action.outbox ?? []);
    case "scores": {
      if (!revealed(state.doc)) return refused(state, `Scores stay hidden ${HELD_BACK}`);
      const scoresVisible = !state.scoresVisible;
      const { doc } = state;
      const seen = doc !== null && (doc.seen || (scoresVisible && !doc.blind));
      return { ...state, scoresVisible, doc: doc && { ...doc, seen }, message: null };
    }
    case "evidence":
      return revealed(state.doc) ? state : refused(state, `Evidence stays hidden ${HELD_BACK}`);
    case "raw":
      return { ...state, raw: !state.raw };
    case "help":
      return { ...state, help: action.open ?? !state.help, ...NO_MENU };
    case "say":
      return { ...state, message: action.message };
    case "undo":
      return undo(state, action);
    case "redo":
      return redo(state, action);
  }
  if (!isShown(state)) return state;
  const { doc } = state;
  const n = doc.labels.length;
  if (action.type === "focus" || action.type === "move") {
    const focus = clamp(action.type === "focus" ? action.step : doc.focus + action.by, n);
    return focus === doc.focus ? state : { ...state, caret: null, doc: { ...doc, focus } };
  }
  if (state.mode === "read") return state;
  switch (action.type) {
    case "label":
      return edit(state, (label, step) =>
        step === doc.focus ? [action.value, false] : [label, doc.implied[step]],
      );
    case "first_error":
      return edit(state, (label, step) => {
        if (step > doc.focus) return [null, false];
        if (step === doc.focus) return [-1, false];
        return label === 1 || label === 0 ? [label, doc.implied[step]] : [1, true];
      });
    case "all_correct":
      // A neutral mark is no error: it stays.
      return edit(state, (label, step) =>
        label === 1 || label === 0 ? [label, doc.implied[step]] : [1, true],
      );
    case "note":
      return { ...state, doc: { ...doc, note: action.text } };
    case "flags":
      return { ...state, ...NO_MENU, flagging: action.open ?? !state.flagging, message: null };
    case "types":
      return types(state, action.open ?? !state.typing);
    case "error_type": {
      const error_type = doc.error_type === action.name ? null : action.name;
      const past = [...doc.past, snapshot(doc)];
      const changes = { error_type, past, future: [], restored: false };
      return { ...state, ...NO_MENU, doc: { ...doc, ...changes }, message: null };
    }
    case "flag": {
      const flags = toggledFlag(doc.flags, action.flag);
      const changes = { flags, past: [...doc.past, snapshot(doc)], future: [] };
      const mend = action.flag === "bad_split" && flags.includes(action.flag);
      const message = mend ? MEND : null;
      return { ...state, doc: { ...doc, ...changes, restored: false }, message };
    }
    case "caret": {
      const { step = doc.focus, at = 0, open = state.caret === null } = action;
      return placed({ ...state, ...NO_MENU }, open ? { step, at } : null);
    }
    case "split":
    case "join": {
      const made =
        action.type === "split"
          ? splitAt(state.current.steps, doc.focus, action.at)
          : joined(state.current.steps, action.step);
      return made ? cutAnew(state, made, action) : refused(state, NO_CUT[action.type]);
    }
    case "save":
      return save(state, action);
    case "skip":
      return state.mode === "review" ? commit(state, "skip", action) : state;
  }
  return state;
}

/**
 * @param {State} state
 * @returns {state is Shown}
 */
const isShown = (state) => state.current !== null && state.doc !== null;

/** @type {(state: State, text: string) => State} */
const refused = (state, text) => ({ ...state, message: { kind: "refusal", text } });

// A type is of the first error, so there must be one.
/** @type {(state: Shown, open: boolean) => State} */
function types(state, open) {
  if (open && (verdict(state.doc.labels).first_error ?? -1) < 0)
    return refused(state, "Mark the first error first, with e; then w says why it is one.");
  return { ...state, ...NO_MENU, typing: open, message: null };
}

// Flags alone are worth sending: a skip that carries them.
/** @type {(state: Shown, action: Stamped) => State} */
function save(state, action) {
  const { doc } = state;
  const flagsOnly = untouched(doc.labels) && doc.flags.length > 0;
  const { refusal: why } = verdict(doc.labels);
  if (why && !flagsOnly) return refused(state, why);
  if (state.mode !== "review" && !unsaved(doc))
    return { ...state, message: { kind: "info", text: "Nothing new to save." } };
  return commit(state, flagsOnly ? "skip" : "label", action);
}

/** @type {(state: Shown, rule: (label: Label, step: number) => [Label, boolean]) => State} */
function edit(state, rule) {
  const { doc } = state;
  const pairs = doc.labels.map(rule);
  const labels = pairs.map((pair) => pair[0]);
  const implied = pairs.map((pair) => pair[1]);
  if (same(labels, doc.labels) && same(implied, doc.implied)) return { ...state, message: null };
  const past = [...doc.past, snapshot(doc)];
  return {
    ...state,
    doc: remembered({ ...doc, labels, implied, past, future: [], restored: false }),
    message: null,
  };
}

/** @type {(state: Shown, action: Stamped, what: What | "undo") => Commit} */
function entry(state, action, what) {
  const { current, doc } = state;
  const labelled = what === "label";
  return {
    token: action.token,
    solution_id: current.solution_id,
    revision: current.revision,
    cut: current.cut ?? null,
    action: what,
    undoes: null,
    labels: labelled ? [...doc.labels] : null,
    first_error: labelled ? verdict(doc.labels).first_error : null,
    note: what === "undo" ? null : doc.note.trim() || null,
    flags: what === "undo" ? [] : [...doc.flags],
    error_type: labelled ? typeOf(doc) : null,
    seconds: action.seconds,
    blind: what !== "undo" && doc.blind,
    first_labels: what !== "undo" && doc.first_labels ? [...doc.first_labels] : null,
    scores_visible: doc.seen,
  };
}

/** @type {(state: Shown, what: What, action: Stamped) => State} */
function commit(state, what, action) {
  const { current, doc } = state;
  const outbox = [...state.outbox, entry(state, action, what)];
  // In a review a save is one act of the undo, with all the marks that led to it: u goes back
  // through saved solutions one by one, and through their cuts. In place, where u stays, every mark can be taken back.
  const before = state.mode === "review" ? doc.past.filter((one) => "cut" in one) : doc.past;
  const past = [...before, { commit: action.token, what, saved: doc.saved }];
  const labels = what === "label" ? doc.labels : doc.labels.map(() => null);
  const done = {
    ...doc,
    past,
    saved: {
      ...{ labels, note: doc.note, flags: doc.flags },
      error_type: what === "label" ? typeOf(doc) : null,
    },
    restored: false,
  };
  if (state.mode !== "review") return { ...state, outbox, doc: done, message: null, ...NO_MENU };
  const trail = [...state.trail, { item: current, doc: done }].slice(-TRAIL_LENGTH);
  // "Saved" is the server's word: the bar says so once it has acknowledged.
  const verb = what === "label" ? "labelled" : "skipped";
  const flagged = doc.flags.length ? `, flagged ${doc.flags.map(flagWord).join(", ")}` : "";
  /** @type {Message} */
  const message = {
    kind: "info",
    text: `Solution ${current.solution_id} ${verb}${flagged}. u takes it back.`,
  };
  return open({ ...state, outbox, trail, message }, state.upcoming, {});
}

// Put the first of `items` on screen; the rest wait.
/** @type {(state: State, items: Item[], drafts: Record<string, Draft>) => State} */
function open(state, items, drafts) {
  const [current, ...upcoming] = items;
  state = { ...state, ...NO_MENU };
  if (!current) return { ...state, current: null, doc: null, upcoming: [] };
  const { [current.solution_id]: kept, ...docs } = state.docs;
  const doc = kept ?? newDoc(current, drafts[current.solution_id], state);
  return { ...state, current, doc, upcoming, docs };
}

/** @type {(state: State, action: Stamped) => State} */
function undo(state, action) {
  if (state.mode === "read") return state;
  const back = isShown(state) && state.doc.past.length > 0 ? state : previous(state);
  return back
    ? takeBack(back, action)
    : { ...state, message: { kind: "info", text: "Nothing to undo." } };
}

// The solution that was saved last, on screen again; null where there is none.
/** @type {(state: State) => Shown | null} */
function previous(state) {
  const last = state.mode === "review" ? state.trail[state.trail.length - 1] : null;
  if (!last) return null;
  const shown = { ...state, current: last.item, doc: last.doc, ...NO_MENU };
  shown.trail = state.trail.slice(0, -1);
  if (isShown(state)) {
    shown.upcoming = [state.current, ...state.upcoming];
    shown.docs = { ...state.docs, [state.current.solution_id]: state.doc };
  }
  return shown;
}

/** @type {(state: Shown, action: Stamped) => State} */
function takeBack(state, action) {
  const { current, doc } = state;
  const past = doc.past.slice(0, -1);
  const back = doc.past[doc.past.length - 1];
  if ("cut" in back) return uncut(state, back, action);
  if (!("commit" in back)) {
    const future = [...doc.future, snapshot(doc)];
    return { ...state, doc: { ...doc, ...back, past, future }, message: null };
  }
  const taken = { ...entry(state, action, "undo"), undoes: back.commit };
  const what = back.what === "label" ? "save" : "skip";
  const text = `Took back the ${what} of solution ${current.solution_id}.`;
  return {
    ...state,
    outbox: [...state.outbox, taken],
    doc: { ...doc, saved: back.saved, past, future: [...doc.future, { again: back.what }] },
    message: { kind: "info", text },
  };
}

/** @type {(state: State, action: Stamped) => State} */
function redo(state, action) {
  if (state.mode === "read" || !isShown(state)) return state;
  const { doc } = state;
  if (!doc.future.length) return { ...state, message: { kind: "info", text: "Nothing to redo." } };
  const future = doc.future.slice(0, -1);
  const next = doc.future[doc.future.length - 1];
  if ("parts" in next) return cutAnew(state, next, action);
  if ("again" in next) return commit({ ...state, doc: { ...doc, future } }, next.again, action);
  const past = [...doc.past, snapshot(doc)];
  return { ...state, doc: { ...doc, ...next, past, future }, message: null };
}

// New data from the server. Its items already count what `acked` lists; what is still in the
// outbox it does not know of, so those solutions are left out here. `stored` is an outbox that
// outlived a reload.
/** @type {(state: State, data: Data, drafts: Record<string, Draft>, stored: Commit[]) => State} */
function receive(state, data, drafts, stored) {
  const afresh = state.queue !== (data.queue ?? "") || state.mode !== data.mode;
  if (afresh)
    state = {
      ...state,
      current: null,
      doc: null,
      upcoming: [],
      docs: {},
      trail: [],
      message: null,
    };
  state = {
    ...state,
    queue: data.queue ?? "",
    mode: data.mode,
    errorTypes: data.error_types ?? [],
    blind: data.blind === true && data.mode !== "read",
  };
  if (!state.blind) state = unblind(state);
  state = settle(withIds(state, data.cuts ?? {}), data, stored);

  const waiting = new Map(state.outbox.map((sent) => [sent.solution_id, sent.action !== "undo"]));
  const items = (data.items ?? []).filter((item) => !waiting.get(item.solution_id));
  if (data.mode !== "review") {
    if (isShown(state) && state.outbox.some(isCut)) return state; // it is another solution soon
    const [item] = data.items ?? [];
    if (item && isShown(state) && item.solution_id === state.current.solution_id)
      return renew(state, item, drafts);
    return open(state, item ? [item] : [], drafts);
  }
  if (!isShown(state)) return open(state, items, drafts);
  const { current } = state;
  const rest = items.filter((item) => item.solution_id !== current.solution_id);
  // Items put back by an undo stay in front: the server may not offer them yet.
  const back = state.upcoming.filter((item) => state.docs[item.solution_id]);
  const backIds = new Set(back.map((item) => item.solution_id));
  const upcoming = [...back, ...rest.filter((item) => !backIds.has(item.solution_id))];
  const again = items.find((item) => item.solution_id === current.solution_id);
  const shown = { ...state, upcoming };
  return again ? renew(shown, again, drafts) : shown;
}

/** @type {(state: State) => State} */
function unblind(state) {
  /** @type {(doc: Doc) => Doc} */
  const seen = (doc) => lifted(doc, state.scoresVisible);
  const docs = Object.fromEntries(Object.entries(state.docs).map(([id, doc]) => [id, seen(doc)]));
  return { ...state, doc: state.doc && seen(state.doc), docs };
}

/** @type {(state: State, data: Data, stored: Commit[]) => State} */
function settle(state, data, stored) {
  const acked = new Set(data.acked ?? []);
  const refused = new Map(Object.entries(data.refused ?? {}));
  const known = new Set(state.outbox.map((sent) => sent.token));
  const all = [...stored.filter((sent) => !known.has(sent.token)), ...state.outbox];
  const outbox = all.filter((sent) => !acked.has(sent.token) && !refused.has(sent.token));
  const saved = state.saved + all.filter((sent) => acked.has(sent.token)).length;
  const bad = all.find((sent) => refused.has(sent.token));
  const moved = all.find((sent) => data.carried?.[sent.token] && acked.has(sent.token));
  if (!bad && moved) {
    const text = `Solution ${moved.solution_id} was cut anew meanwhile, as solution ${data.carried?.[moved.token]}: what you said is kept, and was carried over.`;
    return { ...state, outbox, saved, message: { kind: "info", text } };
  }
  if (!bad) return { ...state, outbox, saved };
  const text = `Solution ${bad.solution_id} was not saved: ${refused.get(bad.token)}`;
  return { ...state, outbox, saved, message: { kind: "error", text } };
}

// The item on screen came again: keep the reviewer's work unless the solution itself changed.
/** @type {(state: Shown, item: Item, drafts: Record<string, Draft>) => State} */
function renew(state, item, drafts) {
  const { current, doc } = state;
  if (item.revision === current.revision && item.steps.length === doc.labels.length)
    return { ...state, current: { ...item, cut: current.cut ?? null } };
  const fresh = newDoc(item, drafts[item.solution_id], state);
  const text = "This solution was changed on the server; your unsaved marks are gone.";
  return { ...state, current: item, doc: fresh, message: { kind: "error", text } };
}
