// How long a person looked.

/** @import { Stopwatch } from "./types.js" */

// Seconds a person spent looking: the page visible, and some input within the last minute.
/** @type {() => Stopwatch} */
export function stopwatch() {
  const IDLE = 60e3;
  let spent = 0;
  let since = performance.now();
  let touched = since;
  const count = () => {
    const now = performance.now();
    if (document.visibilityState === "visible")
      spent += Math.max(0, Math.min(now, touched + IDLE) - since);
    since = now;
  };
  return {
    touch() {
      count();
      touched = performance.now();
    },
    pause: count,
    seconds() {
      count();
      return Math.round(spent / 100) / 10;
    },
    restart() {
      spent = 0;
      since = touched = performance.now();
    },
  };
}
