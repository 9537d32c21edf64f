// What the dock shows of one item: its tabs, the trace of all scores, the evidence behind one.

import { button, el } from "../../dom.js";
import { drawTrace, evidencePanel, legend } from "./dock.js";

/** @import { Dock, Frame, Owner, Panel } from "../types.js" */

const TRACE_HEIGHT = 116;
/** @type {Dock["size"][]} */
const SIZES = ["closed", "small", "tall"];

/** @type {(frame: Frame, panel: Panel, owner: Pick<Owner, "press" | "showDock">) => void} */
export function paintPanel(frame, panel, owner) {
  const { item, focus, dock, annotator, wide, width } = panel;
  paintTabs(frame, panel, owner.showDock);
  const why = whyNothing(panel);
  const trace = [];
  if ((wide || dock.size !== "closed") && (wide || !annotator)) {
    if (why || !item) trace.push(quiet(why));
    else {
      const go = (/** @type {number} */ step) => owner.press({ type: "focus", step });
      trace.push(drawTrace(item, focus, width, TRACE_HEIGHT, go), legend(item));
    }
  }
  frame.traceBox.replaceChildren(...trace);
  const body = [];
  if (annotator && item) {
    const choose = (/** @type {Dock["part"]} */ part) => owner.showDock({ part });
    body.push(
      evidencePanel(item, annotator, focus, panel.evidence, dock.part, choose, panel.katex),
    );
  } else if (wide && !why && panel.sources.length)
    body.push(quiet("Click a score, or press v, for the evidence behind it."));
  frame.dockBody.replaceChildren(...body);
}

/** @type {(panel: Panel) => string} */
function whyNothing({ item, shown, revealed }) {
  if (!item?.annotators.length) return "No annotator has scored this solution yet.";
  if (shown) return "";
  return revealed
    ? "Scores are hidden. m shows them."
    : "Scores are hidden until you have a verdict.";
}

/** @type {(text: string) => HTMLElement} */
const quiet = (text) => el("p", { class: "quiet" }, text);

/** @type {(frame: Frame, panel: Panel, show: Owner["showDock"]) => void} */
function paintTabs(frame, { dock, annotator, sources, wide }, show) {
  const open = wide || dock.size !== "closed";
  /** @type {(id: Dock["tab"], name: string, kind: string, on: boolean) => HTMLButtonElement} */
  const tab = (id, name, kind, on) =>
    button(
      {
        class: `tab ${kind}`,
        title: name,
        "aria-pressed": String(open && on),
        onclick: () => show({ tab: id }),
      },
      kind ? el("span", { class: "shape", "aria-hidden": "true" }) : "",
      el("span", { class: "tab-name" }, name),
    );
  /** @type {(glyph: string, title: string, by: number) => HTMLButtonElement} */
  const size = (glyph, title, by) => {
    const to = SIZES[SIZES.indexOf(dock.size) + by];
    return button(
      {
        class: "size",
        title,
        "aria-label": title,
        disabled: !to,
        onclick: () => show({ size: to }),
      },
      glyph,
    );
  };
  const tabs = sources.map((one) => tab(one.id, one.name, `kind-${one.kind}`, one === annotator));
  if (!wide) tabs.unshift(tab("trace", "Scores", "", !annotator));
  const lead = wide ? el("span", { class: "lead" }, "Evidence") : "";
  const sizes = wide ? [] : [size("▲", "Taller panel", 1), size("▼", "Lower panel", -1)];
  frame.dockTabs.hidden = wide && sources.length === 0 && frame.evidenceKey.hidden;
  frame.dockTabs.replaceChildren(
    lead,
    ...tabs,
    frame.evidenceKey,
    el("span", { class: "spring" }),
    ...sizes,
  );
}
