// Under (or beside) the table: the score trace, and the evidence behind one annotator's scores.

/** @import { Annotator, Dock, Evidence, Item, Katex, Scale } from "../types.js" */

import { button, el, svg } from "../../dom.js";
import { flagWord } from "../rules/doc.js";
import { cell, hasVerdict } from "../rules/reading.js";
import { scorePanel } from "./score.js";
import { renderText } from "./tex.js";

/** @type {Record<string, string>} */
const OUTCOMES = { correct: "✓", wrong: "✗", unfinished: "…", unknown: "?" };
/** @type {Record<string, string>} */
const SHAPES = { mc: "circle", judge: "diamond", prm: "square", human: "triangle" };
/** @type {Record<string, [x: number, y: number][]>} */
const CORNERS = {
  diamond: [
    [0, -1.3],
    [1.3, 0],
    [0, 1.3],
    [-1.3, 0],
  ],
  triangle: [
    [0, -1.2],
    [1.2, 1],
    [-1.2, 1],
  ],
};
const WITH_EVIDENCE = new Set(["mc", "judge", "prm"]);
const SIDE = { left: 26, right: 10, top: 14, bottom: 18 };

/** @type {(annotator: Annotator) => boolean} */
export const onServer = ({ kind, old_cut }) => WITH_EVIDENCE.has(kind) && !old_cut;
/** @type {(annotator: Annotator) => boolean} */
const saysMore = ({ note, flags, error_type }) => Boolean(note || flags?.length || error_type);
/** @type {(annotator: Annotator) => boolean} */
export const hasEvidence = (annotator) =>
  onServer(annotator) || (annotator.kind === "human" && saysMore(annotator));

// All annotators' scores over the steps. `choose(step)` is called when a step is clicked.
/** @type {(item: Item, focus: number, width: number, height: number, choose: (step: number) => void) => Element} */
export function drawTrace(item, focus, width, height, choose) {
  const n = item.steps.length;
  /** @type {Scale} */
  const x = (step) => SIDE.left + ((step + 0.5) * (width - SIDE.left - SIDE.right)) / n;
  /** @type {Scale} */
  const y = (score) => SIDE.top + (1 - score) * (height - SIDE.top - SIDE.bottom);
  const chart = svg("svg", {
    class: "trace",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
  });
  chart.setAttribute("aria-label", "Scores of every annotator over the steps");
  const column = (width - SIDE.left - SIDE.right) / n;
  chart.append(
    svg("rect", {
      class: "here",
      x: x(focus) - column / 2,
      y: 4,
      width: column,
      height: height - 4,
      rx: 3,
    }),
  );
  for (const value of [0, 0.5, 1]) {
    const threshold = value === 0.5 ? " threshold" : "";
    chart.append(
      svg("line", {
        class: `rule${threshold}`,
        x1: SIDE.left,
        x2: width - SIDE.right,
        y1: y(value),
        y2: y(value),
      }),
    );
    chart.append(
      svg(
        "text",
        { class: "axis", x: SIDE.left - 6, y: y(value) + 3.5, "text-anchor": "end" },
        value === 0.5 ? ".5" : `${value}`,
      ),
    );
  }
  const other = new Set(
    item.annotators.map((a) => a.threshold ?? 0.5).filter((threshold) => threshold !== 0.5),
  );
  for (const value of other)
    chart.append(
      svg("line", {
        class: "rule threshold",
        x1: SIDE.left,
        x2: width - SIDE.right,
        y1: y(value),
        y2: y(value),
      }),
    );
  const every = n > 24 ? 5 : 1;
  for (let step = 0; step < n; step++)
    if (every === 1 || (step + 1) % every === 0 || step === 0)
      chart.append(
        svg(
          "text",
          { class: "axis", x: x(step), y: height - 4, "text-anchor": "middle" },
          `${step + 1}`,
        ),
      );
  const versions = versionsOf(item.annotators);
  item.annotators.forEach((annotator, i) => {
    chart.append(
      traceOf(
        annotator,
        versions[i],
        x,
        (score) => y(score) + (i - (item.annotators.length - 1) / 2) * 1.5,
      ),
    );
  });
  for (let step = 0; step < n; step++) {
    const hit = svg("rect", { class: "hit", x: x(step) - column / 2, y: 0, width: column, height });
    hit.addEventListener("click", () => choose(step));
    chart.append(hit);
  }
  return chart;
}

/** @type {(annotator: Annotator, version: number, x: Scale, y: Scale) => Element} */
function traceOf(annotator, version, x, y) {
  const group = svg("g", { class: `kind-${annotator.kind} version-${Math.min(version, 2)}` });
  const human = annotator.kind === "human";
  const points = annotator.scores.flatMap((score, step) =>
    score === null ? [] : [{ step, score: human ? (score + 1) / 2 : score }],
  );
  if (!human) {
    const path = points.map(
      (p, i) => `${i && points[i - 1].step === p.step - 1 ? "L" : "M"}${x(p.step)} ${y(p.score)}`,
    );
    group.append(svg("path", { class: "line", d: path.join("") }));
  }
  for (const p of points) group.append(marker(SHAPES[annotator.kind], x(p.step), y(p.score), 3));
  const flagged = hasVerdict(annotator) && points.find((p) => p.step === annotator.first_error);
  if (flagged) {
    const place = { x: x(flagged.step) + 5, y: y(flagged.score) - 4 };
    group.append(svg("text", { class: "flag", ...place }, "⚑"));
  }
  return group;
}

/** @type {(shape: string, x: number, y: number, r: number) => Element} */
function marker(shape, x, y, r) {
  if (shape === "circle") return svg("circle", { class: "point", cx: x, cy: y, r });
  if (shape === "square")
    return svg("rect", {
      class: "point",
      x: x - r + 0.3,
      y: y - r + 0.3,
      width: 2 * r - 0.6,
      height: 2 * r - 0.6,
    });
  const lines = CORNERS[shape].map(([dx, dy], i) => `${i ? "L" : "M"}${x + dx * r} ${y + dy * r}`);
  return svg("path", { class: "point", d: `${lines.join("")}Z` });
}

// Of each annotator, how many of its kind stand before it.
/** @type {(annotators: Annotator[]) => number[]} */
function versionsOf(annotators) {
  /** @type {Record<string, number>} */
  const seen = {};
  return annotators.map(({ kind }) => {
    seen[kind] = (seen[kind] ?? -1) + 1;
    return seen[kind];
  });
}

/** @type {(item: Item) => Element} */
export function legend(item) {
  const versions = versionsOf(item.annotators);
  const entries = item.annotators.map((annotator, i) => {
    const swatch = svg("svg", {
      width: 22,
      height: 10,
      "aria-hidden": "true",
      class: `kind-${annotator.kind} version-${Math.min(versions[i], 2)}`,
    });
    if (annotator.kind !== "human") swatch.append(svg("path", { class: "line", d: "M0 5L22 5" }));
    swatch.append(marker(SHAPES[annotator.kind], 11, 5, 3.2));
    return el(
      "span",
      { class: "entry", title: annotator.name },
      swatch,
      el("span", {}, annotator.name),
    );
  });
  return el("div", { class: "legend" }, ...entries);
}

// What is behind `annotator`'s score at `step`. `evidence`: undefined while it is on its way.
/** @type {(item: Item, annotator: Annotator, step: number, evidence: Evidence | null | undefined, part: Dock["part"], choosePart: (part: Dock["part"]) => void, katex: Katex | null) => Element} */
export function evidencePanel(item, annotator, step, evidence, part, choosePart, katex) {
  const panel = el("div", { class: `evidence kind-${annotator.kind}` });
  if (annotator.kind === "prm") panel.append(...scorePanel(item, annotator, step, evidence));
  else if (annotator.kind === "human") panel.append(...remarks(annotator, step));
  else if (evidence === undefined)
    panel.append(el("p", { class: "quiet" }, "Loading the evidence…"));
  else if (!evidence)
    panel.append(el("p", { class: "quiet" }, "No evidence is stored for this annotation."));
  else if (annotator.kind === "mc") panel.append(...rollouts(annotator, step, evidence, katex));
  else panel.append(...critique(step, evidence, part, choosePart, katex));
  return panel;
}

// What a person wrote; it is about the whole solution, and plain text.
/** @type {(annotator: Annotator, step: number) => (Node | string)[]} */
function remarks(annotator, step) {
  const { spoken } = cell(annotator, step);
  const flags = (annotator.flags ?? []).map(flagWord).join(", ");
  return [
    el("p", { class: "lead" }, el("b", {}, `Step ${step + 1}`), `: ${spoken}`),
    annotator.error_type &&
      el("p", { class: "remark" }, el("b", {}, "Why: "), annotator.error_type),
    flags && el("p", { class: "remark" }, el("b", {}, "Flagged: "), flags),
    annotator.note && el("p", { class: "remark" }, el("b", {}, "Note: "), annotator.note),
  ].filter((one) => one instanceof Node);
}

/** @type {(annotator: Annotator, step: number, evidence: Evidence, katex: Katex | null) => Node[]} */
function rollouts(annotator, step, evidence, katex) {
  const here = (evidence.rollouts ?? []).filter((rollout) => rollout.step === step);
  const { spoken } = cell(annotator, step);
  const title = el("p", { class: "lead" }, el("b", {}, `Step ${step + 1}`), `: ${spoken}`);
  if (!here.length) {
    const why = spoken.startsWith("answer")
      ? "The last step is settled by its answer; nothing is sampled after it."
      : "No rollout starts here.";
    return [title, el("p", { class: "quiet" }, why)];
  }
  const list = here.map((rollout) => {
    const text = el("div", { class: "rollout-text" }, renderText(rollout.text ?? "", katex));
    const open = button(
      { class: `rollout ${rollout.outcome}`, "aria-expanded": "false", title: "Show all of it" },
      el(
        "span",
        { class: "outcome" },
        OUTCOMES[rollout.outcome] ?? "?",
        el("span", { class: "word" }, rollout.outcome),
      ),
      el("span", { class: "answer" }, rollout.answer ?? "no answer"),
      text,
    );
    open.addEventListener("click", () =>
      open.setAttribute("aria-expanded", String(open.classList.toggle("open"))),
    );
    return el("li", {}, open);
  });
  return [title, el("ol", { class: "rollouts" }, ...list)];
}

/** @type {(step: number, evidence: Evidence, part: Dock["part"], choosePart: (part: Dock["part"]) => void, katex: Katex | null) => Node[]} */
function critique(step, evidence, part, choosePart, katex) {
  /** @type {[name: Dock["part"], word: string][]} */
  const parts = [
    ["critique", "Critique"],
    ["reply", "Raw reply"],
    ["prompt", "Prompt"],
  ];
  const tabs = parts.map(([name, word]) =>
    button(
      { class: "part", "aria-pressed": String(part === name), onclick: () => choosePart(name) },
      word,
    ),
  );
  const bar = el("div", { class: "parts" }, el("b", {}, `Step ${step + 1}`), ...tabs);
  if (part !== "critique") return [bar, el("pre", {}, evidence[part] || "Not stored.")];
  const said = evidence.critiques?.[step];
  const none = el("p", { class: "quiet" }, "The judge says nothing about this step.");
  return [bar, said ? el("div", { class: "critique" }, renderText(said, katex)) : none];
}
