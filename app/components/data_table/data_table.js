// Draws the tables and the flow that app/components/data_table/data_table.py describes. Every text becomes a text node:
// data sets and models wrote it, so nothing of it is ever parsed as markup.
const SVG = "http://www.w3.org/2000/svg"
const SAFE_LINK = /^[a-z_]*(\?[^#]*)?$/ // a page of this app, nothing with a scheme or a host

function make(tag, classes, ...children) {
  const node = document.createElement(tag)
  if (classes) node.className = classes
  node.append(...children)
  return node
}

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  return node
}

const draw = {
  text: (cell) => make("span", cell.style, String(cell.value)),
  link(cell) {
    const link = make("a", cell.style, String(cell.value))
    if (SAFE_LINK.test(cell.href)) link.setAttribute("href", cell.href)
    link.target = "_self"
    return link
  },
  pick(cell, host) {
    const button = make("button", cell.style, String(cell.value))
    button.type = "button"
    button.addEventListener("click", () => host.pick(cell.id))
    return button
  },
  // A box that stays ticked while the table shows other rows; `ids` are those it stands for.
  check(cell, host) {
    const box = make("input", "check")
    box.type = "checkbox"
    box.setAttribute("aria-label", cell.label)
    box.dataset.ids = cell.ids.join(" ")
    box.checked = cell.ids.length > 0 && cell.ids.every((id) => host.checked.has(id))
    box.addEventListener("change", () => host.check(cell.ids, box.checked))
    return box
  },
  copy(cell) {
    const button = make("button", cell.style, String(cell.value))
    button.type = "button"
    button.addEventListener("click", async () => {
      const text = cell.href ? new URL(cell.href, document.baseURI).href : cell.text
      try {
        await navigator.clipboard.writeText(text)
        button.textContent = "copied"
      } catch {
        button.textContent = text
      }
    })
    return button
  },
  kind: (cell) => make("span", `nowrap ${cell.hue}`, make("i", "dot"),
    cell.href ? draw.link({ value: cell.value, href: cell.href, style: "quiet" }) : String(cell.value)),
  bar(cell) {
    const fill = make("div", "fill")
    fill.style.width = `${Math.max(0, Math.min(1, cell.share)) * 100}%`
    const track = make("div", "track", fill)
    return make("div", `bar ${cell.hue || ""}`, track, make("span", "value", String(cell.value)))
  },
  // A point with its interval on a line from 0 to 1.
  interval(cell) {
    const svg = shape("svg", { class: `interval ${cell.hue || ""}`, viewBox: "0 0 144 18" })
    const x = (share) => 4 + 136 * Math.max(0, Math.min(1, share))
    const line = (x1, x2, width, colour) =>
      svg.append(shape("line", { x1, x2, y1: 9, y2: 9, style: `stroke:${colour};stroke-width:${width}` }))
    line(x(0), x(1), 1, "var(--st-border-color)")
    line(x(cell.low), x(cell.high), 2, "var(--hue, var(--st-primary-color))")
    svg.append(shape("circle", { cx: x(cell.value), cy: 9, r: 4, style: "fill:var(--hue, var(--st-primary-color))" }))
    return svg
  },
  // One square per step and annotator; the first error of each is the filled one.
  strip(cell) {
    const side = cell.steps > 14 ? 4.5 : 7
    const steps = Math.min(cell.steps, 40)
    const svg = shape("svg", {
      class: "strip", width: steps * side, height: cell.marks.length * 7,
      role: "img", "aria-label": cell.title,
    })
    cell.marks.forEach((mark, row) => {
      for (let step = 0; step < steps; step++) {
        const here = mark.first_error === step
        const after = mark.first_error !== -1 && mark.first_error !== null && step > mark.first_error
        const unknown = mark.first_error === null
        svg.append(shape("rect", {
          x: step * side, y: row * 7, width: side - (side < 7 ? 1 : 1.5), height: 5.5, rx: 1,
          class: mark.hue,
          style: here
            ? "fill:var(--hue)"
            : `fill:var(--st-gray-color);opacity:${unknown ? 0.1 : after ? 0.14 : 0.34}`,
        }))
      }
    })
    const title = shape("title", {})
    title.textContent = cell.title
    svg.append(title)
    return svg
  },
  stack: (cell, host) => make("div", "stack", ...cell.cells.map((one) => make("div", "", paint(one, host)))),
  inline: (cell, host) => make("span", "inline", ...cell.cells.map((one) => paint(one, host))),
}

function paint(cell, host) {
  if (cell === null || cell === undefined) return document.createTextNode("")
  if (typeof cell !== "object") return document.createTextNode(String(cell))
  const node = draw[cell.kind](cell, host)
  if (cell.title && cell.kind !== "strip") node.title = cell.title
  return node
}

function table(data, host) {
  if (!data.rows.length) return make("div", "empty", data.empty)
  const head = make("tr")
  for (const column of data.columns) {
    const cell = make("th", column.style, column.check ? paint(column.check, host) : column.label)
    if (column.title) cell.title = column.title
    if (column.width) cell.style.width = column.width
    head.append(cell)
  }
  const body = make("tbody")
  for (const row of data.rows) {
    const line = make("tr", row.style)
    row.cells.forEach((cell, place) =>
      line.append(make("td", data.columns[place].style, paint(cell, host))))
    body.append(line)
  }
  const parts = data.columns.some((column) => column.label) ? [make("thead", "", head)] : []
  return make("div", "scroll", make("table", "", ...parts, body))
}

function flow(data, host) {
  return make("div", "flow", ...data.stages.map((stage) =>
    make("div", `stage ${stage.state}`,
      make("div", "label", stage.label),
      make("div", "value", paint(stage.value, host)),
      make("div", "note", stage.note))))
}

// What the cells of one table may do, and which of its rows are ticked.
function hostOf({ parentElement, setTriggerValue, setStateValue }) {
  const checked = (parentElement.__checked ??= new Set())
  return {
    checked,
    pick: (id) => setTriggerValue("picked", id),
    check(ids, on) {
      for (const id of ids) on ? checked.add(id) : checked.delete(id)
      for (const box of parentElement.querySelectorAll("input.check")) {
        const its = box.dataset.ids.split(" ").filter(Boolean).map(Number)
        box.checked = its.length > 0 && its.every((id) => checked.has(id))
      }
      setStateValue("checked", [...checked])
    },
  }
}

export default function (component) {
  const { data, parentElement } = component
  // Streamlit calls this again whenever the page runs; redrawing the same data would flicker.
  const words = JSON.stringify(data)
  if (parentElement.__drawn === words && parentElement.querySelector(".data-table")) return
  parentElement.__drawn = words
  parentElement.querySelector(".data-table")?.remove()
  const box = make("div", "data-table")
  const host = hostOf(component)
  box.append(data.stages ? flow(data, host) : table(data, host))
  parentElement.append(box)
}
