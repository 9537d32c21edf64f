"""The curves and tables of a population at every threshold, made once and kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.components.errors_board.errors_board import Count, changes_of
from app.ui.prm_errors.population import Population
from labeling.evaluation.scored import ScoredSolutions
from training.metrics.processbench.evaluation import NO_ERROR, Interval, ProcessBenchReport
from training.metrics.processbench.paired import Difference, f1_difference
from training.metrics.processbench.scored import (
    NO_VERDICT,
    Curve,
    cross_tables,
    curve,
    report,
    verdicts,
)
from training.metrics.processbench.thresholds import USUAL

STEPS = 201  # thresholds from 0 to 1, to which those that mean something are added
KEPT = 20


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Figures and cross tables at each threshold; `best` gives the highest F1 here, or None.

    The tables are told by their `changes`, as the board draws them.
    """

    curve: Curve
    changes: list[list[int | None]]
    best: float | None


def at_every_threshold(population: Population, t: float) -> Thresholds:
    """All that the board shows, with `t` among the thresholds."""
    found = population.found
    grid = np.union1d(np.linspace(0, 1, STEPS).round(4), [found.threshold, t])
    off = t if len(grid) > STEPS + 1 else ""  # On the grid it makes no difference which.
    return _at_every_threshold(f"{population.key} {off}", found, grid)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _at_every_threshold(key: str, _found: ScoredSolutions, _grid: np.ndarray) -> Thresholds:
    figures = curve(_found.scored, _found.datasets, _grid)
    cells = [_counts(table) for table in cross_tables(_found.scored, _grid)]
    best = None
    if not np.isnan(figures.f1).all():
        highest = _grid[figures.f1 >= np.nanmax(figures.f1)]
        best = float(highest[np.abs(highest - USUAL).argmin()])
    return Thresholds(figures, changes_of(cells), best)


def _counts(table: np.ndarray) -> list[Count]:
    found = []
    for verdict, expected in np.argwhere(table):
        said = int(verdict) + NO_VERDICT
        first_error = None if said == NO_VERDICT else said
        found.append((first_error, int(expected) + NO_ERROR, int(table[verdict, expected])))
    return found


def versus_curve(population: Population, thresholds: np.ndarray) -> np.ndarray | None:
    """The other PRM's F1 at each threshold, over the solutions that both have scored."""
    if population.both is None or not len(population.both[1]):
        return None
    key = f"{population.key} {hash(thresholds.tobytes())}"
    return _f1s(key, population.both[1], thresholds)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _f1s(key: str, _found: ScoredSolutions, _grid: np.ndarray) -> np.ndarray:
    return curve(_found.scored, _found.datasets, _grid).f1


def report_at(population: Population, t: float) -> ProcessBenchReport:
    """ProcessBench's figures by data set and their mean, as the command line prints them."""
    return _report(f"{population.key} {t}", population.found, t)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _report(key: str, _found: ScoredSolutions, _t: float) -> ProcessBenchReport:
    return report(_found.scored, _found.datasets, _t)


def difference_at(population: Population, t: float) -> Difference | None:
    """This PRM at `t` beside the other at its own threshold, on the same solutions."""
    if population.both is None or not len(population.both[0]):
        return None
    return _difference(f"{population.key} {t}", *population.both, t)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _difference(key: str, _mine: ScoredSolutions, _other: ScoredSolutions, _t: float) -> Difference:
    reference = _mine.scored.reference
    return f1_difference(
        verdicts(_mine.scored, _t) == reference,
        verdicts(_other.scored, _other.threshold) == reference,
        reference != NO_ERROR,
        _mine.datasets,
    )


def interval_of(found: ProcessBenchReport, name: str = "f1") -> Interval:
    """The interval of one of the mean's figures."""
    return found.mean.intervals[name]
