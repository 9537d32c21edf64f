// Links within the app: the next page without loading the document anew, and Back to where one was.

const SCROLLED = "[data-testid=stMain]"; // What Streamlit scrolls, the window never.
const PAGES = "a[data-testid=stSidebarNavLink]"; // Streamlit's links to pages, its link within a
const PAGE_LINK = "a[data-testid=stPageLink-NavLink]"; // page, and its way home
const HOME = "[data-testid=stLogoLink]";
const SETTLED = 150; // ms without scrolling, after which the place is noted
const PATIENCE = 5000; // ms that a page may take to grow to where it was left

// A click on `link` goes there as Streamlit's own navigation does: the address changes, the page
// hears of it, and Back returns. Whatever opens a tab or a window is left to the browser.
/** @type {(link: HTMLAnchorElement) => void} */
export function followInApp(link) {
  link.addEventListener("click", (event) => {
    if (!isPlain(event)) return;
    event.preventDefault();
    go(link.href);
  });
}

/** @type {(click: MouseEvent) => boolean} */
const isPlain = (click) =>
  click.button === 0 && !click.ctrlKey && !click.metaKey && !click.shiftKey && !click.altKey;

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
    push(to);
  }
  window.dispatchEvent(new PopStateEvent("popstate", { state: window.history.state }));
  if (!samePage) scrolled()?.scrollTo({ top: 0, behavior: "instant" });
}

const scrolled = () => document.querySelector(SCROLLED);

// A step of the history that a person took. By the prototype, since the page's own is watched.
/** @type {(to: URL | string) => void} */
function push(to) {
  notePlace();
  window.History.prototype.pushState.call(window.history, {}, "", to);
}

// Streamlit writes an address when the run of a page says it. With Back pressed while a page is
// drawn, what that run says comes late: the page left behind would be pushed over the one returned
// to, and Forward be lost. So the path of a page is written where it is asked for, by `go`, by Back
// and Forward, and by a click on one of Streamlit's own links, and no run changes it later. Where a
// late choice was written over the query, Back's own run says the query again (app/ui/address.py).
function keepAddresses() {
  /** @type {string | null} */
  let asked = null; // Until somebody goes anywhere, runs may write what they want.
  window.addEventListener("popstate", () => (asked = window.location.href), { capture: true });
  window.history.pushState = (state, unused, url) => {
    const to = new URL(url ?? "", document.baseURI);
    if (asked === null || to.pathname === window.location.pathname) {
      const again = to.href === asked;
      window.History.prototype[again ? "replaceState" : "pushState"].call(
        window.history,
        again ? window.history.state : state,
        unused,
        url,
      );
    }
  };
  document.addEventListener(
    "click",
    (event) => {
      const on = event.target instanceof Element ? event.target : null;
      if (!isPlain(event) || !on) return;
      if (on.closest(HOME)) asked = null; // It is no link, and says no address.
      const page = on.closest(PAGES);
      if (page instanceof HTMLAnchorElement && page.pathname !== window.location.pathname) {
        push(page.href); // Streamlit goes there, and closes a sidebar that covers the page.
        asked = page.href;
      }
      const link = on.closest(PAGE_LINK);
      if (link instanceof HTMLAnchorElement && !link.target) {
        event.preventDefault();
        event.stopPropagation();
        go(link.href);
      }
    },
    { capture: true },
  );
}

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
  keepAddresses();
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
