// What the step table's modules hand each other; step_table.py says what comes from the server.

export type Label = 1 | 0 | -1 | null; // correct, neutral, wrong, unmarked

export interface Annotator {
  id: number;
  kind: "mc" | "judge" | "prm" | "human";
  name: string;
  status: string;
  first_error: number | null; // 0-based, -1 none, null no verdict
  scores: (number | null)[];
  successes?: (number | null)[] | null;
  trials?: (number | null)[] | null;
  threshold?: number | null;
  votes?: { share: number; n: number } | null;
  note?: string | null;
  flags?: string[] | null;
  error_type?: string | null; // in words (human)
  old_cut?: boolean; // it is of the solution that this one was cut from
}

// A type that the first error may be given, as it is stored and in words.
export interface ErrorType {
  name: string;
  word: string;
}

export interface Mine {
  labels: Label[];
  note?: string | null;
  flags?: string[] | null;
  blind?: boolean;
  first_labels?: Label[] | null;
  error_type?: string | null;
}

export interface Item {
  solution_id: number;
  revision: number | string;
  problem: string;
  gold?: string | null;
  answer?: string | null;
  is_correct?: boolean | null;
  dataset?: string | null;
  generator?: string | null;
  reason?: string | null;
  queue_reason?: string | null;
  steps: string[];
  step?: number | null;
  annotators: Annotator[];
  mine?: Mine | null;
  cut_from?: number | null; // the solution that its steps were cut from
  cut?: string | null; // token of the cut that made it here; the server may not have given an id yet
}

export interface Draft {
  labels: Label[];
  implied?: boolean[];
  note?: string;
  flags?: string[];
  focus?: number;
  seen?: boolean;
  first_labels?: Label[] | null;
  error_type?: string | null;
}

export interface Edit {
  labels: Label[];
  implied: boolean[];
  focus: number;
  flags: string[];
  error_type: string | null;
}

export interface Saved {
  labels: Label[];
  note: string;
  flags: string[];
  error_type: string | null;
}

export type What = "label" | "skip";
export type Past = Edit | { commit: string; what: What; saved: Saved | null } | CutBack;
export type Future = Edit | { again: What } | Cut;

// New steps. `parts` says for each which of the old steps it has a part of; `caret` where it stands
// then, `said` what was done.
export interface Cut {
  steps: string[];
  parts: number[][];
  caret: Caret;
  said: string;
  was: number; // where the caret stood in the old step
}

// What was on screen before the cut with this token, and the cut, to make it again.
export interface CutBack {
  cut: string;
  item: Item;
  doc: Doc;
  again: Cut;
}

// Before a character of a step's source.
export interface Caret {
  step: number;
  at: number;
}

// What the reviewer said about one solution.
export interface Doc {
  labels: Label[];
  implied: boolean[]; // filled in by e or a, not marked one by one
  note: string;
  flags: string[];
  error_type: string | null; // why the first error is one; waits while the labels name none
  focus: number;
  past: Past[];
  future: Future[];
  saved: Saved | null; // what the server has, or will have once the outbox is through
  restored: boolean;
  blind: boolean;
  first_labels: Label[] | null;
  seen: boolean;
}

export interface Verdict {
  first_error: number | null;
  refusal: string | null;
}

export interface Commit {
  token: string;
  solution_id: number;
  revision: number | string;
  cut: string | null; // the item's
  action: What | "undo" | "cut" | "uncut";
  undoes: string | null;
  steps?: string[]; // of a cut
  labels: Label[] | null;
  first_error: number | null;
  note: string | null;
  flags: string[];
  error_type: string | null;
  seconds: number;
  blind: boolean;
  first_labels: Label[] | null;
  scores_visible: boolean;
}

export interface Message {
  kind: "info" | "refusal" | "error";
  text: string;
}

export type Mode = "review" | "solution" | "read";

export interface State {
  mode: Mode;
  queue: string | null; // identity of the server's queue; a new one starts afresh
  current: Item | null; // the item on screen
  doc: Doc | null; // what the reviewer said about it; there whenever `current` is
  upcoming: Item[]; // items that are here already, so that moving on needs no server
  docs: Record<string, Doc>; // docs of upcoming items that were on screen before
  trail: { item: Item; doc: Doc }[]; // what was saved or skipped, oldest first
  outbox: Commit[]; // commits the server has not acknowledged, oldest first
  saved: number; // commits acknowledged since the page was opened
  message: Message | null;
  blind: boolean; // the server holds machines back until there is a verdict
  scoresVisible: boolean;
  raw: boolean;
  help: boolean;
  flagging: boolean; // is the menu of flags open
  typing: boolean; // is the menu of error types open
  caret: { at: number } | null; // in the focused step, while steps are cut
  errorTypes: ErrorType[]; // that the server offers
}

export interface Progress {
  position: number;
  total: number;
  label?: string;
  pace?: string;
  today?: number;
}

export interface Evidence {
  critiques?: (string | null)[];
  reply?: string;
  prompt?: string;
  rollouts?: { step: number; outcome: string; answer: string | null; text: string | null }[];
  places?: ScorePlace[]; // PRM, one a step
}

// Where a PRM's score lies among its scores of `n` labelled steps.
export interface ScorePlace {
  n: number;
  below: number | null; // the share of them with a lower score
  wrong: number | null; // the share of wrong steps among the 100 nearest
  near: { solution_id: number; step: number; score: number; right: boolean }[];
}

export interface Data {
  mode: Mode;
  items?: Item[];
  acked?: string[];
  refused?: Record<string, string>;
  cuts?: Record<string, { solution_id: number; revision: number | string }>;
  carried?: Record<string, number>;
  scope?: string;
  queue?: string;
  evidence?: Record<string, Evidence | null>;
  progress?: Progress | null;
  help?: boolean;
  blind?: boolean;
  height?: number | "fill" | "content";
  nothing?: string;
  error_types?: ErrorType[];
}

// An act that may send a commit: its token, and the seconds a person looked.
export interface Stamped {
  token: string;
  seconds: number;
}

// A state with a solution on screen.
export type Shown = State & { current: Item; doc: Doc };

export type Action =
  | { type: "data"; data: Data; drafts?: Record<string, Draft>; outbox?: Commit[] }
  | { type: "scores" | "evidence" | "raw" | "first_error" | "all_correct" }
  | { type: "help" | "flags" | "types"; open?: boolean }
  | { type: "error_type"; name: string }
  | { type: "say"; message: Message }
  | { type: "focus"; step: number }
  | { type: "move"; by: number }
  | { type: "label"; value: Label }
  | { type: "note"; text: string }
  | { type: "flag"; flag: string }
  | { type: "caret"; open?: boolean; step?: number; at?: number }
  | ({ type: "split"; at: number } & Stamped)
  | ({ type: "join"; step: number } & Stamped)
  | ({ type: "save" | "skip" | "undo" | "redo" } & Stamped);

// One formula or stretch of text, in the order of the source.
export type Part =
  | { kind: "text"; text: string; source?: undefined; display?: undefined }
  | ({ kind: "math"; source: string } & Found);

export interface Found {
  text: string;
  display: boolean;
  end: number; // index behind it in the source
}

export interface Cell {
  text: string;
  fraction: number | null; // 0 to 1, drawn as a bar
  tone: "right" | "wrong" | "plain" | "absent";
  flag: boolean;
  spoken: string;
}

// What stands on the page around the steps.
export interface Frame {
  root: HTMLElement;
  layout: HTMLElement;
  scroller: HTMLElement;
  title: HTMLElement;
  source: HTMLElement;
  queueReason: HTMLElement;
  reason: HTMLElement;
  blind: HTMLElement;
  progress: ProgressParts;
  sync: HTMLElement;
  problem: HTMLElement;
  answers: HTMLElement;
  answersShown?: string; // what they were painted from
  dock: HTMLElement;
  traceBox: HTMLElement;
  dockTabs: HTMLElement;
  dockBody: HTMLElement;
  note: HTMLInputElement;
  message: HTMLElement;
  chips: HTMLElement;
  flags: FlagMenu;
  types: TypeMenu;
  typeChip: HTMLElement;
  keyButtons: Map<Key, HTMLButtonElement>;
  evidenceKey: HTMLButtonElement;
  help: HTMLElement;
  helpClose: HTMLButtonElement;
  beforeHelp?: HTMLElement | null;
}

export interface ProgressParts {
  text: HTMLElement;
  parts: Record<string, HTMLElement>;
  line: HTMLElement;
}

export interface FlagMenu {
  anchor: HTMLElement;
  key: HTMLButtonElement;
  menu: HTMLElement;
  choices: HTMLButtonElement[];
}

export interface TypeMenu {
  anchor: HTMLElement;
  key: HTMLButtonElement;
  menu: HTMLElement;
  list: HTMLElement;
}

export interface Row {
  tr: HTMLTableRowElement;
  body: HTMLElement;
  text: string;
  marks: HTMLButtonElement[];
  scores: HTMLTableCellElement[];
  differ: HTMLElement;
}

// The table of one item.
export interface Table {
  node: HTMLTableElement;
  rows: Row[];
  yours: HTMLElement | null;
  heads: HTMLElement[];
  item: Item;
  openEvidence: (annotator: Annotator, step: number) => void;
  shown: boolean | null; // are the machines' scores in it
  typeset: Set<number>; // steps whose mathematics is drawn
  observer?: IntersectionObserver;
}

export interface Dock {
  tab: "trace" | number; // or an annotator's id
  part: "critique" | "reply" | "prompt";
  size: "closed" | "small" | "tall";
}

// What the dock is drawn from.
export interface Panel {
  item: Item | null;
  focus: number;
  dock: Dock;
  shown: boolean; // are scores on screen
  revealed: boolean; // may they be
  katex: Katex | null;
  evidence: Evidence | null | undefined; // undefined while it is on its way
  annotator: Annotator | undefined; // whose evidence is open
  sources: Annotator[];
  wide: boolean;
  width: number;
}

export type View = { view: "note" | "evidence" };

export interface Key {
  id: string;
  keys: string[];
  shown: string;
  word: string;
  title?: string;
  group: string;
  repeat?: boolean;
  labels?: boolean;
  reviewOnly?: boolean;
  primary?: boolean;
  toggle?: boolean;
  does: Press;
}

// What a key does: an act, yet without its token, or something of the page.
export type Press =
  | View
  | Unstamped
  | { type: "save" | "skip" | "undo" | "redo" }
  | { type: "split"; at: number }
  | { type: "join"; step: number };
export type Unstamped = Exclude<Action, Stamped>;

// What the dock asked the server for.
export interface Wanted {
  name: string; // as the answer is named in `evidence`
  request: { solution_id: number; annotator_id: number; step: number };
  times: number;
}

// What a key press means: nothing of ours, nothing at all, or something to do.
export type Meaning = null | "swallow" | { does: Press; repeat?: boolean };

export interface Store {
  // biome-ignore lint/suspicious/noExplicitAny: whatever was written, perhaps by an older release
  read: (name: string) => any;
  write: (name: string, value: unknown) => void;
  names: (start: string) => string[];
}

export interface Stopwatch {
  touch: () => void;
  pause: () => void;
  seconds: () => number;
  restart: () => void;
}

// From a step or a score to pixels.
export type Scale = (value: number) => number;

// The step table in the page, as its parts see it.
export interface Owner {
  act: (action: Press) => void;
  press: (does: Press) => void;
  showDock: (change: Partial<Dock>) => void;
}

export type Katex = typeof import("katex").default;
