// Draws the figures in the theme on screen: that of the system, until the button asks for another.
const NARROW = 560; // pixels
const drawn = JSON.parse(document.getElementById("figures").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
let asked = null;

function isDark() {
  return asked ?? dark.matches;
}

function show() {
  const root = document.documentElement;
  root.classList.toggle("dark", isDark());
  document.getElementById("theme").textContent = isDark() ? "Light" : "Dark";
  for (const place of document.querySelectorAll(".chart")) {
    const { data, layout } = drawn[Number(place.dataset.figure)][isDark() ? "dark" : "light"];
    const config = { displaylogo: false, responsive: true, modeBarButtons: [["toImage"]] };
    Plotly.react(place, data, fitted(layout, place.clientWidth), config);
  }
}

// On a phone the names of rows would leave no room for what is in them.
function fitted(layout, width) {
  const copy = structuredClone(layout);
  if (width >= NARROW) return copy;
  copy.font.size = 11;
  let lines = 1;
  for (const [name, axis] of Object.entries(copy)) {
    if (!/^[xy]axis\d*$/.test(name)) continue;
    axis.tickfont.size = 11;
    if (name.startsWith("x") && axis.tickvals === undefined) axis.nticks = 5;
    if (!axis.categoryarray) continue;
    axis.tickvals = axis.categoryarray;
    axis.ticktext = axis.categoryarray.map((words) => wrapped(words, 20));
    lines = Math.max(lines, ...axis.ticktext.map((words) => words.split("<br>").length));
  }
  copy.height *= 1 + 0.5 * (lines - 1);
  return copy;
}

function wrapped(words, length) {
  const lines = [""];
  for (const word of words.split(" ")) {
    const line = lines[lines.length - 1];
    if (line && line.length + word.length >= length) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines.join("<br>");
}

document.getElementById("theme").addEventListener("click", () => {
  asked = !isDark();
  show();
});
dark.addEventListener("change", show);
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  show();
});
show();
