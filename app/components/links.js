// Links within the app: the next page without loading the document anew.

// A click on `link` goes there as Streamlit's own navigation does: the address changes, the page
// hears of it, and Back returns. Whatever opens a tab or a window is left to the browser.
/** @type {(link: HTMLAnchorElement) => void} */
export function followInApp(link) {
  link.addEventListener("click", (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    window.history.pushState(null, "", link.href);
    window.dispatchEvent(new PopStateEvent("popstate"));
  });
}
