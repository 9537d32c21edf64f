// How far the reviewer is: position, what is left, pace; and a thin line of it under the bar.

/** @import { Commit, Progress, ProgressParts, State } from "../types.js" */

import { el, setText, within } from "../../dom.js";

/** @type {() => ProgressParts} */
export function buildProgress() {
  /** @type {(name: string) => HTMLElement} */
  const part = (name) => el("span", { class: name });
  const parts = {
    label: part("of"),
    at: part("at"),
    left: part("left"),
    today: part("today"),
    pace: part("pace"),
  };
  const line = el("div", {
    class: "progress-line",
    role: "progressbar",
    "aria-label": "Progress through the queue",
    "aria-valuemin": "0",
  });
  line.append(el("div", { class: "done" }));
  return { text: el("span", { class: "progress" }, ...Object.values(parts)), parts, line };
}

// `progress` is the server's, about items[0]; what is in the outbox has gone on since.
/** @type {(shown: ProgressParts, state: State, progress: Progress | null | undefined) => void} */
export function paintProgress({ text, parts, line }, { mode, outbox, current }, progress) {
  text.hidden = line.hidden = !progress;
  if (!progress) return;
  const ahead =
    mode === "review"
      ? outbox.reduce((sum, commit) => sum + (commit.action === "undo" ? -1 : 1), 0)
      : 0;
  const { total } = progress;
  const at = Math.max(0, Math.min(progress.position + ahead, total));
  const done = mode === "review" && !current ? total : Math.max(0, at - 1);
  setText(parts.label, progress.label ?? "");
  setText(parts.at, `${at} / ${total}`);
  setText(parts.left, mode === "review" ? `${total - done} left` : "");
  setText(parts.pace, progress.pace ?? "");
  setText(
    parts.today,
    typeof progress.today === "number" ? `${progress.today + labelledIn(outbox)} today` : "",
  );
  line.setAttribute("aria-valuemax", String(total));
  line.setAttribute("aria-valuenow", String(done));
  within(line, ".done").style.width = `${total ? (100 * done) / total : 0}%`;
}

/** @type {(outbox: Commit[]) => number} */
function labelledIn(outbox) {
  const undone = new Set(outbox.map((commit) => commit.undoes));
  return outbox.filter((commit) => commit.action === "label" && !undone.has(commit.token)).length;
}
