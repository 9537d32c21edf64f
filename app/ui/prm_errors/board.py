"""The board on the page: threshold curve, outcomes and cross table, and what is done on it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.components.errors_board.errors_board import Board, Dot, errors_board
from app.ui import address
from app.ui.prm_errors import chosen as choices
from app.ui.prm_errors.choice import Choice
from app.ui.prm_errors.chosen import Chosen
from app.ui.prm_errors.figures import at_every_threshold, interval_of, report_at, versus_curve
from app.ui.prm_errors.headline import too_few
from app.ui.prm_errors.population import Population
from training.scored import Curve


def show(choice: Choice, population: Population, chosen: Chosen) -> None:
    """Draw it; another threshold, cell or outcome goes into the address."""
    figures = at_every_threshold(population, chosen.t)
    now = errors_board(_board(choice, population, chosen), key="board")
    if (now.t, now.cell, now.outcome) == (chosen.t, chosen.cell, chosen.outcome):
        return
    nearest = _at(figures.curve.thresholds, figures.curve, now.t)
    own = population.found.threshold
    cell = choices.to_address(now.cell)
    same = (now.cell, now.outcome) == (chosen.cell, chosen.outcome)
    address.put(
        t=None if nearest == own else f"{nearest:g}",
        cell=cell,
        outcome=now.outcome,
        **dict.fromkeys(() if same else ("change", "picked", "part")),
        **dict.fromkeys(("open", "page")),
    )
    st.rerun()


def _at(values: np.ndarray, curve: Curve, t: float) -> float:
    """The value of a curve at the threshold nearest to `t`."""
    return float(values[np.abs(curve.thresholds - t).argmin()])


def _board(choice: Choice, population: Population, chosen: Chosen) -> Board:
    figures = at_every_threshold(population, chosen.t)
    curve, found = figures.curve, report_at(population, chosen.t)
    versus = versus_curve(population, curve.thresholds)
    own = population.found.threshold
    marks = [Dot("set", own, _at(curve.f1, curve, own))]
    if figures.best is not None:
        marks.append(Dot("best", figures.best, _at(curve.f1, curve, figures.best)))
    if versus is not None and population.both is not None:
        theirs = population.both[1].threshold
        marks.append(Dot("versus", theirs, _at(versus, curve, theirs)))
    interval = interval_of(found)
    return Board(
        thresholds=curve.thresholds.tolist(),
        cells=figures.cells,
        f1=curve.f1.tolist(),
        exact=curve.error_accuracy.tolist(),
        clean=curve.correct_accuracy.tolist(),
        t=chosen.t,
        n_wrong=found.mean.n_error,
        n_right=found.mean.n_correct,
        dots=[dot for dot in marks if dot.f1 == dot.f1],
        interval=None if too_few(found) else (interval.low, interval.high),
        versus=None if versus is None else versus.tolist(),
        versus_name="" if choice.versus is None else choice.versus.name,
        annotator=choice.prm.name,
        reference=choice.reference.name,
        cell=chosen.cell,
        outcome=chosen.outcome,  # type: ignore[arg-type]
    )
