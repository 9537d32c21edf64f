// The step table in the page: frame, wiring, and the conversation with the server.

import { draftOf, revealed } from "./rules/doc.js";
import { drawTrace, evidencePanel, hasEvidence, legend, onServer } from "./view/dock.js";
import { el } from "../dom.js";
import { buildFrame, emptyNotice, paintAnswers, paintBar, paintDockTabs, paintKeys, paintStatus } from "./view/frame.js";
import { paintHelp } from "./view/help.js";
import { meaning } from "./keys.js";
import { EMPTY, machinesShown, reduce } from "./rules/reducer.js";
import { draftName, dropOldDrafts, readDrafts, readOutbox, stopwatch, store, writeOutbox } from "./sync.js";
import { buildTable, patchTable, typeset } from "./view/table.js";
import { KATEX_STYLE, loadKatex, renderAnswer, renderText } from "./view/tex.js";

const RESEND_MS = 3000;
const TRACE_HEIGHT = 116;
const LOW_WINDOW = 860; // pixels; below, the steps need the room that the trace would take
const LEAST_STEPS = 220; // pixels the steps keep
const ASK_TIMES = 5; // how often evidence is asked for before the answer is given up
const ACTIVE = Symbol.for("steplens.active-table"); // of several tables, the one keys go to

// Streamlit calls this again on every change of data; the mounted table lives on parentElement.
export default function mountStepTable(component) {
  const { parentElement } = component;
  const table = (parentElement.stepTable ??= new StepTable(parentElement));
  table.receive(component);
  return () => {
    table.destroy();
    parentElement.stepTable = undefined;
  };
}

// Whoever came by a link still has the focus on it, and Enter would follow it again.
function leaveLink() {
  const at = document.activeElement;
  if (at?.closest("a[href]")) at.blur();
}

class StepTable {
  constructor(parent) {
    this.state = EMPTY;
    this.katex = null;
    this.evidence = {};
    this.wanted = null;
    this.taste = store("taste"); // what this browser's user likes, whatever the project
    const size = this.taste.read("dock") ?? (window.innerHeight < LOW_WINDOW ? "closed" : "small");
    this.dock = { tab: "trace", part: "critique", size };
    this.watch = stopwatch();
    this.frame = buildFrame(this);
    parent.append(this.frame.root);
    window[ACTIVE] = this;
    this.attach();
  }

  attach() {
    const controller = new AbortController();
    const { signal } = controller;
    this.destroyed = () => controller.abort();
    window.addEventListener("keydown", (event) => this.onKey(event), { capture: true, signal });
    window.addEventListener("beforeunload", (event) => this.state.outbox.length && event.preventDefault(), { signal });
    window.addEventListener("resize", () => this.fit(), { signal });
    document.addEventListener("visibilitychange", () => this.watch.pause(), { signal });
    for (const name of ["pointerdown", "pointermove", "wheel"])
      this.frame.root.addEventListener(name, () => this.watch.touch(), { passive: true, signal });
    this.frame.root.addEventListener("pointerdown", () => (window[ACTIVE] = this), { capture: true, signal });
    // The theme changes without a call: the root's background transition tells.
    this.frame.root.addEventListener("transitionend", () => this.theme(), { signal });
    this.timer = setInterval(() => {
      this.fit(); // what stands above may have grown
      this.send();
    }, RESEND_MS);
    this.sizes = new ResizeObserver(() => this.paintDock());
    this.sizes.observe(this.frame.dock);
  }

  destroy() {
    this.destroyed();
    clearInterval(this.timer);
    this.sizes.disconnect();
    this.table?.observer?.disconnect();
    this.frame.root.remove();
    this.sheet?.remove();
  }

  // ---- from and to the server

  receive({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    this.data = data;
    const items = data.items ?? [];
    if (this.scope !== (data.scope ?? "")) {
      this.scope = data.scope ?? "";
      this.state = EMPTY; // another person's or project's work stays in its own storage
      this.kept = store(this.scope);
      dropOldDrafts(this.kept, Date.now());
      this.stored = readOutbox(this.kept);
    }
    Object.assign(this.evidence, data.evidence ?? {});
    this.frame.root.dataset.height = typeof data.height === "number" ? "fixed" : (data.height ?? "fill");
    this.theme();
    this.fit();
    requestAnimationFrame(() => this.fit());
    this.loadMaths();
    const known = data.mode === "read" ? {} : readDrafts(this.kept, items);
    const first = this.state.queue === null;
    this.act({ type: "data", data: { ...data, queue: data.queue ?? "" }, drafts: known, outbox: this.stored });
    this.stored = [];
    if (first && data.help) this.act({ type: "help", open: true });
    if (first && data.mode === "review") leaveLink();
  }

  act(action) {
    this.watch.touch();
    if (["save", "skip", "undo", "redo"].includes(action.type))
      action = { ...action, token: crypto.randomUUID?.() ?? randomToken(), seconds: this.watch.seconds() };
    const before = this.state;
    this.state = reduce(before, action);
    if (this.state === before && action.type !== "data") return;
    if (this.state.outbox !== before.outbox) {
      writeOutbox(this.kept, before.outbox, this.state.outbox, Date.now());
      const known = new Set(before.outbox.map((commit) => commit.token));
      if (this.state.outbox.some((commit) => !known.has(commit.token))) queueMicrotask(() => this.send());
    }
    this.keepDraft(before);
    this.paint();
  }

  send() {
    const { outbox, current } = this.state;
    if (this.wanted && !(this.wanted.name in this.evidence)) this.askAgain();
    if (!outbox.length) return;
    this.setStateValue("position", current?.solution_id ?? null);
    this.setStateValue("outbox", outbox);
  }

  keepDraft(before) {
    const { current, doc, mode } = this.state;
    if (mode === "read") return;
    // The document that left the screen was committed, or was kept when it was last changed.
    if (before.current && before.current !== current && before.mode !== "read") {
      const left = this.state.trail.some(({ item }) => item === before.current);
      if (left) this.kept.write(draftName(before.current), null);
    }
    if (!doc || doc === before.doc) return;
    const draft = draftOf(doc);
    if (draft) this.kept.write(draftName(current), { ...draft, at: Date.now() });
    // Another tab's draft of the same solution is not this one's to remove.
    else if (before.current === current && draftOf(before.doc)) this.kept.write(draftName(current), null);
  }

  ask(annotator, step) {
    const { solution_id } = this.state.current;
    const name = `${solution_id}:${annotator.id}`;
    if (name in this.evidence || this.wanted?.name === name) return;
    this.wanted = { name, request: { solution_id, annotator_id: annotator.id, step }, times: 0 };
    this.askAgain();
  }

  askAgain() {
    if (this.wanted.times++ < ASK_TIMES) this.setStateValue("wants", { ...this.wanted.request });
    else this.evidence[this.wanted.name] = null;
  }

  async loadMaths() {
    if (this.katexAsked) return;
    this.katexAsked = true;
    const sheet = () => el("link", { rel: "stylesheet", href: KATEX_STYLE });
    this.sheet = sheet();
    this.frame.root.before(this.sheet);
    // The fonts are declared in it too, and fonts are a document's, not a shadow root's. Last, as
    // Streamlit declares fonts of the same names.
    if (!document.head.querySelector(`link[href="${KATEX_STYLE}"]`)) document.head.append(sheet());
    try {
      this.katex = await loadKatex();
    } catch {
      this.act({ type: "say", message: { kind: "error", text: "Mathematics is shown as source: KaTeX did not load." } });
    }
    this.typesetAll();
  }

  // ---- keyboard and mouse

  onKey(event) {
    if (window[ACTIVE] !== this && window[ACTIVE]?.frame.root.isConnected) return;
    const key = meaning(event, this.frame.root, this.state);
    if (!key) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (key !== "swallow") this.press(key.does);
  }

  press(does) {
    if (does.view === "note") return this.frame.note.focus();
    if (does.view === "evidence") return revealed(this.state.doc) ? this.nextEvidence() : this.act({ type: "evidence" });
    this.act(does);
    if (does.type === "move" || does.type === "focus") this.reveal();
  }

  nextEvidence() {
    const sources = this.annotators().filter(hasEvidence).map((annotator) => annotator.id);
    const tabs = this.wide() ? sources : ["trace", ...sources];
    const at = this.dock.size === "closed" ? 0 : tabs.indexOf(this.dock.tab);
    this.showDock({ tab: tabs[(at + 1) % tabs.length] });
  }

  // Wide: problem, trace and evidence stand beside the steps (step_table.css says from where on).
  wide() {
    return getComputedStyle(this.frame.layout).getPropertyValue("--wide").trim() === "1";
  }

  showDock(change) {
    const opened = this.dock.size === "closed" && !change.size ? { size: "small" } : {};
    this.dock = { ...this.dock, ...opened, ...change };
    if (change.size) this.taste.write("dock", change.size);
    this.paintDock();
    this.reveal();
  }

  annotators() {
    return machinesShown(this.state) ? (this.state.current?.annotators ?? []) : [];
  }

  // ---- painting

  paint() {
    const { state, frame } = this;
    const { current, doc, mode } = state;
    frame.root.dataset.mode = mode;
    frame.root.classList.toggle("empty", !current);
    if (!current) {
      this.table = null;
      frame.scroller.replaceChildren(emptyNotice(state, this.data.nothing));
    } else if (this.table?.item !== current) {
      const kept = this.table && sameContent(this.table.item, current);
      if (kept) this.table.item = current;
      else this.build();
    }
    if (current && this.wasRaw !== state.raw) this.typesetAll();
    this.wasRaw = state.raw;
    if (current) patchTable(this.table, state);
    paintBar(frame, state, this.data);
    paintStatus(frame, state, this);
    paintKeys(frame, state);
    paintHelp(frame, state.help);
    if (document.activeElement !== frame.note && frame.note.value !== (doc?.note ?? "")) frame.note.value = doc?.note ?? "";
    this.paintDock();
  }

  build() {
    const { current, mode } = this.state;
    const moved = this.table?.item.solution_id !== current.solution_id;
    this.table?.observer?.disconnect();
    if (moved) this.watch.restart();
    this.table = buildTable(current, mode, {
      act: (action) => this.act(action),
      openEvidence: (annotator, step) => {
        this.act({ type: "focus", step });
        this.showDock({ tab: hasEvidence(annotator) ? annotator.id : "trace" });
      },
    });
    this.frame.scroller.replaceChildren(this.table.node);
    if (moved) this.frame.scroller.scrollTop = 0;
    this.typesetAll();
    if (this.state.doc.focus > 0) this.reveal();
  }

  typesetAll() {
    const { current, raw } = this.state;
    if (!current || !this.table) return;
    typeset(this.table, this.katex, raw, this.frame.scroller);
    const { problem } = this.frame;
    problem.replaceChildren(raw ? document.createTextNode(current.problem) : renderText(current.problem, this.katex));
    paintAnswers(this.frame, current, (answer) => (raw ? answer : renderAnswer(answer, this.katex)));
  }

  reveal() {
    const row = this.table?.rows[this.state.doc?.focus]?.tr;
    if (!row) return;
    if (this.frame.root.dataset.height === "content") return row.scrollIntoView({ block: "nearest" });
    const { scroller } = this.frame;
    const head = this.table.node.tHead.offsetHeight;
    const margin = 28;
    const top = row.offsetTop - head - margin;
    const bottom = row.offsetTop + row.offsetHeight + margin - scroller.clientHeight;
    if (scroller.scrollTop > top) scroller.scrollTop = top;
    else if (scroller.scrollTop < bottom) scroller.scrollTop = Math.min(bottom, top);
  }

  paintDock() {
    const { frame, dock, state } = this;
    const { current, doc } = state;
    const shown = machinesShown(state);
    frame.root.dataset.dock = dock.size;
    const sources = this.annotators().filter(hasEvidence);
    const annotator = sources.find((one) => one.id === dock.tab);
    const focus = doc?.focus ?? 0;
    const name = annotator && `${current.solution_id}:${annotator.id}`;
    if (annotator && onServer(annotator) && (dock.size !== "closed" || this.wide())) this.ask(annotator, focus);
    const wide = this.wide();
    const traceShown = wide || (dock.size !== "closed" && !annotator);
    frame.root.dataset.tab = annotator ? "evidence" : "trace";
    const width = frame.dock.clientWidth;
    // What the dock shows depends on these alone.
    const now = [current, focus, dock, shown, revealed(doc), this.katex, this.evidence[name], width, wide];
    if (this.docked?.every((value, i) => value === now[i])) return;
    const stays = this.docked?.[0] === current && this.docked?.[1] === focus;
    const scrolled = stays ? frame.dockBody.scrollTop : 0;
    this.docked = now;
    paintDockTabs(frame, dock, annotator, sources, wide, (change) => this.showDock(change));
    const quiet = (text) => el("p", { class: "quiet" }, text);
    const why = !current?.annotators.length
      ? "No annotator has scored this solution yet."
      : shown
        ? null
        : revealed(doc)
          ? "Scores are hidden. m shows them."
          : "Scores are hidden until you have a verdict.";
    const go = (step) => this.press({ type: "focus", step });
    const trace = () => [drawTrace(current, focus, width, TRACE_HEIGHT, go), legend(current)];
    frame.traceBox.replaceChildren(...(!traceShown ? [] : why ? [quiet(why)] : trace()));
    const choose = (part) => this.showDock({ part });
    const panel = () => evidencePanel(annotator, focus, this.evidence[name], dock.part, choose, this.katex);
    const hint = sources.length ? [quiet("Click a score, or press v, for the evidence behind it.")] : [];
    frame.dockBody.replaceChildren(...(annotator ? [panel()] : wide && !why ? hint : []));
    frame.dockBody.scrollTop = scrolled;
  }

  theme() {
    const style = getComputedStyle(this.frame.root);
    const [r, g, b] = (style.backgroundColor.match(/[\d.]+/g) ?? [255, 255, 255]).map(Number);
    this.frame.root.dataset.theme = 0.299 * r + 0.587 * g + 0.114 * b < 128 ? "dark" : "light";
  }

  // In a page of its own the table takes the window's height that is left below its top.
  fit() {
    const { root } = this.frame;
    const { height } = this.data ?? {};
    if (typeof height === "number") return root.style.setProperty("--height", `${height}px`);
    if (root.dataset.height !== "fill") return;
    let scrolled = 0;
    for (let node = root.getRootNode().host ?? root; node; node = node.parentElement) scrolled += node.scrollTop;
    const top = root.getBoundingClientRect().top + scrolled;
    // A low window scrolls as a page, so that the steps keep some room between what surrounds them.
    const around = this.frame.layout.offsetHeight - this.frame.scroller.offsetHeight;
    const least = Math.max(460, around + LEAST_STEPS);
    root.style.setProperty("--height", `${Math.max(least, Math.floor(window.innerHeight - top - 12))}px`);
  }
}

// crypto.randomUUID exists on secure origins only; a server on the local network is none.
const randomToken = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
const sameContent = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);
