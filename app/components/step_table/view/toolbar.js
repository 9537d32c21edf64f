// One tab stop for a row of buttons; the left and right arrows move within it.

export function makeToolbar(bar) {
  const stops = () => [...bar.querySelectorAll(".key")].filter((node) => !node.hidden && !node.disabled);
  const choose = (node) => {
    for (const key of bar.querySelectorAll(".key")) key.tabIndex = key === node ? 0 : -1;
  };
  bar.addEventListener("focusin", (event) => event.target.matches(".key") && choose(event.target));
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const all = stops();
    const at = all.indexOf(event.target);
    if (!by || at < 0) return;
    event.preventDefault();
    all[(at + by + all.length) % all.length].focus();
  });
  choose(bar.querySelector(".key.primary") ?? bar.querySelector(".key"));
}
