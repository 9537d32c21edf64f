// What must outlive a slow server, a reload or a crash: drafts and unacknowledged commits.

import { draftOf } from "./rules/doc.js";

/** @import { Commit, Draft, Item, State, Store } from "./types.js" */

const DRAFT_DAYS = 60;

// localStorage in a namespace (`scope` names the project and the person); full or forbidden
// storage costs the safety net only.
/** @type {(scope: string) => Store} */
export function store(scope) {
  const prefix = `steplens/${scope}/`;
  /** @type {<T>(work: () => T, otherwise: T) => T} */
  const attempt = (work, otherwise) => {
    try {
      return work();
    } catch {
      return otherwise;
    }
  };
  /** @type {Store["read"]} */
  const read = (name) =>
    attempt(() => JSON.parse(localStorage.getItem(prefix + name) ?? "null"), null);
  /** @type {Store["write"]} */
  const write = (name, value) =>
    attempt(
      () =>
        value === null
          ? localStorage.removeItem(prefix + name)
          : localStorage.setItem(prefix + name, JSON.stringify(value)),
      undefined,
    );
  /** @type {Store["names"]} */
  const names = (start) =>
    attempt(() => Object.keys(localStorage), /** @type {string[]} */ ([]))
      .filter((name) => name.startsWith(prefix + start))
      .map((name) => name.slice(prefix.length));
  return { read, write, names };
}

/** @type {(item: Item) => string} */
const draftName = (item) => `draft/${item.solution_id}/${item.revision}`;

/** @type {(kept: Store, items: Item[]) => Record<string, Draft>} */
export function readDrafts(kept, items) {
  /** @type {Record<string, Draft>} */
  const drafts = {};
  for (const item of items) {
    const draft = kept.read(draftName(item));
    if (draft) drafts[item.solution_id] = draft;
  }
  return drafts;
}

/** @type {(kept: Store, now: number) => void} */
export function dropOldDrafts(kept, now) {
  for (const name of kept.names("draft/"))
    if (!(kept.read(name)?.at > now - DRAFT_DAYS * 86400e3)) kept.write(name, null);
}

// Each commit under its own token, so that two tabs never overwrite one another's.
/** @type {(kept: Store) => Commit[]} */
export const readOutbox = (kept) =>
  kept
    .names("commit/")
    .map((name) => kept.read(name))
    .filter(Boolean)
    .sort((a, b) => a.at - b.at)
    .map((one) => one.commit);

/** @type {(kept: Store, before: Commit[], after: Commit[], now: number) => void} */
export function writeOutbox(kept, before, after, now) {
  const gone = new Set(before.map((commit) => commit.token));
  after.forEach((commit, i) => {
    if (!gone.delete(commit.token))
      kept.write(`commit/${commit.token}`, { at: now + i / 1000, commit });
  });
  for (const token of gone) kept.write(`commit/${token}`, null);
}

// Keep the draft of what is on screen, and drop that of what was committed.
/** @type {(kept: Store, before: State, after: State) => void} */
export function keepDraft(kept, before, { current, doc, mode, trail }) {
  if (mode === "read") return;
  // The document that left the screen was committed, or was kept when it was last changed.
  if (before.current && before.current !== current && before.mode !== "read") {
    const left = trail.some(({ item }) => item === before.current);
    if (left) kept.write(draftName(before.current), null);
  }
  if (!doc || !current || doc === before.doc) return;
  const draft = draftOf(doc);
  if (draft) kept.write(draftName(current), { ...draft, at: Date.now() });
  // Another tab's draft of the same solution is not this one's to remove.
  else if (before.current === current && draftOf(before.doc)) kept.write(draftName(current), null);
}
