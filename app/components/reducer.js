// What a reviewer's acts do to the step table: (state, action) -> state.
// Pure: no DOM, no clock, no chance. Tokens and seconds arrive inside the actions.
//
// A label is 1 correct, 0 neutral, -1 wrong, null unmarked (unmarked is not neutral).
// The first error is never stored beside the labels: `verdict` reads it off them.

const TRAIL_LENGTH = 200;

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
  scoresVisible: true,
  raw: false,
  help: false,
};

// What the labels amount to: first_error (0-based, -1 none, null no verdict) and, without a
// verdict, why it cannot be saved.
export function verdict(labels) {
  const wrong = labels.indexOf(-1);
  const scope = wrong < 0 ? labels.length : wrong;
  const open = [];
  for (let step = 0; step < scope; step++) if (labels[step] === null) open.push(step + 1);
  if (open.length === 0 && labels.length > 0) return { first_error: wrong, refusal: null };
  return { first_error: null, refusal: refusal(labels, wrong, open) };
}

function refusal(labels, wrong, open) {
  if (labels.every((label) => label === null))
    return "Not saved: nothing is marked. e marks the first error, a says there is none.";
  const which = open.length === 1 ? `step ${open[0]} is` : `steps ${ranges(open)} are`;
  return wrong < 0
    ? `Not saved: ${which} unmarked. Mark the rest, or press a if there is no error.`
    : `Not saved: ${which} unmarked. Press e on step ${wrong + 1} to call all before it correct.`;
}

// [1, 2, 3, 5] -> "1–3, 5"
export function ranges(numbers) {
  const runs = [];
  for (const n of numbers) {
    const last = runs[runs.length - 1];
    if (last && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`)).join(", ");
}

export function newDoc(item, draft = null, scoresVisible = true) {
  const n = item.steps.length;
  const fits = (labels) => Array.isArray(labels) && labels.length === n;
  const mine = item.mine && fits(item.mine.labels) ? item.mine : null;
  const kept = draft && fits(draft.labels) ? draft : null;
  return {
    labels: kept ? [...kept.labels] : mine ? [...mine.labels] : Array(n).fill(null),
    implied: kept && fits(kept.implied) ? [...kept.implied] : Array(n).fill(false),
    note: kept?.note ?? mine?.note ?? "",
    focus: clamp(kept?.focus ?? item.step ?? 0, n),
    past: [], // {labels, implied, focus} of an edit, or {commit, saved} of a save
    future: [],
    // {labels, note} that the server has, or will have once the outbox is through
    saved: mine && { labels: [...mine.labels], note: mine.note ?? "" },
    restored: kept !== null,
    seen: scoresVisible, // were scores on screen at any time while this was being judged
  };
}

// Is there work on screen that no commit holds yet?
export function unsaved(doc) {
  if (!doc) return false;
  if (!doc.saved) return doc.note.trim() !== "" || doc.labels.some((label) => label !== null);
  return !same(doc.labels, doc.saved.labels) || doc.note.trim() !== doc.saved.note.trim();
}

const clamp = (step, n) => Math.max(0, Math.min(n - 1, step));

export function reduce(state, action) {
  switch (action.type) {
    case "data":
      return receive(state, action.data, action.drafts ?? {}, action.outbox ?? []);
    case "scores": {
      const scoresVisible = !state.scoresVisible;
      const doc = state.doc && { ...state.doc, seen: state.doc.seen || scoresVisible };
      return { ...state, scoresVisible, doc, message: null };
    }
    case "raw":
      return { ...state, raw: !state.raw };
    case "help":
      return { ...state, help: action.open ?? !state.help };
    case "say":
      return { ...state, message: action.message };
    case "undo":
      return undo(state, action);
    case "redo":
      return redo(state, action);
  }
  if (!state.doc) return state;
  const { doc } = state;
  const n = doc.labels.length;
  if (action.type === "focus" || action.type === "move") {
    const focus = clamp(action.type === "focus" ? action.step : doc.focus + action.by, n);
    return focus === doc.focus ? state : { ...state, doc: { ...doc, focus } };
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
    case "save": {
      const { refusal: why } = verdict(doc.labels);
      if (why) return { ...state, message: { kind: "refusal", text: why } };
      if (state.mode !== "review" && !unsaved(doc))
        return { ...state, message: { kind: "info", text: "Nothing new to save." } };
      return commit(state, "label", action);
    }
    case "skip":
      return state.mode === "review" ? commit(state, "skip", action) : state;
  }
  return state;
}

function edit(state, rule) {
  const { doc } = state;
  const pairs = doc.labels.map(rule);
  const labels = pairs.map((pair) => pair[0]);
  const implied = pairs.map((pair) => pair[1]);
  if (same(labels, doc.labels) && same(implied, doc.implied)) return { ...state, message: null };
  const past = [...doc.past, snapshot(doc)];
  return {
    ...state,
    doc: { ...doc, labels, implied, past, future: [], restored: false },
    message: null,
  };
}

const snapshot = ({ labels, implied, focus }) => ({ labels, implied, focus });
export const same = (a, b) => a.length === b.length && a.every((value, i) => value === b[i]);

function entry(state, action, what) {
  const { current, doc } = state;
  const labelled = what === "label";
  return {
    token: action.token,
    solution_id: current.solution_id,
    revision: current.revision,
    action: what,
    undoes: null,
    labels: labelled ? [...doc.labels] : null,
    first_error: labelled ? verdict(doc.labels).first_error : null,
    note: what === "undo" ? null : doc.note.trim() || null,
    seconds: action.seconds,
    scores_visible: doc.seen,
  };
}

function commit(state, what, action) {
  const { current, doc } = state;
  const outbox = [...state.outbox, entry(state, action, what)];
  const past = [...doc.past, { commit: action.token, what, saved: doc.saved }];
  const saved = what === "label" ? { labels: doc.labels, note: doc.note } : doc.saved;
  const done = { ...doc, past, saved, restored: false };
  if (state.mode !== "review") return { ...state, outbox, doc: done, message: null };
  const trail = [...state.trail, { item: current, doc: done }].slice(-TRAIL_LENGTH);
  // "Saved" is the server's word: the bar says so once it has acknowledged.
  const verb = what === "label" ? "labelled" : "skipped";
  const message = { kind: "info", text: `Solution ${current.solution_id} ${verb}. u takes it back.` };
  return open({ ...state, outbox, trail, message }, state.upcoming, {});
}

// Put the first of `items` on screen; the rest wait.
function open(state, items, drafts) {
  const [current, ...upcoming] = items;
  if (!current) return { ...state, current: null, doc: null, upcoming: [] };
  const { [current.solution_id]: kept, ...docs } = state.docs;
  const doc = kept ?? newDoc(current, drafts[current.solution_id], state.scoresVisible);
  return { ...state, current, doc, upcoming, docs };
}

function undo(state, action) {
  if (state.mode === "read") return state;
  if (!state.doc?.past.length) {
    const last = state.mode === "review" ? state.trail[state.trail.length - 1] : null;
    if (!last) return { ...state, message: { kind: "info", text: "Nothing to undo." } };
    const { current, doc } = state;
    state = {
      ...state,
      current: last.item,
      doc: last.doc,
      trail: state.trail.slice(0, -1),
      upcoming: current ? [current, ...state.upcoming] : state.upcoming,
      docs: current ? { ...state.docs, [current.solution_id]: doc } : state.docs,
    };
  }
  const { doc } = state;
  const past = doc.past.slice(0, -1);
  const back = doc.past[doc.past.length - 1];
  if (!back.commit) {
    const future = [...doc.future, snapshot(doc)];
    return { ...state, doc: { ...doc, ...back, past, future }, message: null };
  }
  const taken = { ...entry(state, action, "undo"), undoes: back.commit };
  const what = back.what === "label" ? "save" : "skip";
  return {
    ...state,
    outbox: [...state.outbox, taken],
    doc: { ...doc, saved: back.saved, past, future: [...doc.future, { again: back.what }] },
    message: { kind: "info", text: `Took back the ${what} of solution ${state.current.solution_id}.` },
  };
}

function redo(state, action) {
  const { doc } = state;
  if (state.mode === "read" || !doc) return state;
  if (!doc.future.length) return { ...state, message: { kind: "info", text: "Nothing to redo." } };
  const future = doc.future.slice(0, -1);
  const next = doc.future[doc.future.length - 1];
  if (next.again) return commit({ ...state, doc: { ...doc, future } }, next.again, action);
  const past = [...doc.past, snapshot(doc)];
  return { ...state, doc: { ...doc, ...next, past, future }, message: null };
}

// New data from the server. Its items already count what `acked` lists; what is still in the
// outbox it does not know of, so those solutions are left out here. `stored` is an outbox that
// outlived a reload.
function receive(state, data, drafts, stored) {
  const afresh = state.queue !== data.queue || state.mode !== data.mode;
  if (afresh)
    state = { ...state, current: null, doc: null, upcoming: [], docs: {}, trail: [], message: null };
  state = { ...state, queue: data.queue, mode: data.mode };
  state = settle(state, data, stored);

  const waiting = new Map(state.outbox.map((sent) => [sent.solution_id, sent.action !== "undo"]));
  const items = (data.items ?? []).filter((item) => !waiting.get(item.solution_id));
  const { current } = state;
  if (data.mode !== "review") {
    const [item] = data.items ?? [];
    if (item && current && item.solution_id === current.solution_id) return renew(state, item, drafts);
    return open(state, item ? [item] : [], drafts);
  }
  if (!current) return open(state, items, drafts);
  const rest = items.filter((item) => item.solution_id !== current.solution_id);
  // Items put back by an undo stay in front: the server may not offer them yet.
  const back = state.upcoming.filter((item) => state.docs[item.solution_id]);
  const backIds = new Set(back.map((item) => item.solution_id));
  const upcoming = [...back, ...rest.filter((item) => !backIds.has(item.solution_id))];
  const again = items.find((item) => item.solution_id === current.solution_id);
  state = { ...state, upcoming };
  return again ? renew(state, again, drafts) : state;
}

function settle(state, data, stored) {
  const acked = new Set(data.acked ?? []);
  const refused = new Map(Object.entries(data.refused ?? {}));
  const known = new Set(state.outbox.map((sent) => sent.token));
  const all = [...stored.filter((sent) => !known.has(sent.token)), ...state.outbox];
  const outbox = all.filter((sent) => !acked.has(sent.token) && !refused.has(sent.token));
  const saved = state.saved + all.filter((sent) => acked.has(sent.token)).length;
  const bad = all.find((sent) => refused.has(sent.token));
  const why = bad && `Solution ${bad.solution_id} was not saved: ${refused.get(bad.token)}`;
  return { ...state, outbox, saved, message: bad ? { kind: "error", text: why } : state.message };
}

// The item on screen came again: keep the reviewer's work unless the solution itself changed.
function renew(state, item, drafts) {
  const { current, doc } = state;
  if (item.revision === current.revision && item.steps.length === doc.labels.length)
    return { ...state, current: item };
  const fresh = newDoc(item, drafts[item.solution_id], state.scoresVisible);
  const text = "This solution was changed on the server; your unsaved marks are gone.";
  return { ...state, current: item, doc: fresh, message: { kind: "error", text } };
}
