// Links within the app: the next page without loading the document anew, where that is safe.

// What a link may carry and still be followed in place. Streamlit takes every name that a widget of
// the page left behind is bound to out of the new address, and keeps the session's widgets: a link
// to a filtered list would lose its filter, one to the same page would keep the old choices.
const CARRIED = new Set(["id"]);

// A click on `link` goes there as Streamlit's own navigation does: the address changes, the page
// hears of it, and Back returns. Whatever opens a tab or a window is left to the browser.
/** @type {(link: HTMLAnchorElement) => void} */
export function followInApp(link) {
  link.addEventListener("click", (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
      return;
    const to = new URL(link.href);
    const here = to.pathname === window.location.pathname;
    if (here || [...to.searchParams.keys()].some((name) => !CARRIED.has(name))) return;
    event.preventDefault();
    window.history.pushState(null, "", to);
    window.dispatchEvent(new PopStateEvent("popstate"));
  });
}
