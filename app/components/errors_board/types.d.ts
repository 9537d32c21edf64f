// What errors_board.py sends, and what the board makes of it.

export type Outcome =
  | "missed"
  | "false_alarm"
  | "early"
  | "late"
  | "no_verdict"
  | "no_verdict_right"
  | "exact"
  | "right";

// 0-based first errors, -1 for none; a predicted null is no verdict.
export type First = number | null;
export type CellName = [predicted: First, reference: number];
export type Curve = (number | null)[];

export interface Dot {
  kind: "set" | "best" | "versus";
  t: number;
  f1: number;
}

export interface BoardData {
  thresholds: number[];
  f1: Curve;
  exact: Curve;
  clean: Curve;
  versus: Curve | null;
  versus_name: string;
  annotator: string;
  reference: string;
  changes: (number | null)[][]; // per threshold: predicted, reference, count, predicted, ...
  dots: Dot[];
  interval: [number, number] | null;
  t: number;
  cell: CellName | null;
  outcome: Outcome | null;
  n_wrong: number;
  n_right: number;
  heard: string | null; // the token of the message that the page heard last
}

export interface Cell {
  predicted: First;
  reference: number;
  outcome: Outcome;
}

// Every cell that any threshold fills, and how many solutions it has at each.
export interface Tables {
  cells: Cell[];
  counts: Int32Array[]; // per threshold, per cell
  steps: number; // the axes show steps 0 ... steps - 1
  noVerdict: boolean;
}

// What is chosen on the board; `at` is the place of the threshold on screen, `set` of the last one
// that was let go.
export interface Chosen {
  at: number;
  set: number;
  cell: CellName | null;
  outcome: Outcome | null;
}

export type Measure = "counts" | "rows";

// What the parts of the board ask of it.
export interface Owner {
  drag: (at: number) => void;
  goTo: (t: number) => void;
  commit: () => void;
  choose: (change: Partial<Pick<Chosen, "cell" | "outcome">>) => void;
  measure: (measure: Measure) => void;
  revert: () => void;
  use: () => void;
}

// Everything that a part is painted from.
export interface Scene {
  data: BoardData;
  tables: Tables;
  chosen: Chosen;
  measure: Measure;
}

export interface CurvePart {
  root: HTMLElement;
  figures: HTMLElement;
  plot: HTMLElement;
  picture: SVGElement;
  handle: HTMLElement;
  tag: HTMLElement;
  marks: HTMLElement;
  use: HTMLButtonElement;
}

export interface SquaresPart {
  root: HTMLElement;
  picture: SVGElement;
  note: HTMLElement;
  measures: HTMLButtonElement[];
  focus: number; // the cell that the keyboard is on
  hover: number | null;
}

export interface ChipsPart {
  root: HTMLElement;
  chips: Map<Outcome, HTMLButtonElement>;
}
