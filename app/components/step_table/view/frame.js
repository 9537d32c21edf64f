// The frame around the table: bar, problem, status line, key row; and painting them.

/** @import { Data, Doc, Frame, Item, Katex, Key, Owner, State } from "../types.js" */

import { button, el, setText, within } from "../../dom.js";
import { available, KEYS } from "../keys.js";
import { revealed, unsaved, verdict } from "../rules/doc.js";
import { invitation, preview } from "../rules/reading.js";
import { machinesShown } from "../rules/reducer.js";
import { hasEvidence } from "./dock.js";
import { buildFlags, paintFlags } from "./flags.js";
import { buildHelp } from "./help.js";
import { buildProgress, paintProgress } from "./progress.js";
import { renderAnswer } from "./tex.js";
import { makeToolbar } from "./toolbar.js";
import { buildTypes, paintTypes } from "./why.js";

const GROUPS = ["move", "label", "verdict", "save", "flag", "why", "undo", "view"];

// `owner` handles what is pressed (`press`, `act`) and shows the dock (`showDock`).
/** @type {(owner: Owner) => Frame} */
export function buildFrame(owner) {
  // Filled in below, part by part.
  const frame = /** @type {Frame} */ ({});
  /** @type {<Name extends keyof Frame>(name: Name, node: Frame[Name]) => Frame[Name]} */
  const part = (name, node) => {
    frame[name] = node;
    return node;
  };
  const bar = el(
    "header",
    { class: "top" },
    part("title", el("span", { class: "title" })),
    part("source", el("span", { class: "source" })),
    part("queueReason", el("span", { class: "pill why", title: "Why it is in the queue" })),
    part("reason", el("span", { class: "pill reason", title: "What the annotators say" })),
    part(
      "blind",
      el(
        "span",
        {
          class: "pill blind",
          title: "Scores, evidence and reasons appear once your marks amount to a verdict",
        },
        "Blind until your verdict",
      ),
    ),
    part("progress", buildProgress()).text,
    part("sync", el("span", { class: "sync", role: "status" })),
    frame.progress.line,
  );
  const problem = el(
    "section",
    { class: "problem", "aria-label": "Problem" },
    part("problem", el("div", { class: "prose", tabindex: "0" })),
    part("answers", el("dl", { class: "answers" })),
  );
  part("scroller", el("div", { class: "scroller" }));
  const dock = el(
    "aside",
    { class: "dock", "aria-label": "Trace and evidence" },
    part("traceBox", el("div", { class: "trace-box" })),
    part("dockTabs", el("div", { class: "tabs" })),
    part("dockBody", el("div", { class: "dock-body" })),
  );
  frame.dock = dock;
  part(
    "note",
    el("input", {
      class: "note",
      type: "text",
      maxlength: "2000",
      placeholder: "Note",
      "aria-label": "Note to this solution",
      autocomplete: "off",
    }),
  );
  frame.note.addEventListener("input", () => owner.act({ type: "note", text: frame.note.value }));
  frame.note.addEventListener("keydown", (event) => {
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    frame.note.blur();
  });
  const status = el(
    "div",
    { class: "status" },
    part("message", el("div", { class: "message", role: "status", "aria-live": "polite" })),
    part(
      "chips",
      el("div", { class: "chips", role: "group", "aria-label": "Flags of this solution" }),
    ),
    part("typeChip", el("div", { class: "chips" })),
  );
  frame.keyButtons = new Map(KEYS.map((key) => [key, keyButton(key, owner)]));
  /** @type {(group: string) => HTMLButtonElement[]} */
  const groupOf = (group) =>
    [...frame.keyButtons].filter(([key]) => key.group === group).map(([, node]) => node);
  part("flags", buildFlags(owner, groupOf("flag")[0]));
  part("types", buildTypes(groupOf("why")[0]));
  /** @type {Record<string, HTMLElement>} */
  const anchors = { flag: frame.flags.anchor, why: frame.types.anchor };
  /** @type {(group: string) => HTMLElement[]} */
  const keysOf = (group) => (group in anchors ? [anchors[group]] : groupOf(group));
  const groups = GROUPS.map((group) =>
    el("div", { class: `group group-${group}` }, ...keysOf(group)),
  );
  [frame.evidenceKey] = groupOf("dock"); // these two stand beside what they open
  status.append(...groupOf("cut"), ...groupOf("note"), frame.note);
  const keys = el("div", { class: "keys", role: "toolbar", "aria-label": "Keys" }, ...groups);
  makeToolbar(keys);
  const { help, close } = buildHelp(owner);
  Object.assign(frame, { help, helpClose: close });
  part("layout", el("div", { class: "layout" }, bar, problem, frame.scroller, dock, status, keys));
  part("root", el("div", { class: "step-table" }, frame.layout, frame.help));
  return frame;
}

/** @type {(key: Key, owner: Owner) => HTMLButtonElement} */
function keyButton(key, owner) {
  const title = `${key.title ?? capital(key.word)} (${key.keys.map((name) => name.replace("Arrow", "")).join(", ")})`;
  const attributes = {
    class: key.primary ? "key primary" : "key",
    title,
    "data-key": key.id,
    onclick: () => owner.press(key.does),
  };
  return button(attributes, el("kbd", {}, key.shown), el("span", { class: "word" }, key.word));
}

/** @type {(word: string) => string} */
const capital = (word) => word[0].toUpperCase() + word.slice(1);

/** @type {(frame: Frame, state: State, data: Data) => void} */
export function paintBar(frame, state, data) {
  const { current, outbox, mode } = state;
  const shown = current && machinesShown(state);
  setText(frame.title, current ? `Solution ${current.solution_id}` : "");
  setText(
    frame.source,
    current
      ? [current.dataset, current.generator, cutFrom(current)].filter(Boolean).join(" · ")
      : "",
  );
  frame.title.title = frame.source.title = frame.source.textContent;
  setText(frame.queueReason, current?.queue_reason ?? "");
  setText(frame.reason, (shown && current.reason) || "");
  frame.blind.hidden = revealed(state.doc);
  paintProgress(frame.progress, state, data.progress);
  const open = outbox.length;
  frame.sync.dataset.state = open ? "open" : state.saved ? "saved" : "none";
  const dirty = mode === "solution" && unsaved(state.doc);
  const idle = dirty ? "not saved yet" : state.saved ? "✓ saved" : "";
  setText(frame.sync, mode === "read" ? "" : open ? `${open} unsaved` : idle);
}

/** @type {(item: Item) => string} */
const cutFrom = ({ cut_from }) => (cut_from ? `cut anew from ${cut_from}` : "");

// The answers beside the problem. What is right gives a verdict away: a blind reviewer sees only
// what the solution itself says.
/** @type {(frame: Frame, state: State, katex: Katex | null) => void} */
export function paintAnswers(frame, { current, doc, raw }, katex) {
  if (!current) return;
  const open = revealed(doc);
  const { gold, answer, is_correct } = current;
  const shown = JSON.stringify([gold, answer, is_correct, open, raw, katex !== null]);
  if (frame.answersShown === shown) return;
  frame.answersShown = shown;
  /** @type {(text: string) => Node | string} */
  const show = (text) => (raw ? text : renderAnswer(text, katex));
  /** @type {HTMLElement[]} */
  const rows = [];
  /** @type {(term: string, value: Node | string, title?: string | null, tone?: string) => void} */
  const row = (term, value, title = null, tone = "") =>
    rows.push(el("dt", {}, term), el("dd", { class: tone, title }, value));
  if (gold && open) row("gold", show(gold), gold);
  if (answer) row("answer", show(answer), answer);
  if (is_correct === true && open) row("", "✓ right answer", null, "right");
  if (is_correct === false && open) row("", "✗ wrong answer", null, "wrong");
  frame.answers.replaceChildren(...rows);
}

/** @type {(frame: Frame, state: State, owner: Owner) => void} */
export function paintStatus(frame, state, owner) {
  const { message, doc, mode, flagging } = state;
  const [kind, text] = mode === "read" || !doc ? ["idle", ""] : standing(doc, flagging);
  frame.message.dataset.kind = message?.kind ?? kind;
  setText(frame.message, message?.text ?? text);
  frame.message.title = frame.message.textContent;
  paintFlags(frame.flags, frame.chips, state, owner);
  paintTypes(frame.types, frame.typeChip, state, owner);
}

// What the status line says while there is no message: [kind, text].
/** @type {(doc: Doc, flagging: boolean) => [kind: string, text: string]} */
function standing(doc, flagging) {
  if (flagging)
    return [
      "preview",
      "Flags: 1 bad problem, 2 bad split, 3 unsure. x mends a bad split. Esc closes.",
    ];
  const said = preview(doc.labels, verdict(doc.labels));
  const restored = doc.restored ? "Draft from your last visit. " : "";
  if (said) return ["preview", restored + said];
  return [doc.flags.length ? "preview" : "idle", restored + invitation(doc.flags, !revealed(doc))];
}

/** @type {(frame: Frame, state: State) => void} */
export function paintKeys(frame, state) {
  const { mode, raw } = state;
  for (const [key, node] of frame.keyButtons) {
    node.hidden = !available(key, mode);
    if (key.id === "save")
      setText(within(node, ".word"), mode === "solution" ? "save" : "save & next");
    if (key.id === "scores") node.setAttribute("aria-pressed", String(machinesShown(state)));
    if (key.id === "raw") node.setAttribute("aria-pressed", String(raw));
  }
  frame.evidenceKey.hidden = !state.current?.annotators.some(hasEvidence);
}

// `nothing`: what the server says may be done about an empty queue.
/** @type {(state: State, nothing: string | undefined) => HTMLElement} */
export function emptyNotice(state, nothing) {
  const waiting = state.outbox.length > 0;
  const back = state.trail.length ? " u takes back the last one." : "";
  const next = nothing ? ` ${nothing}` : "";
  const text = waiting
    ? "Saving, and waiting for the next solution…"
    : `No more solutions here.${next}${back}`;
  return el("p", { class: "notice" }, text);
}
