// What a reasoning model thought, in the text of a step, apart from what it says. Pure.
// The marks are those of models/steps.py.

const PAIRS = [
  [/<((?:seed:)?(?:think|thinking|thoughts?))>/i, /<\/(?:seed:)?(?:think|thinking|thoughts?)>/i],
  [/\[THINK\]/i, /\[\/THINK\]/i],
  [/\u25c1think\u25b7/i, /\u25c1\/think\u25b7/i],
  [/<\|begin_of_thought\|>/i, /<\|end_of_thought\|>/i],
];

// {before, thought, after} of the first thinking in `text`; null where there is none. Thinking that
// was opened in the prompt has its end alone, and one that was cut has no end.
/** @type {(text: string) => { before: string; thought: string; after: string } | null} */
export function thinking(text) {
  for (const [opens, closes] of PAIRS) {
    const open = opens.exec(text);
    const start = open ? open.index : 0;
    const inside = open ? open.index + open[0].length : 0;
    const close = closes.exec(text.slice(inside));
    if (!open && !close) continue;
    const end = close ? inside + close.index : text.length;
    const behind = close ? end + close[0].length : text.length;
    return {
      before: text.slice(0, start).trim(),
      thought: text.slice(inside, end).trim(),
      after: text.slice(behind).trim(),
    };
  }
  return null;
}

/** @type {(text: string) => number} */
export const wordsIn = (text) => text.split(/\s+/).filter(Boolean).length;
