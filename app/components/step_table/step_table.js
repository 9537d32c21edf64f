// The step table in the page: frame, wiring, and the conversation with the server.

import { fieldIn, paintCaret } from "./caret.js";
import { meaning } from "./keys.js";
import { isSame, sameContent } from "./rules/cutting.js";
import { revealed, same } from "./rules/doc.js";
import { EMPTY, machinesShown, reduce } from "./rules/reducer.js";
import { stopwatch } from "./stopwatch.js";
import { dropOldDrafts, keepDraft, readDrafts, readOutbox, store, writeOutbox } from "./storage.js";
import { token } from "./token.js";
import { hasEvidence, onServer } from "./view/dock.js";

import {
  buildFrame,
  emptyNotice,
  paintAnswers,
  paintBar,
  paintKeys,
  paintStatus,
} from "./view/frame.js";
import { fit, reveal, themeOf } from "./view/geometry.js";
import { paintHelp } from "./view/help.js";
import { paintPanel } from "./view/panel.js";
import { buildTable, patchTable, typeset } from "./view/table.js";
import { addKatexStyle, loadKatex, renderText } from "./view/tex.js";

/** @import { Component } from "../types.js" */
/** @import { Action, Annotator, Commit, Data, Dock, Evidence, Item, Katex, Owner, Press, State, Table, View, Wanted } from "./types.js" */

const RESEND_MS = 3000;
const LOW_WINDOW = 860; // pixels; below, the steps need the room that the trace would take
const ASK_TIMES = 5; // how often evidence is asked for before the answer is given up

/** @type {StepTable | null} */
let active = null; // of several tables, the one keys go to

/** @type {WeakMap<Element, StepTable>} */
const mounted = new WeakMap();

// Streamlit calls this again on every change of data.
/** @type {(component: Component<Data>) => () => void} */
export default function mountStepTable(component) {
  const { parentElement } = component;
  const table = mounted.get(parentElement) ?? new StepTable(component);
  mounted.set(parentElement, table);
  table.receive(component);
  return () => {
    table.destroy();
    mounted.delete(parentElement);
  };
}

// Whoever came by a link still has the focus on it, and Enter would follow it again.
function leaveLink() {
  const at = document.activeElement;
  if (at instanceof HTMLElement && at.closest("a[href]")) at.blur();
}

class StepTable {
  /** @type {State} */
  state = EMPTY;
  /** @type {Katex | null} */
  katex = null;
  /** @type {Record<string, Evidence | null>} */
  evidence = {};
  /** @type {Wanted | null} */
  wanted = null;
  /** @type {Table | null} */
  table = null;
  /** @type {Commit[]} */
  stored = []; // unacknowledged commits that outlived a reload
  /** @type {unknown[]} */
  docked = []; // what the dock was last drawn from
  wasRaw = false;
  katexAsked = false;

  /** @param {Component<Data>} component */
  constructor({ parentElement, data, setStateValue }) {
    this.data = data;
    this.setStateValue = setStateValue;
    this.scope = data.scope ?? "";
    this.kept = store(this.scope);
    this.taste = store("taste"); // what this browser's user likes, whatever the project
    const size = this.taste.read("dock") ?? (window.innerHeight < LOW_WINDOW ? "closed" : "small");
    /** @type {Dock} */
    this.dock = { tab: "trace", part: "critique", size };
    this.watch = stopwatch();
    /** @type {Owner} */
    this.owner = {
      act: (action) => this.act(action),
      press: (does) => this.press(does),
      showDock: (change) => this.showDock(change),
    };
    this.frame = buildFrame(this.owner);
    parentElement.append(this.frame.root);
    active = this;
    this.stop = new AbortController();
    this.timer = setInterval(() => {
      this.fit(); // what stands above may have grown
      this.send();
    }, RESEND_MS);
    this.sizes = new ResizeObserver(() => this.paintDock());
    this.attach();
    this.readStored();
  }

  attach() {
    const { signal } = this.stop;
    window.addEventListener("keydown", (event) => this.onKey(event), { capture: true, signal });
    window.addEventListener(
      "beforeunload",
      (event) => {
        if (this.state.outbox.length) event.preventDefault();
      },
      { signal },
    );
    window.addEventListener("resize", () => this.fit(), { signal });
    document.addEventListener("visibilitychange", () => this.watch.pause(), { signal });
    for (const name of ["pointerdown", "pointermove", "wheel"])
      this.frame.root.addEventListener(name, () => this.watch.touch(), { passive: true, signal });
    const take = () => {
      active = this;
    };
    this.frame.root.addEventListener("pointerdown", take, { capture: true, signal });
    // The theme changes without a call: the root's background transition tells.
    this.frame.root.addEventListener("transitionend", () => this.theme(), { signal });
    this.sizes.observe(this.frame.dock);
  }

  destroy() {
    this.stop.abort();
    clearInterval(this.timer);
    this.sizes.disconnect();
    this.table?.observer?.disconnect();
    this.frame.root.remove();
    this.sheet?.remove();
  }

  // ---- from and to the server

  readStored() {
    dropOldDrafts(this.kept, Date.now());
    this.stored = readOutbox(this.kept);
  }

  /** @param {Component<Data>} component */
  receive({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    this.data = data;
    const items = data.items ?? [];
    if (this.scope !== (data.scope ?? "")) {
      this.scope = data.scope ?? "";
      this.state = EMPTY; // another person's or project's work stays in its own storage
      this.kept = store(this.scope);
      this.readStored();
    }
    Object.assign(this.evidence, data.evidence ?? {});
    this.frame.root.dataset.height =
      typeof data.height === "number" ? "fixed" : (data.height ?? "fill");
    this.theme();
    this.fit();
    requestAnimationFrame(() => this.fit());
    this.loadMaths();
    const known = data.mode === "read" ? {} : readDrafts(this.kept, items);
    const first = this.state.queue === null;
    this.act({
      type: "data",
      data: { ...data, queue: data.queue ?? "" },
      drafts: known,
      outbox: this.stored,
    });
    this.stored = [];
    if (first && data.help) this.act({ type: "help", open: true });
    if (first && data.mode === "review") leaveLink();
  }

  /** @type {Owner["act"]} */
  act(action) {
    if ("view" in action) return;
    this.watch.touch();
    const before = this.state;
    this.state = reduce(before, this.stamped(action));
    if (this.state === before && action.type !== "data") return;
    if (this.state.outbox !== before.outbox) {
      writeOutbox(this.kept, before.outbox, this.state.outbox, Date.now());
      const known = new Set(before.outbox.map((commit) => commit.token));
      if (this.state.outbox.some((commit) => !known.has(commit.token)))
        queueMicrotask(() => this.send());
    }
    keepDraft(this.kept, before, this.state);
    this.paint();
  }

  // What may send a commit gets a token and the time spent.
  /** @type {(action: Exclude<Press, View>) => Action} */
  stamped(action) {
    switch (action.type) {
      case "save":
      case "skip":
      case "undo":
      case "redo":
      case "split":
      case "join":
        return { ...action, token: token(), seconds: this.watch.seconds() };
      default:
        return action;
    }
  }

  send() {
    const { outbox, current } = this.state;
    if (this.wanted && !(this.wanted.name in this.evidence)) this.askAgain(this.wanted);
    if (!outbox.length) return;
    this.setStateValue("position", current?.solution_id ?? null);
    this.setStateValue("outbox", outbox);
  }

  /** @type {(solution_id: number, annotator: Annotator, step: number) => void} */
  ask(solution_id, annotator, step) {
    const name = `${solution_id}:${annotator.id}`;
    if (name in this.evidence || this.wanted?.name === name) return;
    this.wanted = { name, request: { solution_id, annotator_id: annotator.id, step }, times: 0 };
    this.askAgain(this.wanted);
  }

  /** @type {(wanted: Wanted) => void} */
  askAgain(wanted) {
    if (wanted.times++ < ASK_TIMES) this.setStateValue("wants", { ...wanted.request });
    else this.evidence[wanted.name] = null;
  }

  async loadMaths() {
    if (this.katexAsked) return;
    this.katexAsked = true;
    this.sheet = addKatexStyle(this.frame.root);
    try {
      this.katex = await loadKatex();
    } catch {
      this.act({
        type: "say",
        message: { kind: "error", text: "Mathematics is shown as source: KaTeX did not load." },
      });
    }
    this.typesetAll();
  }

  // ---- keyboard and mouse

  /** @type {(event: KeyboardEvent) => void} */
  onKey(event) {
    if (active !== this && active?.frame.root.isConnected) return;
    const key = meaning(event, this.frame.root, this.state);
    if (!key) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (key !== "swallow") this.press(key.does);
  }

  /** @type {Owner["press"]} */
  press(does) {
    if ("view" in does && does.view === "note") {
      this.act({ type: "flags", open: false });
      return this.frame.note.focus();
    }
    if ("view" in does)
      return revealed(this.state.doc) ? this.nextEvidence() : this.act({ type: "evidence" });
    this.act(does);
    if (does.type === "move" || does.type === "focus") this.reveal();
  }

  nextEvidence() {
    const sources = this.annotators()
      .filter(hasEvidence)
      .map((annotator) => annotator.id);
    /** @type {Dock["tab"][]} */
    const tabs = this.wide() ? sources : ["trace", ...sources];
    const at = this.dock.size === "closed" ? 0 : tabs.indexOf(this.dock.tab);
    this.showDock({ tab: tabs[(at + 1) % tabs.length] });
  }

  // Wide: problem, trace and evidence stand beside the steps (styles/wide.css says from where on).
  wide() {
    return getComputedStyle(this.frame.layout).getPropertyValue("--wide").trim() === "1";
  }

  /** @type {Owner["showDock"]} */
  showDock(change) {
    const size = change.size ?? (this.dock.size === "closed" ? "small" : this.dock.size);
    this.dock = { ...this.dock, ...change, size };
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
    const field = fieldIn(this.table);
    frame.root.dataset.mode = mode;
    frame.root.classList.toggle("empty", !current);
    if (!current) {
      this.table = null;
      frame.scroller.replaceChildren(emptyNotice(state, this.data.nothing));
    } else if (this.table?.item !== current) {
      if (this.table && sameContent(this.table.item, current)) this.table.item = current;
      else this.build(current);
    }
    if (current && this.wasRaw !== state.raw) this.typesetAll();
    this.wasRaw = state.raw;
    if (this.table) {
      patchTable(this.table, state);
      paintCaret(this.table, state, this.owner, field);
    }
    paintAnswers(frame, state, this.katex);
    paintBar(frame, state, this.data);
    paintStatus(frame, state, this.owner);
    paintKeys(frame, state);
    paintHelp(frame, state.help);
    if (document.activeElement !== frame.note && frame.note.value !== (doc?.note ?? ""))
      frame.note.value = doc?.note ?? "";
    this.paintDock();
  }

  /** @type {(current: Item) => void} */
  build(current) {
    const moved = !this.table || !isSame(this.table.item, current);
    this.table?.observer?.disconnect();
    if (moved) this.watch.restart();
    this.table = buildTable(current, this.state.mode, {
      act: (action) => this.act(action),
      openEvidence: (annotator, step) => {
        this.act({ type: "focus", step });
        this.showDock({ tab: hasEvidence(annotator) ? annotator.id : "trace" });
      },
    });
    this.frame.scroller.replaceChildren(this.table.node);
    if (moved) this.frame.scroller.scrollTop = 0;
    this.typesetAll();
    if (this.state.doc?.focus) this.reveal();
  }

  typesetAll() {
    const { current, raw } = this.state;
    if (!current || !this.table) return;
    typeset(this.table, this.katex, raw, this.frame.scroller);
    const { problem } = this.frame;
    problem.replaceChildren(
      raw ? document.createTextNode(current.problem) : renderText(current.problem, this.katex),
    );
    paintAnswers(this.frame, this.state, this.katex);
  }

  reveal() {
    const { table } = this;
    const row = table?.rows[this.state.doc?.focus ?? 0]?.tr;
    if (row) reveal(this.frame, table.node, row);
  }

  paintDock() {
    const { frame, dock, state } = this;
    const { current, doc } = state;
    const wide = this.wide();
    const sources = this.annotators().filter(hasEvidence);
    const annotator = sources.find((one) => one.id === dock.tab);
    const focus = doc?.focus ?? 0;
    frame.root.dataset.dock = dock.size;
    frame.root.dataset.tab = annotator ? "evidence" : "trace";
    if (current && annotator && onServer(annotator) && (dock.size !== "closed" || wide))
      this.ask(current.solution_id, annotator, focus);
    const shown = machinesShown(state);
    const evidence = annotator && this.evidence[`${current?.solution_id}:${annotator.id}`];
    const width = frame.dock.clientWidth;
    // What the dock shows depends on these alone.
    const now = [current, focus, dock, shown, revealed(doc), this.katex, evidence, width, wide];
    if (same(this.docked, now)) return;
    const stays = this.docked[0] === current && this.docked[1] === focus;
    const scrolled = stays ? frame.dockBody.scrollTop : 0;
    this.docked = now;
    const panel = { item: current, focus, dock, shown, revealed: revealed(doc), katex: this.katex };
    const rest = { evidence, annotator, sources, wide, width };
    paintPanel(frame, { ...panel, ...rest }, this.owner);
    frame.dockBody.scrollTop = scrolled;
  }

  theme() {
    this.frame.root.dataset.theme = themeOf(this.frame.root);
  }

  fit() {
    fit(this.frame, this.data.height);
  }
}
