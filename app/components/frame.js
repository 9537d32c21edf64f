// The frame around the table: bar, problem, status line, key row, help; and painting them.

import { button, el, setText } from "./dom.js";
import { available, KEYS } from "./keys.js";
import { preview } from "./reading.js";
import { unsaved, verdict } from "./reducer.js";

const GROUPS = ["move", "label", "verdict", "save", "undo", "view"];
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
    part("reason", el("span", { class: "reason" })),
    el("span", { class: "spring" }),
    part("progress", el("span", { class: "progress" })),
    part("sync", el("span", { class: "sync", role: "status" })),
  );
  const problem = el(
    "section",
    { class: "problem", "aria-label": "Problem" },
    part("problem", el("div", { class: "prose", tabindex: "0" })),
    part("answers", el("dl", { class: "answers" })),
  );
  part("scroller", el("div", { class: "scroller", tabindex: "0", "aria-label": "Steps" }));
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
  );
  frame.keyButtons = new Map(KEYS.map((key) => [key.id, keyButton(key, owner)]));
  const groupOf = (group) => KEYS.filter((key) => key.group === group).map((key) => frame.keyButtons.get(key.id));
  const groups = GROUPS.map((group) => el("div", { class: `group ${group}` }, ...groupOf(group)));
  [frame.evidenceKey] = groupOf("dock"); // these two stand beside what they open
  status.append(...groupOf("note"), frame.note);
  const keys = el("div", { class: "keys", role: "toolbar", "aria-label": "Keys" }, ...groups);
  part("help", buildHelp(owner));
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
  const { current, outbox, scoresVisible, mode } = state;
  setText(frame.title, current ? `Solution ${current.solution_id}` : "");
  setText(frame.source, current ? [current.dataset, current.generator].filter(Boolean).join(" · ") : "");
  setText(frame.reason, current && scoresVisible ? (current.reason ?? "") : "");
  const ahead = outbox.reduce((sum, commit) => sum + (commit.action === "undo" ? -1 : 1), 0);
  const { progress } = data;
  const at = progress && Math.min(progress.position + (mode === "review" ? ahead : 0), progress.total);
  setText(frame.progress, progress ? [progress.label, `${at} / ${progress.total}`].filter(Boolean).join("  ") : "");
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

export function paintStatus(frame, state) {
  const { message, doc, mode } = state;
  const said = mode === "read" || !doc ? null : preview(doc.labels, verdict(doc.labels));
  const restored = doc?.restored ? "Draft from your last visit. " : "";
  const idle = mode === "read" ? "" : (said ?? "Unmarked");
  frame.message.dataset.kind = message?.kind ?? (said ? "preview" : "idle");
  setText(frame.message, message?.text ?? restored + idle);
}

export function paintKeys(frame, state) {
  const { mode, scoresVisible, raw } = state;
  for (const key of KEYS) {
    const node = frame.keyButtons.get(key.id);
    node.hidden = !available(key, mode);
    if (key.id === "save") setText(node.querySelector(".word"), mode === "solution" ? "save" : "save & next");
    if (key.id === "scores") node.setAttribute("aria-pressed", String(scoresVisible));
    if (key.id === "raw") node.setAttribute("aria-pressed", String(raw));
  }
}

export function paintDockTabs(frame, dock, annotator, sources, wide, show) {
  const open = wide || dock.size !== "closed";
  const tab = (id, name, kind, on) =>
    button(
      { class: `tab ${kind}`, "aria-pressed": String(open && on), onclick: () => show({ tab: id }) },
      kind ? el("span", { class: "shape", "aria-hidden": "true" }) : "",
      name,
    );
  const size = (glyph, title, by) => {
    const to = SIZES[SIZES.indexOf(dock.size) + by];
    return button({ class: "size", title, "aria-label": title, disabled: !to, onclick: () => show({ size: to }) }, glyph);
  };
  const tabs = sources.map((one) => tab(one.id, one.name, `kind-${one.kind}`, one === annotator));
  if (!wide) tabs.unshift(tab("trace", "Scores", "", !annotator));
  const lead = wide ? el("span", { class: "lead" }, sources.length ? "Evidence" : "") : "";
  const sizes = wide ? [] : [size("▲", "Taller panel", 1), size("▼", "Lower panel", -1)];
  frame.dockTabs.hidden = wide && sources.length === 0;
  frame.evidenceKey.hidden = sources.length === 0;
  frame.dockTabs.replaceChildren(lead, ...tabs, frame.evidenceKey, el("span", { class: "spring" }), ...sizes);
}

export function emptyNotice(state) {
  const waiting = state.outbox.length > 0;
  const back = state.trail.length ? " u takes back the last one." : "";
  const text = waiting ? "Saving, and waiting for the next solution…" : `No more solutions here.${back}`;
  return el("p", { class: "notice" }, text);
}

function buildHelp(owner) {
  const close = button({ class: "key", onclick: () => owner.act({ type: "help", open: false }) }, el("kbd", {}, "Esc"), "close");
  const rows = KEYS.map((key) =>
    el("li", {}, el("kbd", {}, key.keys.map((name) => name.replace("ArrowUp", "↑").replace("ArrowDown", "↓")).join(" ")), el("span", {}, key.title ?? HELP[key.id] ?? capital(key.word))),
  );
  const rules = [
    "A label can be saved once its verdict is clear: a first error with every step before it marked, or every step marked.",
    "Unmarked is not neutral. Pressing e or a fills in the steps it implies; those show as outlines until you mark them yourself.",
    "Steps after the first error need no label.",
    "≠ marks a step where some annotators, but not all, see the first error.",
  ];
  return el(
    "div",
    { class: "help", role: "dialog", "aria-label": "Help", hidden: true },
    el("div", { class: "help-head" }, el("b", {}, "Keys"), close),
    el("ul", { class: "help-keys" }, ...rows),
    ...rules.map((rule) => el("p", {}, rule)),
  );
}

const HELP = {
  up: "Previous step",
  down: "Next step",
  save: "Save, and go to the next solution",
  redo: "Redo what was undone",
  note: "Write a note; Esc leaves it",
  help: "This help",
};
