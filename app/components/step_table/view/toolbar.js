// One tab stop for a row of buttons; the left and right arrows move within it.

/** @type {(bar: HTMLElement) => void} */
export function makeToolbar(bar) {
  const keys = () =>
    [...bar.querySelectorAll(".key")].filter((node) => node instanceof HTMLButtonElement);
  /** @type {(node: HTMLElement) => void} */
  const choose = (node) => {
    for (const key of keys()) key.tabIndex = key === node ? 0 : -1;
  };
  bar.addEventListener("focusin", ({ target }) => {
    for (const key of keys()) if (key === target) choose(key);
  });
  bar.addEventListener("keydown", (event) => {
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    const all = keys().filter((key) => !key.hidden && !key.disabled);
    const at = all.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    if (!by || at < 0) return;
    event.preventDefault();
    all[(at + by + all.length) % all.length].focus();
  });
  choose(keys().find((key) => key.matches(".primary")) ?? keys()[0]);
}
