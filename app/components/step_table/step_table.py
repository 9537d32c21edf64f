"""The step table: one solution, what every annotator says of it, and a person's labels.

It is a Streamlit component that owns focus, labels, undo and the next items, so that a key is
answered by the browser; only commits reach the server. A page stores what `st.session_state[key]`
holds in `outbox`, mounts the table with the answer, and looks once more for what came meanwhile.
Keep it outside fragments, and `key` the same for all solutions.

`data`, all JSON values (steps are 0-based; None where unknown):

- `mode`: "review" (Enter saves and goes to the next item), "solution" (Enter saves and stays),
  "read" (no labels).
- `items`: the solution to show and, in review, the next ones (what is pressed while there is no
  item is lost, so send as many as a fast reviewer saves in a second). With none the table shows a
  notice; keep mounting it, so that the last save can still be taken back.
- `acked`: tokens that are on disk. `refused`: {token: reason} that never will be. `cuts`: {token of
  a cut, or of one taken back: {"solution_id", "revision"} of the solution that stands since}.
  `carried`: {token: the solution that what was said of an old cut was carried to}.
- `scope`: names project and person; drafts and unsent commits are kept in the browser under it.
- `queue`: identity of the list the items come from (its filter, say). When it changes, the table
  goes to items[0]; otherwise the browser decides what is on screen.
- `evidence`: {"<solution_id>:<annotator_id>": {"critiques": [str | None per step], "reply": str,
  "prompt": str, "rollouts": [{"step", "outcome", "answer", "text"}], "places": [of a PRM, for each
  step {"n", "below", "wrong", "near"}]} | None}, the answer to `wants`. A pair is asked for once;
  None means that nothing is stored.
- `progress`: {"position": 1-based, of items[0]; "total"; "label"; optional "pace", a short text,
  and "today", how many were labelled today} or None. `help`: open the help.
- `error_types`: [{"name", "word"}], the types that the first error may be given, in the order of
  their keys (digits, then letters).
- `blind`: hold back all that machines and other people say of an item until the reviewer's labels
  first amount to a verdict. Nothing of it is in the page before; an item with a verdict in `mine`
  is not held back. In mode "read" it means nothing.

An item: `solution_id`, `revision` (changes when its steps do), `problem`, `gold`, `answer`,
`is_correct`, `dataset`, `generator`, `reason` (what annotators say; held back when blind),
optional `queue_reason` (why it is queued; always shown, so it must give nothing away), `steps`,
optional `step` (where to start), `annotators`, and `mine`: {"labels": [1 | 0 | -1 | None],
"note": str, "flags": ["bad_problem" | "bad_split" | "unsure"], "error_type", "blind",
"first_labels"} or None; all but `labels` may be missing. `cut_from`: the solution that its steps
were cut from, or None.

An annotator: `id`, `kind` ("mc" | "judge" | "prm" | "human"), `name`, `status`, `first_error`,
`scores` (one per step), `successes` and `trials` (MC) or None, `threshold` (PRM) or None, and
optional `votes` (judge: {"share": 0.75, "n": 4}), `note` and `flags` (human), `old_cut` (it speaks
of the solution that this one was cut from).

A commit, in `outbox`: `token`, `solution_id`, `revision`, `action` ("label" | "skip" | "undo"),
`undoes` (the token taken back), `labels`, `first_error`, `error_type` (why it is one: a name, or
None), `note`, `flags`, `seconds`, `blind`,
`first_labels` (blind: the labels at the moment of the first verdict, None when there was none),
`scores_visible` (were scores seen; when blind, before that verdict, so False). Flags without any
mark are sent as a skip. `cut`: the token of the cut that made the solution here, whose id the
browser may not know yet; then `solution_id` is the old one's. Steps cut anew are an act too:
`action` is "cut", with `steps`, or "uncut", with `undoes`.
It comes from a browser: check it before it is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import streamlit as st

from app.components import assets

# In the order of the cascade: what comes later may overrule what came before.
STYLES = (
    "ground",
    "problem",
    "table",
    "marks",
    "scores",
    "dock",
    "wide",
    "bar",
    "status",
    "keys",
    "help",
    "narrow",
)
Height = int | Literal["fill", "content"]

_component = st.components.v2.component(
    "steplens_step_table",
    js=assets.loader("step_table/step_table.js"),
    css="\n".join(
        (Path(__file__).parent / "styles" / f"{name}.css").read_text("utf-8") for name in STYLES
    ),
)


def step_table(*, key: str, data: Mapping[str, object], height: Height = "fill") -> None:
    """Mount the step table under `key`; what it sends is in `st.session_state[key]`.

    There `outbox` is every commit that it has no acknowledgement for, oldest first; `wants` the
    evidence it asks for, {"solution_id", "annotator_id", "step"}; `position` the solution on screen
    when it last sent a commit. All of it is as the browser sent it.
    `height`: "fill" takes the window's height below the table's top, "content" all that the
    steps need, a number is in pixels.
    """
    _component(
        key=key,
        data={**data, "height": height},
        on_outbox_change=_registered,
        on_wants_change=_registered,
        on_position_change=_registered,
    )


def _registered() -> None:
    """Streamlit keeps what a component sends only where a callback is registered for it."""
