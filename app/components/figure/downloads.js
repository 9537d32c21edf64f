// Saves the figure above: Plotly draws the picture, the numbers come from the server.

import { el } from "../dom.js";

/** @import { Component } from "../types.js" */
/** @import { Downloads, Graph } from "./types.js" */

/** @type {(component: Component<Downloads>) => void} */
export default function mountDownloads({ data, parentElement }) {
  parentElement.querySelector(".downloads")?.remove();
  const note = el("span", { class: "note", role: "status" });
  const picture = (/** @type {"png" | "svg"} */ format) => () => {
    note.textContent = savePicture(data.of, format) ? "" : "The figure is not drawn yet.";
  };
  const button = (/** @type {string} */ label, /** @type {() => void} */ onclick) =>
    el("button", { type: "button", onclick, title: `Save ${data.name} as ${label}` }, label);
  parentElement.append(
    el(
      "div",
      { class: "downloads" },
      el("span", { class: "label" }, "Save as"),
      button("PNG", picture("png")),
      button("SVG", picture("svg")),
      button("CSV", () => saveText(data.csv, `${data.name}.csv`, "text/csv")),
      button("LaTeX", () => saveText(data.latex, `${data.name}.tex`, "application/x-tex")),
      note,
    ),
  );
}

// Streamlit's page has no handle on Plotly itself, so its own button is pressed; it reads the
// format anew each time.
/** @type {(of: string, format: "png" | "svg") => boolean} */
function savePicture(of, format) {
  const graph = /** @type {Graph | null} */ (
    document.querySelector(`.st-key-${CSS.escape(of)} .js-plotly-plot`)
  );
  const save = graph?.querySelector(".modebar-btn[data-title^='Download']");
  if (!graph?._context || !(save instanceof HTMLElement)) return false;
  graph._context.toImageButtonOptions.format = format;
  save.click();
  return true;
}

/** @type {(text: string, name: string, type: string) => void} */
function saveText(text, name, type) {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = el("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
