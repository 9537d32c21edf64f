// Short hands for the tests of the rules: a queue of three solutions, and acts upon it.

import { EMPTY, reduce } from "../../../app/components/step_table/rules/reducer.js";

export const ITEMS = [1, 2, 3].map((id) => ({
  solution_id: id,
  revision: 1,
  steps: ["a", "b", "c", "d"],
  annotators: [],
  mine: null,
}));

let token = 0;

export const start = (mode = "review") =>
  reduce(EMPTY, { type: "data", data: { mode, queue: "q", items: ITEMS, acked: [] } });

// The state after `acts`: actions, or the bare types of actions.
export const run = (state, ...acts) =>
  acts.reduce((now, act) => {
    const action = typeof act === "string" ? { type: act } : act;
    return reduce(now, { token: `t${++token}`, seconds: 1, ...action });
  }, state);

// A blind review whose first solution is changed by `item`.
export const blindly = (item = {}, drafts = {}, mode = "review") =>
  reduce(EMPTY, {
    type: "data",
    drafts,
    data: {
      mode,
      queue: "q",
      acked: [],
      blind: true,
      items: [{ ...ITEMS[0], ...item }, ...ITEMS.slice(1)],
    },
  });

export const flag = (name) => ({ type: "flag", flag: name });
export const label = (value) => ({ type: "label", value });
export const at = (step) => ({ type: "focus", step });
