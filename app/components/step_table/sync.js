// What must outlive a slow server, a reload or a crash: drafts and unacknowledged commits.

const DRAFT_DAYS = 60;

// localStorage in a namespace (`scope` names the project and the person); full or forbidden
// storage costs the safety net only.
export function store(scope) {
  const prefix = `steplens/${scope}/`;
  const attempt = (work, otherwise) => {
    try {
      return work();
    } catch {
      return otherwise;
    }
  };
  const read = (name) => attempt(() => JSON.parse(localStorage.getItem(prefix + name)), null);
  const write = (name, value) =>
    attempt(() =>
      value === null ? localStorage.removeItem(prefix + name) : localStorage.setItem(prefix + name, JSON.stringify(value)),
    );
  const names = (start) =>
    attempt(() => Object.keys(localStorage), [])
      .filter((name) => name.startsWith(prefix + start))
      .map((name) => name.slice(prefix.length));
  return { read, write, names };
}

export const draftName = (item) => `draft/${item.solution_id}/${item.revision}`;

export function readDrafts(kept, items) {
  const drafts = {};
  for (const item of items) {
    const draft = kept.read(draftName(item));
    if (draft) drafts[item.solution_id] = draft;
  }
  return drafts;
}

export function dropOldDrafts(kept, now) {
  for (const name of kept.names("draft/"))
    if (!(kept.read(name)?.at > now - DRAFT_DAYS * 86400e3)) kept.write(name, null);
}

// Each commit under its own token, so that two tabs never overwrite one another's.
export const readOutbox = (kept) =>
  kept.names("commit/").map((name) => kept.read(name)).filter(Boolean).sort((a, b) => a.at - b.at).map((one) => one.commit);

export function writeOutbox(kept, before, after, now) {
  const gone = new Set(before.map((commit) => commit.token));
  after.forEach((commit, i) => {
    if (!gone.delete(commit.token)) kept.write(`commit/${commit.token}`, { at: now + i / 1000, commit });
  });
  for (const token of gone) kept.write(`commit/${token}`, null);
}

// Seconds a person spent looking: the page visible, and some input within the last minute.
export function stopwatch() {
  const IDLE = 60e3;
  let spent = 0;
  let since = performance.now();
  let touched = since;
  const count = () => {
    const now = performance.now();
    if (document.visibilityState === "visible") spent += Math.max(0, Math.min(now, touched + IDLE) - since);
    since = now;
  };
  return {
    touch() {
      count();
      touched = performance.now();
    },
    pause: count,
    seconds() {
      count();
      return Math.round(spent / 100) / 10;
    },
    restart() {
      spent = 0;
      since = touched = performance.now();
    },
  };
}
