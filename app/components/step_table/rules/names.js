// Short names for column heads: what the columns of one kind share says nothing there. Pure.

/** @import { Annotator } from "../types.js" */

const SEPARATOR = /([-_/:.@\s]+)/; // kept by split, so that names can be put together again
const SHORTEST = 6; // characters; a name is not cut below this

// One short name per annotator. Whole words are dropped that all of a kind begin or end with.
/** @type {(annotators: Pick<Annotator, "kind" | "name">[]) => string[]} */
export function shortNames(annotators) {
  return annotators.map((one) => {
    const family = annotators.filter((other) => other.kind === one.kind).map((other) => other.name);
    return shorten(one.name, family);
  });
}

/** @type {(name: string, family: string[]) => string} */
function shorten(name, family) {
  if (new Set(family).size < 2) return name;
  const all = family.map((one) => one.split(SEPARATOR));
  const words = name.split(SEPARATOR);
  let head = sharedLength(all);
  let tail = sharedLength(all.map((parts) => parts.slice(head).reverse()));
  const cut = () =>
    words
      .slice(head, words.length - tail)
      .join("")
      .trim();
  while (tail > 0 && cut().length < SHORTEST) tail = Math.max(0, tail - 2);
  while (head > 0 && cut().length < SHORTEST) head = Math.max(0, head - 2);
  return cut() || name;
}

// How many leading parts (word, separator, word, ...) all have, leaving every one a word; even,
// so that what is left begins with a word.
/** @type {(all: string[][]) => number} */
function sharedLength(all) {
  const most = Math.min(...all.map((parts) => parts.length)) - 1;
  let shared = 0;
  while (shared < most && all.every((parts) => parts[shared] === all[0][shared])) shared += 1;
  return shared - (shared % 2);
}

// A name in pieces between which a line may break; never inside a number such as 2.5.
/** @type {(name: string) => string[]} */
export const pieces = (name) => name.split(/(?<=[-_/:@])|(?<=\.)(?!\d)/);
