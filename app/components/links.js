// Links within the app: the next page without loading the document anew, and Back to where one was.

const SCROLLED = "[data-testid=stMain]"; // What Streamlit scrolls, the window never.
const SETTLED = 150; // ms without scrolling, after which the place is noted
const PATIENCE = 5000; // ms that a page may take to grow to where it was left

// A click on `link` goes there as Streamlit's own navigation does: the address changes, the page
// hears of it, and Back returns. Whatever opens a tab or a window is left to the browser.
/** @type {(link: HTMLAnchorElement) => void} */
export function followInApp(link) {
  link.addEventListener("click", (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    go(link.href);
  });
}

// Follows `link` on `key`, wherever the keyboard is but in a text, for as long as the page has it.
/** @type {(link: HTMLAnchorElement, key: string) => void} */
export function followOnKey(link, key) {
  const follow = (/** @type {KeyboardEvent} */ event) => {
    const at = event.composedPath()[0];
    const writing =
      at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement || event.isComposing;
    if (!link.isConnected) document.removeEventListener("keydown", follow);
    else if (event.key === key && !writing && !event.ctrlKey && !event.metaKey && !event.repeat)
      link.click();
  };
  document.addEventListener("keydown", follow);
}

// Goes to an address of this app. `replace`: the address left behind is no step to return to.
/** @type {(href: string, options?: { replace?: boolean }) => void} */
export function go(href, { replace = false } = {}) {
  const to = new URL(href, document.baseURI);
  const samePage = to.pathname === window.location.pathname;
  if (replace || (samePage && to.search === window.location.search)) {
    window.history.replaceState(window.history.state, "", to);
  } else {
    notePlace();
    window.history.pushState({}, "", to);
  }
  window.dispatchEvent(new PopStateEvent("popstate", { state: window.history.state }));
  if (!samePage) scrolled()?.scrollTo({ top: 0, behavior: "instant" });
}

const scrolled = () => document.querySelector(SCROLLED);

// How far the page is scrolled, kept with its entry of the history.
function notePlace() {
  const top = scrolled()?.scrollTop ?? 0;
  if ((window.history.state?.top ?? 0) !== top)
    window.history.replaceState({ ...window.history.state, top }, "");
}

// Back and Forward return to the place: at once, and again while the page grows, until it is
// reached, the reader scrolls, or the page has had its time.
/** @type {(top: number) => void} */
function returnTo(top) {
  const until = performance.now() + PATIENCE;
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  for (const event of ["wheel", "pointerdown", "keydown", "popstate"])
    window.addEventListener(event, stop, { once: true, capture: true });
  const step = () => {
    const main = scrolled();
    if (stopped || !main) return;
    if (Math.abs(main.scrollTop - top) > 1) main.scrollTo({ top, behavior: "instant" });
    if (performance.now() < until) requestAnimationFrame(step);
  };
  step();
}

// Once for the document, however many modules of however many components import this one.
if (!("stepLensPlaces" in window)) {
  Object.assign(window, { stepLensPlaces: true });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let settled;
  const scrolling = (/** @type {Event} */ event) => {
    if (event.target !== scrolled()) return;
    clearTimeout(settled);
    settled = setTimeout(notePlace, SETTLED);
  };
  window.addEventListener("scroll", scrolling, { capture: true, passive: true });
  window.addEventListener("popstate", (event) => {
    clearTimeout(settled);
    if (event.isTrusted) returnTo(event.state?.top ?? 0);
  });
  if (window.history.state?.top) returnTo(window.history.state.top); // a reload
}
