// The frame around the table: bar, problem, status line, key row; and painting them.

import { revealed, unsaved, verdict } from "../rules/doc.js";
import { hasEvidence } from "./dock.js";
import { button, el, setText } from "../../dom.js";
import { buildFlags, paintFlags } from "./flags.js";
import { buildHelp } from "./help.js";
import { available, KEYS } from "../keys.js";
import { buildProgress, paintProgress } from "./progress.js";
import { invitation, preview } from "../rules/reading.js";
import { machinesShown } from "../rules/reducer.js";
import { makeToolbar } from "./toolbar.js";

const GROUPS = ["move", "label", "verdict", "save", "flag", "undo", "view"];
const SIZES = ["closed", "small", "tall"];

// `owner` handles what is pressed (`press`, `act`) and shows the dock (`showDock`).
export function buildFrame(owner) {
  const frame = {};
  const part = (name, node) => (frame[name] = node);
  const bar = el(
    "header",
    { class: "top" },
    part("title", el("span", { class: "title" })),
    part("source", el("span", { class: "source" })),
    part("queueReason", el("span", { class: "pill why", title: "Why it is in the queue" })),
    part("reason", el("span", { class: "pill reason", title: "What the annotators say" })),
    part("blind", el("span", { class: "pill blind", title: "Scores, evidence and reasons appear once your marks amount to a verdict" }, "Blind until your verdict")),
    el("span", { class: "spring" }),
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
  part("note", el("input", { class: "note", type: "text", maxlength: "2000", placeholder: "Note", "aria-label": "Note to this solution", autocomplete: "off" }));
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
    part("chips", el("div", { class: "chips", role: "group", "aria-label": "Flags of this solution" })),
  );
  frame.keyButtons = new Map(KEYS.map((key) => [key.id, keyButton(key, owner)]));
  const groupOf = (group) => KEYS.filter((key) => key.group === group).map((key) => frame.keyButtons.get(key.id));
  part("flags", buildFlags(owner, groupOf("flag")[0]));
  const keysOf = (group) => (group === "flag" ? [frame.flags.anchor] : groupOf(group));
  const groups = GROUPS.map((group) => el("div", { class: `group group-${group}` }, ...keysOf(group)));
  [frame.evidenceKey] = groupOf("dock"); // these two stand beside what they open
  status.append(...groupOf("note"), frame.note);
  const keys = el("div", { class: "keys", role: "toolbar", "aria-label": "Keys" }, ...groups);
  makeToolbar(keys);
  const { help, close } = buildHelp(owner);
  Object.assign(frame, { help, helpClose: close });
  part("layout", el("div", { class: "layout" }, bar, problem, frame.scroller, dock, status, keys));
  part("root", el("div", { class: "step-table" }, frame.layout, frame.help));
  return frame;
}

function keyButton(key, owner) {
  const title = `${key.title ?? capital(key.word)} (${key.keys.map((name) => name.replace("Arrow", "")).join(", ")})`;
  const attributes = { class: key.primary ? "key primary" : "key", title, "data-key": key.id, onclick: () => owner.press(key.does) };
  return button(attributes, el("kbd", {}, key.shown), el("span", { class: "word" }, key.word));
}

const capital = (word) => word[0].toUpperCase() + word.slice(1);

export function paintBar(frame, state, data) {
  const { current, outbox, mode } = state;
  const shown = current && machinesShown(state);
  setText(frame.title, current ? `Solution ${current.solution_id}` : "");
  setText(frame.source, current ? [current.dataset, current.generator].filter(Boolean).join(" · ") : "");
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

// `show(answer)` gives the node or text of an answer.
export function paintAnswers(frame, item, show) {
  const rows = [];
  const row = (term, value, title = null, tone = "") => rows.push(el("dt", {}, term), el("dd", { class: tone, title }, value));
  if (item.gold ?? null) row("gold", show(item.gold), item.gold);
  if (item.answer ?? null) row("answer", show(item.answer), item.answer);
  if (item.is_correct === true) row("", "✓ right answer", null, "right");
  if (item.is_correct === false) row("", "✗ wrong answer", null, "wrong");
  frame.answers.replaceChildren(...rows);
}

export function paintStatus(frame, state, owner) {
  const { message, doc, mode } = state;
  const [kind, text] = mode === "read" || !doc ? ["idle", ""] : standing(state);
  frame.message.dataset.kind = message?.kind ?? kind;
  setText(frame.message, message?.text ?? text);
  frame.message.title = frame.message.textContent;
  paintFlags(frame.flags, frame.chips, state, owner);
}

// What the status line says while there is no message: [kind, text].
function standing({ doc, flagging }) {
  if (flagging) return ["preview", "Flags: 1 bad problem, 2 bad split, 3 unsure. Esc or f closes the menu."];
  const said = preview(doc.labels, verdict(doc.labels));
  const restored = doc.restored ? "Draft from your last visit. " : "";
  if (said) return ["preview", restored + said];
  return [doc.flags.length ? "preview" : "idle", restored + invitation(doc.flags, !revealed(doc))];
}

export function paintKeys(frame, state) {
  const { mode, raw } = state;
  for (const key of KEYS) {
    const node = frame.keyButtons.get(key.id);
    node.hidden = !available(key, mode);
    if (key.id === "save") setText(node.querySelector(".word"), mode === "solution" ? "save" : "save & next");
    if (key.id === "scores") node.setAttribute("aria-pressed", String(machinesShown(state)));
    if (key.id === "raw") node.setAttribute("aria-pressed", String(raw));
  }
  frame.evidenceKey.hidden = !state.current?.annotators.some(hasEvidence);
}

export function paintDockTabs(frame, dock, annotator, sources, wide, show) {
  const open = wide || dock.size !== "closed";
  const tab = (id, name, kind, on) =>
    button(
      { class: `tab ${kind}`, title: name, "aria-pressed": String(open && on), onclick: () => show({ tab: id }) },
      kind ? el("span", { class: "shape", "aria-hidden": "true" }) : "",
      el("span", { class: "tab-name" }, name),
    );
  const size = (glyph, title, by) => {
    const to = SIZES[SIZES.indexOf(dock.size) + by];
    return button({ class: "size", title, "aria-label": title, disabled: !to, onclick: () => show({ size: to }) }, glyph);
  };
  const tabs = sources.map((one) => tab(one.id, one.name, `kind-${one.kind}`, one === annotator));
  if (!wide) tabs.unshift(tab("trace", "Scores", "", !annotator));
  const lead = wide ? el("span", { class: "lead" }, "Evidence") : "";
  const sizes = wide ? [] : [size("▲", "Taller panel", 1), size("▼", "Lower panel", -1)];
  frame.dockTabs.hidden = wide && sources.length === 0 && frame.evidenceKey.hidden;
  frame.dockTabs.replaceChildren(lead, ...tabs, frame.evidenceKey, el("span", { class: "spring" }), ...sizes);
}

// `nothing`: what the server says may be done about an empty queue.
export function emptyNotice(state, nothing) {
  const waiting = state.outbox.length > 0;
  const back = state.trail.length ? " u takes back the last one." : "";
  const next = nothing ? ` ${nothing}` : "";
  const text = waiting ? "Saving, and waiting for the next solution…" : `No more solutions here.${next}${back}`;
  return el("p", { class: "notice" }, text);
}
