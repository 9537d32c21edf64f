// The table itself: one row a step, one column an annotator. Built once per item, then patched.

/** @import { Annotator, Doc, Item, Katex, Mode, Owner, Press, Row, State, Table } from "../types.js" */

import { button, el, setText, within } from "../../dom.js";
import { untouched, verdict } from "../rules/doc.js";
import { pieces, shortNames } from "../rules/names.js";
import {
  cell,
  dispute,
  headDetail,
  lastInScope,
  scoresSteps,
  verdictText,
} from "../rules/reading.js";
import { machinesShown } from "../rules/reducer.js";
import { renderStep } from "./tex.js";

/** @type {Record<string, string>} */
export const KIND_WORD = { mc: "Monte Carlo", judge: "judge", prm: "PRM", human: "person" };
/** @type {[mark: string, does: Press & { type: string }, glyph: string, word: string][]} */
const MARK_BUTTONS = [
  ["1", { type: "label", value: 1 }, "✓", "correct"],
  ["0", { type: "label", value: 0 }, "–", "neutral"],
  ["-1", { type: "label", value: -1 }, "✗", "wrong"],
  ["flag", { type: "first_error" }, "⚑", "first error here"],
];
const RENDERED_AT_ONCE = 6; // steps typeset before the first paint; the rest as they come near

// `act(action)` dispatches; `openEvidence(annotator, step)` shows what is behind a score.
/** @type {(item: Item, mode: Mode, owner: Pick<Owner, "act"> & Pick<Table, "openEvidence">) => Table} */
export function buildTable(item, mode, { act, openEvidence }) {
  const labelled = mode !== "read" || Boolean(item.mine && !untouched(item.mine.labels));
  const yours = labelled && el("th", { scope: "col", class: "you kind-human" }, headCell("You"));
  const short = shortNames(item.annotators);
  const detailed = item.annotators.some(headDetail);
  const heads = item.annotators.map((annotator, i) => annotatorHead(annotator, short[i], detailed));
  const head = el(
    "tr",
    {},
    el("th", { scope: "col", class: "number" }, "#"),
    el("th", { scope: "col", class: "text" }, "Step"),
    yours,
    ...heads,
  );
  const rows = item.steps.map((text, step) => buildRow(item, step, text, mode, labelled, act));
  const many = item.annotators.length > 6 ? "dense" : item.annotators.length > 4 ? "close" : "";
  const columns = [
    el("col", { class: "number" }),
    el("col", { class: "text" }),
    labelled && el("col", { class: "you" }),
    ...item.annotators.map(() => el("col")),
  ];
  const node = el(
    "table",
    {
      role: "grid",
      tabindex: "0",
      "aria-label": "Steps and what each annotator says",
      class: many,
      style: `--n: ${item.annotators.length}`,
    },
    el("colgroup", {}, ...columns),
    el("thead", {}, head),
    el("tbody", {}, ...rows.map((row) => row.tr)),
  );
  return {
    node,
    rows,
    yours: yours || null,
    heads,
    item,
    openEvidence,
    shown: null,
    typeset: new Set(),
  };
}

/** @type {(name: string, title?: string, detailed?: boolean) => HTMLElement} */
function headCell(name, title = name, detailed = false) {
  return el(
    "div",
    { class: "head" },
    el(
      "span",
      { class: "name", title },
      shape(),
      ...pieces(name).flatMap((piece) => [piece, el("wbr")]),
    ),
    el("span", { class: "verdict" }),
    detailed && el("span", { class: "detail" }),
  );
}

/** @type {() => HTMLElement} */
const shape = () => el("span", { class: "shape", "aria-hidden": "true" });
/** @type {(annotator: Annotator) => string} */
const fullName = ({ name, kind, old_cut }) =>
  `${name} (${KIND_WORD[kind]}${old_cut ? ", of the old cut" : ""})`;

/** @type {(annotator: Annotator) => string} */
const columnClass = ({ kind, old_cut }) => `score kind-${kind}${old_cut ? " old-cut" : ""}`;

/** @type {(annotator: Annotator, short: string, detailed: boolean) => HTMLElement} */
function annotatorHead(annotator, short, detailed) {
  return el(
    "th",
    { scope: "col", class: columnClass(annotator) },
    headCell(short, fullName(annotator), detailed),
  );
}

/** @type {(item: Item, step: number, text: string, mode: Mode, labelled: boolean, act: Owner["act"]) => Row} */
function buildRow(item, step, text, mode, labelled, act) {
  const body = el("div", { class: "body" }, renderStep(text, null));
  const marks = MARK_BUTTONS.map(([mark, action, glyph, word]) =>
    button(
      {
        class: `mark m${mark}`,
        tabindex: "-1",
        title: word,
        "aria-label": `Step ${step + 1}: ${word}`,
        "aria-pressed": "false",
        disabled: mode === "read",
        onclick: () => {
          act({ type: "focus", step });
          const pressed = action.type === "label" && tr.dataset.label === mark;
          act(pressed ? { type: "label", value: null } : action);
        },
      },
      glyph,
    ),
  );
  const you = labelled && el("td", { class: "you" }, el("div", { class: "marks" }, ...marks));
  const scores = item.annotators.map(() => el("td"));
  const differ = el("span", { class: "differ" });
  const number = el("td", { class: "number" }, differ, `${step + 1}`);
  const tr = el(
    "tr",
    { id: `step-${step}`, "aria-selected": "false", "data-label": "none" },
    number,
    el("td", { class: "text" }, body),
    you,
    ...scores,
  );
  tr.addEventListener("click", () => act({ type: "focus", step }));
  return { tr, body, text, marks, scores, differ };
}

// What machines say is in the page only while it may be seen; nothing is merely invisible.
/** @type {(table: Table, shown: boolean) => void} */
function showScores(table, shown) {
  if (table.shown === shown) return;
  table.shown = shown;
  const { annotators } = table.item;
  table.heads.forEach((head, i) => {
    const annotator = annotators[i];
    const reached = shown ? verdictText(annotator).join(" ") : "";
    // A threshold is no verdict: it need not wait.
    const detail = shown || scoresSteps(annotator) ? headDetail(annotator) : "";
    setText(within(head, ".verdict"), reached);
    if (head.querySelector(".detail")) setText(within(head, ".detail"), detail);
    head.setAttribute(
      "aria-label",
      [fullName(annotator), reached, detail].filter(Boolean).join(", "),
    );
  });
  table.rows.forEach(({ scores }, step) => {
    scores.forEach((td, i) => {
      td.className = columnClass(annotators[i]);
      if (shown) fillCell(td, annotators[i], step, table.openEvidence);
      else td.replaceChildren();
    });
  });
}

/** @type {(td: HTMLTableCellElement, annotator: Annotator, step: number, openEvidence: Table["openEvidence"]) => void} */
function fillCell(td, annotator, step, openEvidence) {
  const { text, fraction, tone, flag, spoken } = cell(annotator, step);
  const last = annotator.first_error ?? -1;
  const beyond = last >= 0 && step > last;
  const bar = el("span", { class: "bar", "aria-hidden": "true" });
  if (fraction !== null)
    bar.append(el("span", { class: "fill", style: `width:${Math.round(fraction * 100)}%` }));
  const door = button(
    {
      class: "door",
      tabindex: "-1",
      "aria-label": `${annotator.name}, step ${step + 1}: ${spoken}`,
      title: `${annotator.name}: ${spoken}`,
      onclick: () => openEvidence(annotator, step),
    },
    fraction !== null ? bar : "",
    el("span", { class: "value" }, text),
    el("span", { class: "flag", "aria-hidden": "true" }, flag ? "⚑" : ""),
  );
  td.classList.add(`tone-${tone}`);
  td.classList.toggle("flagged", flag);
  td.classList.toggle("beyond", beyond);
  td.classList.toggle("plain", fraction === null);
  td.replaceChildren(door);
}

// Everything that depends on the reviewer's state; cheap, runs on every act.
/** @type {(table: Table, state: State) => void} */
export function patchTable(table, state) {
  const { doc } = state;
  if (!doc) return;
  const shown = machinesShown(state);
  const machines = shown ? table.item.annotators : [];
  const reached = table.yours ? verdict(doc.labels).first_error : null;
  const { agree, disputed } = dispute(machines, reached);
  const scope = lastInScope(machines, reached);
  table.node.classList.toggle("agreed", agree);
  showScores(table, shown);
  table.node.setAttribute("aria-activedescendant", `step-${doc.focus}`);
  if (table.yours) patchYours(table.yours, doc, reached);
  table.rows.forEach((row, step) => {
    const { tr } = row;
    const focused = step === doc.focus;
    tr.classList.toggle("focused", focused);
    tr.setAttribute("aria-selected", String(focused));
    tr.classList.toggle("disputed", disputed.has(step));
    tr.classList.toggle("beyond", step > scope);
    const differs = disputed.has(step);
    setText(row.differ, differs ? "≠" : "");
    row.differ.title = differs ? "Annotators differ on whether the first error is here" : "";
    const label = doc.labels[step];
    tr.dataset.label = label === null ? "none" : String(label);
    tr.classList.toggle("implied", doc.implied[step]);
    row.marks.forEach((mark, i) => {
      const [name] = MARK_BUTTONS[i];
      const on = name === "flag" ? reached === step : label !== null && name === String(label);
      mark.classList.toggle("on", on);
      mark.setAttribute("aria-pressed", String(on));
    });
  });
}

/** @type {(head: HTMLElement, doc: Doc, reached: number | null) => void} */
function patchYours(head, doc, reached) {
  const marked = doc.labels.filter((label) => label !== null).length;
  const text =
    reached === null
      ? marked
        ? `${marked}/${doc.labels.length} marked`
        : "unmarked"
      : reached < 0
        ? "✓ no error"
        : `⚑ step ${reached + 1}`;
  setText(within(head, ".verdict"), text);
}

// Typeset the steps that are near the screen; `raw` shows the source instead.
/** @type {(table: Table, katex: Katex | null, raw: boolean, scroller: Element) => void} */
export function typeset(table, katex, raw, scroller) {
  table.observer?.disconnect();
  /** @type {(step: number) => void} */
  const show = (step) => {
    if (table.typeset.has(step)) return;
    table.typeset.add(step);
    const { body, text } = table.rows[step];
    body.replaceChildren(raw ? document.createTextNode(text) : renderStep(text, katex));
  };
  table.node.classList.toggle("raw", raw);
  table.typeset.clear();
  const from = raw ? table.rows.length : Math.min(RENDERED_AT_ONCE, table.rows.length);
  for (let step = 0; step < from; step++) show(step);
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
        show(Number(target.id.slice(5)));
        observer.unobserve(target);
      }
    },
    { root: scroller, rootMargin: "800px 0px" },
  );
  table.observer = observer;
  for (const row of table.rows.slice(from)) observer.observe(row.tr);
}
