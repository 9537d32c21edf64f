// Building elements. Strings become text nodes: nothing here parses markup.

const SVG = "http://www.w3.org/2000/svg";

export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") node.addEventListener("click", value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== false));
  return node;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// A button that leaves the keyboard where it is, so that Enter still saves after a click.
export function button(attributes, ...children) {
  const node = el("button", { type: "button", ...attributes }, ...children);
  node.addEventListener("mousedown", (event) => event.preventDefault());
  return node;
}
