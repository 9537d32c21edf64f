"""The errors board: threshold curve, cross table of first errors and chips of outcomes as one.

Dragging the threshold reads other entries of arrays that are in the browser already, so the page
does not run before the threshold is let go. What travels is counts, whose size depends on the
number of steps and not on the number of solutions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

import streamlit as st

from app.components import assets

# What a verdict can be beside its reference, in the words of db.lists.filters.OUTCOMES.
Outcome = Literal[
    "missed", "false_alarm", "early", "late", "no_verdict", "no_verdict_right", "exact", "right"
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
# (predicted, reference): 0-based first errors, -1 for none; predicted is None for no verdict.
Cell = tuple[int | None, int]
Count = tuple[int | None, int, int]  # of a cell: predicted, reference, solutions

_component = st.components.v2.component(
    "steplens_errors_board",
    js=assets.loader("errors_board/errors_board.js"),
    css=Path(__file__).with_name("errors_board.css").read_text("utf-8"),
)


@dataclass(frozen=True, slots=True)
class Dot:
    """A threshold worth going to: "versus" is the other PRM's own, on its curve.

    "set" is the threshold that the annotator's stored verdicts were made with.
    """

    kind: Literal["set", "best", "versus"]
    t: float
    f1: float


@dataclass(frozen=True, slots=True)
class Board:
    """What a PRM's verdicts come to at each of T thresholds, against a reference.

    `thresholds` (T,) ascend from 0 to 1, and `t` is one of them. `f1`, `exact` (the share of wrong
    solutions whose first error is found) and `clean` (the share of right ones without a flag) are
    curves (T,) of fractions, NaN or None where they are not defined; `versus` is the F1 curve of
    the PRM called `versus_name`. `changes` (T lists) count the verdicts at each threshold, as
    `changes_of` has them: they are made once for many drawings.
    `interval` is of the F1 at `t`. `cell` and `outcome` are what is chosen.
    """

    thresholds: Sequence[float]
    changes: Sequence[Sequence[int | None]]
    f1: Sequence[float | None]
    exact: Sequence[float | None]
    clean: Sequence[float | None]
    t: float
    n_wrong: int
    n_right: int
    annotator: str
    reference: str
    dots: Sequence[Dot] = ()
    interval: tuple[float, float] | None = None
    versus: Sequence[float | None] | None = None
    versus_name: str = ""
    cell: Cell | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class BoardState:
    """What is on the board; `use` is whether "use this threshold" was pressed just now, for `t`.

    At most one of `cell` and `outcome` is chosen.
    """

    t: float
    cell: Cell | None
    outcome: Outcome | None
    use: bool


def errors_board(board: Board, *, key: str) -> BoardState:
    """Draw the board; returns what a person has made of it, which the page makes its own.

    Where the state differs from the board that was drawn, the page stores it (in its address) and
    runs again. Raises ValueError for curves or cells that do not fit the thresholds.
    """
    lengths = {len(board.f1), len(board.exact), len(board.clean), len(board.changes)}
    if board.versus is not None:
        lengths.add(len(board.versus))
    if lengths != {len(board.thresholds)}:
        raise ValueError(f"{len(board.thresholds)} thresholds, and curves and changes of {lengths}")
    heard_key, used_key = f"{key}-heard", f"{key}-used"
    sent = st.session_state.get(key) or {}
    # A state that was sent stays in the session: only what has a new token was done just now.
    said = _message(sent, "said", st.session_state.get(heard_key))
    used = _message(sent, "used", st.session_state.get(used_key))
    if said is not None:
        st.session_state[heard_key] = said["token"]
    if used is not None:
        st.session_state[used_key] = used["token"]
    _component(
        key=key,
        data=_data(board, st.session_state.get(heard_key)),
        on_said_change=_registered,
        on_used_change=_registered,
    )
    now = BoardState(board.t, board.cell, board.outcome, use=False)
    if said is not None:
        now = BoardState(_threshold(said, board.t), _cell(said), _outcome(said), use=False)
    if used is not None:
        now = BoardState(_threshold(used, now.t), now.cell, now.outcome, use=True)
    return now


def _registered() -> None:
    """Streamlit keeps what a component sends only where a callback is registered for it."""


def _data(board: Board, heard: object) -> dict[str, object]:
    return {
        "thresholds": list(board.thresholds),
        "f1": _curve(board.f1),
        "exact": _curve(board.exact),
        "clean": _curve(board.clean),
        "versus": None if board.versus is None else _curve(board.versus),
        "versus_name": board.versus_name,
        "annotator": board.annotator,
        "reference": board.reference,
        "changes": board.changes,
        "dots": [{"kind": dot.kind, "t": dot.t, "f1": dot.f1} for dot in board.dots],
        "interval": None if board.interval is None else list(board.interval),
        "t": board.t,
        "cell": None if board.cell is None else list(board.cell),
        "outcome": board.outcome,
        "n_wrong": board.n_wrong,
        "n_right": board.n_right,
        "heard": heard,
    }


def changes_of(cells: Sequence[Sequence[Count]]) -> list[list[int | None]]:
    """The counts at each threshold as what changed since the one before: few cells do.

    Three numbers a change: predicted, reference, and how many there are now.
    """
    tables = [{(p, r): n for p, r, n in counts} for counts in cells]
    return [
        [value for change in _changes(before, after) for value in change]
        for before, after in pairwise([{}, *tables])
    ]


def _changes(before: Mapping[Cell, int], after: Mapping[Cell, int]) -> Iterator[Count]:
    for cell in {**before, **after}:
        if before.get(cell, 0) != after.get(cell, 0):
            yield (*cell, after.get(cell, 0))


def _curve(values: Sequence[float | None]) -> list[float | None]:
    return [
        None if value is None or math.isnan(value) else round(float(value), 6) for value in values
    ]


def _message(sent: Mapping[str, object], name: str, heard: object) -> Mapping[str, object] | None:
    """What the browser sent under `name`, if it has another token than what was heard last."""
    message = sent.get(name)
    if not isinstance(message, Mapping) or not isinstance(message.get("token"), str):
        return None
    return None if message["token"] == heard else message


def _threshold(message: Mapping[str, object], otherwise: float) -> float:
    t = message.get("t")
    if isinstance(t, bool) or not isinstance(t, int | float) or not 0 <= t <= 1:
        return otherwise
    return float(t)


def _cell(message: Mapping[str, object]) -> Cell | None:
    match message.get("cell"):
        case [int() | None as predicted, int() as reference]:
            return predicted, reference
    return None


def _outcome(message: Mapping[str, object]) -> Outcome | None:
    return next((one for one in OUTCOMES if one == message.get("outcome")), None)
