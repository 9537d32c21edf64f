// The threshold curve: F1, exact and clean against the threshold, which is dragged on it.

import { button, el, setText, svg, within } from "../dom.js";
import { fraction, moved, nearest, pathOf, percent } from "./rules.js";

/** @import { Curve, CurvePart, Dot, Outcome, Owner, Scene } from "./types.js" */

const HEIGHT = 300;
const LEFT = 30;
const RIGHT = 12;
const TOP = 14;
const BOTTOM = 40;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** @type {(owner: Owner, scene: () => Scene) => CurvePart} */
export function buildCurve(owner, scene) {
  const figures = el("div", { class: "figures" }, ...FIGURES.map((one) => figure(one, owner)));
  const use = el("button", {
    type: "button",
    class: "use",
    title: "Derive this annotator's verdicts from its stored scores with this threshold",
    onclick: () => owner.use(),
  });
  const picture = svg("svg", { class: "picture", "aria-hidden": "true" });
  const tag = el("span", { class: "tag" });
  const handle = el(
    "div",
    {
      class: "handle",
      role: "slider",
      tabindex: 0,
      "aria-label": "Threshold",
      "aria-valuemin": 0,
      "aria-valuemax": 1,
    },
    el("span", { class: "grip" }),
    tag,
  );
  const plot = el("div", { class: "plot" }, picture, handle);
  listen(plot, handle, owner, scene);
  const head = el("div", { class: "head" }, figures, use);
  const marks = el("div", { class: "marks" });
  marks.addEventListener("click", ({ target }) => {
    const mark = target instanceof Element ? target.closest("button") : null;
    if (mark?.dataset.t) owner.goTo(Number(mark.dataset.t));
  });
  const root = el("section", { class: "half", "aria-label": "Threshold" }, head, plot, marks);
  return { root, figures, plot, picture, handle, tag, marks, use };
}

/** @type {(plot: HTMLElement, handle: HTMLElement, owner: Owner, scene: () => Scene) => void} */
function listen(plot, handle, owner, scene) {
  let dragging = false;
  /** @type {(event: PointerEvent) => void} */
  const follow = (event) => {
    const box = plot.getBoundingClientRect();
    const t = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    owner.drag(nearest(scene().data.thresholds, t));
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    dragging = true;
    plot.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    follow(event);
  });
  plot.addEventListener("pointermove", (event) => {
    if (dragging) follow(event);
  });
  plot.addEventListener("pointerup", () => {
    dragging = false;
    owner.commit();
  });
  plot.addEventListener("pointercancel", () => {
    dragging = false;
    owner.revert();
  });
  handle.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { data, chosen } = scene();
    const to = moved(data.thresholds, chosen.at, event.key);
    if (to !== null) owner.drag(to);
    else if (event.key === "Enter") owner.commit();
    else if (event.key === "Escape") owner.revert();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  // Who leaves the slider has let go of it.
  handle.addEventListener("blur", () => {
    if (!dragging) owner.commit();
  });
}

// [name of its curve, word]: what is read off at the threshold, and the curves' legend.
/** @type {[name: "f1" | "exact" | "clean" | "versus", word: string][]} */
const FIGURES = [
  ["f1", "F1"],
  ["exact", "exact"],
  ["clean", "clean"],
  ["versus", ""],
];

// [outcome, what it is] of the shares, which open what they count.
/** @type {Partial<Record<typeof FIGURES[number][0], [outcome: Outcome, title: string]>>} */
const OPENS = {
  exact: ["exact", "Solutions whose first error it names"],
  clean: ["right", "Solutions without an error in which it sees none"],
};

/** @type {(figure: typeof FIGURES[number], owner: Owner) => HTMLElement} */
const figure = ([name, word], owner) => {
  const opens = OPENS[name];
  const parts = [
    svg(
      "svg",
      { class: "line", viewBox: "0 0 22 8", "aria-hidden": "true" },
      svg("line", { x1: 0, x2: 22, y1: 4, y2: 4, class: `curve ${name}` }),
    ),
    el("span", { class: "name" }, word),
    el("span", { class: "value" }),
  ];
  if (!opens) return el("span", { class: `figure ${name}` }, ...parts);
  const [outcome, title] = opens;
  const onclick = () => owner.choose({ outcome });
  return button({ class: `figure ${name}`, title, onclick }, ...parts);
};

/** @type {(part: CurvePart, scene: Scene) => void} */
export function paintCurve(part, scene) {
  const { data, chosen } = scene;
  const t = data.thresholds[chosen.at];
  paintFigures(part, scene);
  const width = Math.max(part.plot.clientWidth, 200);
  /** @type {(t: number) => number} */
  const x = (t) => LEFT + (width - LEFT - RIGHT) * t;
  /** @type {(share: number) => number} */
  const y = (share) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
  part.picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  part.picture.replaceChildren(
    ...axes(x, y, width),
    ...curves(scene, x, y),
    ...reading(scene, x, y),
    ...dots(scene, x, y),
  );
  part.handle.style.left = `${x(t)}px`;
  part.handle.setAttribute("aria-valuenow", String(t));
  part.handle.setAttribute("aria-valuetext", spoken(scene));
  setText(part.tag, fraction(t));
  // The tag stays within the plot.
  part.tag.style.translate = `${Math.min(0, width - 22 - x(t)) + Math.max(0, 22 - x(t))}px 0`;
  paintMarks(part, scene);
  const set = data.dots.find((dot) => dot.kind === "set");
  part.use.hidden = !set;
  part.use.disabled = !set || Math.abs(set.t - t) < 1e-9;
  setText(part.use, `use ${fraction(t)}`);
}

/** @type {(scene: Scene) => string} */
function spoken({ data, chosen: { at } }) {
  const rates = `exact ${percent(data.exact[at])}, clean ${percent(data.clean[at])}`;
  return `${fraction(data.thresholds[at])}: F1 ${fraction(data.f1[at], 3)}, ${rates}`;
}

/** @type {(part: CurvePart, scene: Scene) => void} */
function paintFigures({ figures }, { data, chosen: { at } }) {
  /** @type {(name: string, value: string) => void} */
  const show = (name, value) => setText(within(figures, `.${name} .value`), value);
  show("f1", fraction(data.f1[at], 3));
  show("exact", percent(data.exact[at]));
  show("clean", percent(data.clean[at]));
  within(figures, ".versus").hidden = !data.versus;
  setText(within(figures, ".versus .name"), data.versus_name);
  show("versus", data.versus ? fraction(data.versus[at], 3) : "");
}

/** @typedef {(value: number) => number} Scale */

/** @type {(x: Scale, y: Scale, width: number) => SVGElement[]} */
function axes(x, y, width) {
  const lines = TICKS.flatMap((share) => [
    svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(share), y2: y(share) }),
    svg("text", { class: "tick end", x: LEFT - 6, y: y(share) + 4 }, tick(share)),
  ]);
  const below = TICKS.map((t) =>
    svg("text", { class: "tick middle", x: x(t), y: HEIGHT - BOTTOM + 17 }, tick(t)),
  );
  return [...lines, ...below];
}

/** @type {(value: number) => string} */
const tick = (value) => (value === 0 || value === 1 ? String(value) : fraction(value));

/** @type {(scene: Scene, x: Scale, y: Scale) => SVGElement[]} */
function curves({ data }, x, y) {
  /** @type {[string, Curve | null][]} */
  const all = [
    ["versus", data.versus],
    ["clean", data.clean],
    ["exact", data.exact],
    ["f1", data.f1],
  ];
  return all.flatMap(([name, curve]) =>
    curve ? [svg("path", { class: `curve ${name}`, d: pathOf(data.thresholds, curve, x, y) })] : [],
  );
}

// The threshold's line, where it meets the curves, and the interval of F1.
/** @type {(scene: Scene, x: Scale, y: Scale) => SVGElement[]} */
function reading({ data, chosen: { at, set } }, x, y) {
  const here = x(data.thresholds[at]);
  const line = svg("line", { class: "threshold", x1: here, x2: here, y1: TOP - 6, y2: y(0) });
  const settled = at === set && Math.abs(data.thresholds[at] - data.t) < 1e-9;
  const whisker =
    data.interval && settled
      ? [
          svg("line", {
            class: "interval",
            x1: here,
            x2: here,
            y1: y(data.interval[0]),
            y2: y(data.interval[1]),
          }),
        ]
      : [];
  const meets = [data.clean[at], data.exact[at], data.f1[at]].flatMap((share, i) =>
    share === null
      ? []
      : [svg("circle", { class: i === 2 ? "meet f1" : "meet", cx: here, cy: y(share), r: 3.5 })],
  );
  return [line, ...whisker, ...meets];
}

// Marked thresholds on their curves.
/** @type {(scene: Scene, x: Scale, y: Scale) => SVGElement[]} */
const dots = ({ data }, x, y) => data.dots.map(({ kind, t, f1 }) => glyph(kind, x(t), y(f1)));

// A disc where the threshold is set, a ring where it is best, a square for the other PRM.
/** @type {(kind: Dot["kind"], x: number, y: number) => SVGElement} */
const glyph = (kind, x, y) =>
  kind === "versus"
    ? svg("rect", { class: "dot versus", x: x - 4, y: y - 4, width: 8, height: 8 })
    : svg("circle", { class: `dot ${kind}`, cx: x, cy: y, r: kind === "best" ? 6 : 4.5 });

// Under the plot what the marks are; each leads to its threshold.
/** @type {(part: CurvePart, scene: Scene) => void} */
function paintMarks({ marks }, { data }) {
  const words = JSON.stringify([data.dots, data.versus_name]);
  if (marks.dataset.words === words) return; // a button keeps the keyboard
  marks.dataset.words = words;
  const names = { set: "set", best: "best", versus: data.versus_name };
  marks.replaceChildren(
    ...data.dots.map(({ kind, t, f1 }) =>
      el(
        "button",
        { type: "button", class: "mark", "data-t": t, title: `F1 ${fraction(f1, 3)}. Go there` },
        svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, glyph(kind, 8, 8)),
        `${names[kind]} ${fraction(t)}`,
      ),
    ),
  );
}
