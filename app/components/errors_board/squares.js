// The cross table of first errors: a row for each of the reference's, a column for each of the
// PRM's, a square for how many solutions. Early flags lie under the diagonal, late ones over it.

import { button, el, setText, svg } from "../dom.js";
import { fullest, isLit, isRight, neighbour, place, rowShares, sentence } from "./rules.js";

/** @import { Cell, Measure, Owner, Scene, SquaresPart, Tables } from "./types.js" */

const LEFT = 44;
const TOP = 40;
const EDGE = 22; // right and below: the words of what lies there
const GAP = 7; // between the steps and "none"
const MOST = 44; // pixels of a square with its margin
const LEAST = 9;
const HIGHEST = 330; // pixels that all rows may take
const SMALLEST = 2.5; // pixels of a square that stands for one solution
/** @type {[Measure, string, string][]} */
const MEASURES = [
  ["counts", "counts", "Squares by the number of solutions"],
  ["rows", "row %", "Squares by the share of the solutions with the same reference"],
];

/** @type {(owner: Owner, scene: () => Scene) => SquaresPart} */
export function buildSquares(owner, scene) {
  const picture = svg("svg", {
    class: "picture",
    role: "application",
    tabindex: 0,
    "aria-roledescription": "cross table",
  });
  const note = el("div", { class: "note", "aria-live": "polite" });
  const measures = MEASURES.map(([measure, word, title]) =>
    button(
      { class: "measure", title, "data-measure": measure, onclick: () => owner.measure(measure) },
      word,
    ),
  );
  const toggle = el("div", { class: "measures", role: "group", "aria-label": "Size of squares" });
  toggle.append(...measures);
  const head = el("div", { class: "head" }, el("span", { class: "axes" }), toggle);
  const scroll = el("div", { class: "scroll" });
  scroll.append(picture);
  const root = el("section", { class: "half table", "aria-label": "Cross table of first errors" });
  root.append(head, scroll, note);
  /** @type {SquaresPart} */
  const part = { root, picture, note, measures, focus: -1, hover: null };
  listen(part, owner, scene);
  return part;
}

/** @type {(part: SquaresPart, owner: Owner, scene: () => Scene) => void} */
function listen(part, owner, scene) {
  const { picture } = part;
  /** @type {(i: number) => void} */
  const choose = (i) => {
    const cell = scene().tables.cells[i];
    if (cell) owner.choose({ cell: [cell.predicted, cell.reference] });
  };
  /** @type {(event: Event) => number | null} */
  const cellAt = ({ target }) => {
    const name = target instanceof Element ? target.closest("[data-cell]") : null;
    return name ? Number(name.getAttribute("data-cell")) : null;
  };
  picture.addEventListener("click", (event) => {
    const i = cellAt(event);
    if (i === null) return;
    part.focus = i;
    choose(i);
  });
  picture.addEventListener("pointerover", (event) => {
    part.hover = cellAt(event);
    paintNote(part, scene());
  });
  picture.addEventListener("pointerleave", () => {
    part.hover = null;
    paintNote(part, scene());
  });
  // Painting anew between press and release would take the square from under a click.
  picture.addEventListener("focus", () => {
    if (picture.matches(":focus-visible")) paintSquares(part, scene());
  });
  picture.addEventListener("blur", () => paintSquares(part, scene()));
  picture.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { tables, chosen } = scene();
    if (event.key.startsWith("Arrow")) {
      part.focus = neighbour(tables, chosen.at, focused(part, scene()), event.key);
      paintSquares(part, scene());
    } else if (event.key === "Enter" || event.key === " ") choose(focused(part, scene()));
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

// The cell that the keyboard is on: the last one, what is chosen, or the fullest mistake.
/** @type {(part: SquaresPart, scene: Scene) => number} */
function focused(part, { tables: { cells, counts }, chosen }) {
  if (cells[part.focus] && counts[chosen.at][part.focus]) return part.focus;
  const lit = cells.findIndex((cell) => chosen.cell && isLit(cell, chosen));
  if (lit >= 0) return lit;
  /** @type {(i: number) => number} */
  const weight = (i) => (isRight(cells[i].outcome) ? 0 : counts[chosen.at][i]);
  return cells.reduce((best, _, i) => (weight(i) > weight(best) ? i : best), 0);
}

/** @type {(part: SquaresPart, scene: Scene) => void} */
export function paintSquares(part, scene) {
  const { tables, chosen, measure, data } = scene;
  part.measures.forEach((one) => {
    one.setAttribute("aria-pressed", String(one.dataset.measure === measure));
  });
  const title = part.root.querySelector(".axes");
  if (title) setText(title, `rows: ${data.reference} · columns: ${data.annotator}`);
  const grid = gridOf(tables, (part.picture.parentElement?.clientWidth ?? 400) - 2);
  const height = TOP + grid.at(tables.steps) + grid.pitch + EDGE;
  part.picture.setAttribute("viewBox", `0 0 ${grid.width} ${height}`);
  part.picture.setAttribute("width", String(grid.width));
  part.picture.setAttribute("height", String(height));
  const on = part.picture.matches(":focus-visible") ? focused(part, scene) : -1;
  part.picture.replaceChildren(...ground(grid, tables), ...squares(scene, grid, on));
  part.picture.setAttribute("aria-label", label(part, scene));
  part.root.dataset.chosen = String(Boolean(chosen.cell ?? chosen.outcome));
  paintNote(part, scene);
}

/** @type {(part: SquaresPart, scene: Scene) => string} */
function label(part, scene) {
  if (!scene.tables.cells.length) return "Cross table of first errors, empty";
  return `Cross table of first errors. ${told(scene, focused(part, scene))}`;
}

/** @type {(scene: Scene, i: number) => string} */
const told = ({ tables, chosen, data }, i) =>
  sentence(
    tables.cells[i],
    tables.counts[chosen.at][i],
    rowShares(tables, chosen.at)[i],
    data.annotator,
  );

// Under the table: the square under the pointer or the keyboard, else the one that is chosen.
/** @type {(part: SquaresPart, scene: Scene) => void} */
function paintNote(part, scene) {
  const { cells } = scene.tables;
  const lit = cells.findIndex((cell) => scene.chosen.cell && isLit(cell, scene.chosen));
  const keyed = part.picture.matches(":focus-visible") ? focused(part, scene) : lit;
  const i = part.hover ?? keyed;
  setText(
    part.note,
    cells[i] ? told(scene, i) : "A square is the solutions with these two first errors.",
  );
}

/** @typedef {{ pitch: number, width: number, at: (place: number) => number }} Grid */

/** @type {(tables: Tables, room: number) => Grid} */
function gridOf({ steps, noVerdict }, room) {
  const columns = steps + 1 + Number(noVerdict);
  const gaps = GAP * (1 + Number(noVerdict));
  const fits = Math.min((room - LEFT - EDGE - gaps) / columns, (HIGHEST - GAP) / (steps + 1));
  const pitch = Math.max(LEAST, Math.min(MOST, Math.floor(fits)));
  /** @type {(place: number) => number} */
  const at = (place) => place * pitch + GAP * Math.max(0, place - steps + 1);
  return { pitch, width: LEFT + at(columns - 1) + pitch + EDGE, at };
}

/** @type {(grid: Grid, tables: Tables) => SVGElement[]} */
function ground({ pitch, at }, { steps, noVerdict }) {
  const every = pitch >= 17 ? 1 : pitch >= 12 ? 2 : 5;
  const marks = Array.from({ length: steps }, (_, step) => step).filter(
    (step) => step === 0 || (step + 1) % every === 0,
  );
  const half = pitch / 2;
  /** @type {(place: number, text: string) => SVGElement} */
  const column = (place, text) =>
    svg("text", { class: "tick middle", x: LEFT + at(place) + half, y: TOP - 7 }, text);
  /** @type {(place: number, text: string) => SVGElement} */
  const row = (place, text) =>
    svg("text", { class: "tick end", x: LEFT - 7, y: TOP + at(place) + half + 4 }, text);
  /** @type {(x: number, y: number, columns: number, rows: number) => SVGElement} */
  const block = (x, y, columns, rows) =>
    svg("rect", {
      class: "block",
      x: LEFT + x,
      y: TOP + y,
      width: columns * pitch,
      height: rows * pitch,
    });
  const none = at(steps);
  const down = `${LEFT + none + pitch + 6} ${TOP + (steps * pitch) / 2}`;
  return [
    block(0, 0, steps, steps),
    block(none, 0, 1, steps),
    block(0, none, steps, 1),
    block(none, none, 1, 1),
    ...(noVerdict ? [block(at(steps + 1), 0, 1, steps), block(at(steps + 1), none, 1, 1)] : []),
    svg("line", {
      class: "diagonal",
      x1: LEFT,
      y1: TOP,
      x2: LEFT + steps * pitch,
      y2: TOP + steps * pitch,
    }),
    ...marks.flatMap((step) => [column(step, String(step + 1)), row(step, String(step + 1))]),
    column(steps, "none"),
    row(steps, "none"),
    ...(noVerdict ? [column(steps + 1, "?")] : []),
    svg("text", { class: "region", x: LEFT + 6, y: TOP + steps * pitch - 7 }, "early"),
    svg("text", { class: "region end", x: LEFT + steps * pitch - 6, y: TOP + 16 }, "late"),
    ...(noVerdict
      ? []
      : [
          svg(
            "text",
            { class: "region middle", transform: `translate(${down}) rotate(90)` },
            "missed",
          ),
        ]),
    svg(
      "text",
      { class: "region middle", x: LEFT + (steps * pitch) / 2, y: TOP + none + pitch + 15 },
      "false alarm",
    ),
  ];
}

/** @type {(scene: Scene, grid: Grid, on: number) => SVGElement[]} */
function squares({ tables, chosen, measure }, { pitch, at }, on) {
  const { cells, counts, steps } = tables;
  const shares = measure === "rows" ? rowShares(tables, chosen.at) : null;
  // Squares keep their scale while the threshold moves.
  const most = fullest(tables, chosen.set);
  const room = pitch - (pitch > 14 ? 3 : 1.5);
  return cells.flatMap((cell, i) => {
    const count = counts[chosen.at][i];
    const chosenCell = chosen.cell !== null && isLit(cell, chosen);
    if (!count && !chosenCell && i !== on) return [];
    const part = Math.min(1, shares ? shares[i] : count / most);
    const side = count ? Math.max(SMALLEST, room * Math.sqrt(part)) : 0;
    return [square(cell, i, [at(place(cell.predicted, steps)), at(place(cell.reference, steps))])];

    /** @type {(cell: Cell, i: number, corner: [number, number]) => SVGElement} */
    function square({ outcome }, i, [x, y]) {
      const look = [
        "cell",
        isRight(outcome) ? "right" : "mistake",
        isLit(cell, chosen) ? "" : "dim",
        chosenCell ? "chosen" : "",
        i === on ? "keyed" : "",
      ];
      const inset = (pitch - side) / 2;
      return svg(
        "g",
        { class: look.filter(Boolean).join(" "), "data-cell": i, "data-count": count },
        svg("rect", { class: "hit", x: LEFT + x, y: TOP + y, width: pitch, height: pitch }),
        svg("rect", {
          class: "mark",
          x: LEFT + x + inset,
          y: TOP + y + inset,
          width: side,
          height: side,
          rx: Math.min(1.5, side / 4),
        }),
      );
    }
  });
}
