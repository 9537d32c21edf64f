// The cells and tables that data_table.py describes.

interface Titled {
  title?: string;
}

export interface Text extends Titled {
  kind: "text";
  value: string;
  style: string;
}
export interface Link extends Titled {
  kind: "link";
  value: string;
  href: string;
  style: string;
  key?: string;
  expanded?: boolean;
}
export interface Choice extends Titled {
  kind: "pick";
  value: string;
  id: number;
  style: string;
}
export interface Check extends Titled {
  kind: "check";
  ids: number[];
  label: string;
}
export interface Copy extends Titled {
  kind: "copy";
  value: string;
  text: string;
  href: string;
  style: string;
}
export interface Kind extends Titled {
  kind: "kind";
  hue: string;
  value: string;
  href: string;
}
export interface Bar extends Titled {
  kind: "bar";
  share: number;
  value: string;
  hue: string;
  href: string;
}
export interface Interval extends Titled {
  kind: "interval";
  value: number;
  low: number;
  high: number;
  hue: string;
}
export interface Strip {
  kind: "strip";
  steps: number;
  marks: { hue: string; first_error: number | null }[];
  title: string;
}
export interface Group extends Titled {
  kind: "stack" | "inline" | "sentence";
  cells: Cell[];
}

export type Cell =
  | string
  | number
  | null
  | undefined
  | Text
  | Link
  | Choice
  | Check
  | Copy
  | Kind
  | Bar
  | Interval
  | Strip
  | Group;

export interface Column {
  label: string;
  style?: string;
  title?: string;
  width?: string;
  check?: Check;
}

export interface TableData {
  columns: Column[];
  rows: { cells: Cell[]; style?: string }[];
  empty: string;
  walk: Walk | null;
  stages?: undefined;
}

// Ids of the row that is open and of those beyond the rows shown; 0 for none.
export interface Walk {
  chosen: number;
  before: number;
  after: number;
}

export interface FlowData {
  stages: { label: string; value: Cell; note: string; state: "done" | "todo" }[];
}

// What the cells of one table may do, and which of its rows are ticked.
export interface Host {
  checked: Set<number>;
  pick: (id: number) => void;
  open: ((id: number) => void) | null; // in a table that is walked: what `pick` does there
  check: (ids: number[], on: boolean) => void;
}
