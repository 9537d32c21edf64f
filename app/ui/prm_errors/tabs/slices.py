"""Slices: where the PRM is worse than on the whole; a click makes the page be about that slice."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from app.components.figure.downloads import Numbers
from app.ui import address, charts, formatting
from app.ui.figures.figure import figure
from app.ui.prm_errors.choice import Choice
from app.ui.prm_errors.chosen import Chosen, of_part
from app.ui.prm_errors.population import Population
from app.ui.prm_errors.sliced import BETWEEN, by_attribute
from db.engine import Database
from labeling.evaluation.prm_errors.slices import NO_KINDS, kinds_known
from labeling.evaluation.scored import ScoredSolutions
from labeling.look.dots import Dot, Series, dots
from training.metrics.processbench.scored import verdicts
from training.metrics.slices import (
    FIGURES,
    Attribute,
    FigureName,
    Figures,
    Slice,
    by_loss,
    figures,
    slices,
)

WORDS: dict[FigureName, str] = {"exact": "Exact step", "clean": "No false alarm", "f1": "F1"}
MEANS: dict[FigureName, str] = {
    "exact": "The share of solutions with an error whose first error it names",
    "clean": "The share of solutions without an error in which it flags none",
    "f1": "The harmonic mean of the two accuracies",
}
MOST = 40  # rows, the worst ones


def show(database: Database, choice: Choice, population: Population, chosen: Chosen) -> None:
    """A dot for each slice, the greatest loss at the top."""
    names = [WORDS[one] for one in FIGURES]
    told = st.segmented_control(
        "Figure of the slices",
        names,
        label_visibility="collapsed",
        **address.choice("of", names, WORDS["exact"]),
    )
    name: FigureName = next((one for one in FIGURES if WORDS[one] == told), "exact")
    parts = by_attribute(database, choice, population.found, population.key)
    whole, found = _measured(population.key, population.found, parts, chosen.t)
    sorted_ = by_loss(found, name)
    if not sorted_:
        st.text("These solutions are all of one kind: there is nothing to compare.")
        return
    shown = sorted_[:MOST]
    value = whole.value(name)
    sentence = (
        f"{MEANS[name]}, with 95% intervals. The dotted line is the figure of all "
        f"{formatting.number_of(len(population.found), 'solution')}, {value:.3f}; the slice "
        "furthest below it comes first. Hollow: fewer than 30 solutions of a class. Click a dot to "
        "narrow this page to its slice."
    )
    if len(sorted_) > MOST:
        sentence += f" Shown are the first {MOST} of {len(sorted_)}."
    if not kinds_known(parts):
        sentence += f" {NO_KINDS}"
    figure(
        f"{WORDS[name]} by slice",
        sentence,
        dots(
            charts.palette(),
            [Series(WORDS[name], "prm", "circle", [_dot(one, name) for one in shown])],
            axis=WORDS[name],
            whole=value,
            ends=(_start(shown, name), 1),
            percent=False,
        ),
        numbers(sorted_, whole),
        f"slices-{choice.prm.name}-{name}",
        picked=of_part,
    )


@st.cache_data(max_entries=20, show_spinner=False)
def _measured(
    key: str, _found: ScoredSolutions, _parts: dict[str, Attribute], t: float
) -> tuple[Figures, list[Slice]]:
    said, expected = verdicts(_found.scored, t), _found.scored.reference
    return figures(said, expected), slices(said, expected, _parts)


def _dot(one: Slice, name: FigureName) -> Dot:
    wrong, right = one.figures.exact.n, one.figures.clean.n
    few = one.figures.too_few(name)
    return Dot(
        _row(one),
        one.figures.value(name),
        one.figures.interval(name),
        f"{wrong:,} with an error, {right:,} without one; loss {one.loss[name]:+.3f}"
        + ("; too few" if few else ""),
        ("", f"{one.attribute}{BETWEEN}{one.name}"),
        few,
    )


def _start(shown: list[Slice], name: FigureName) -> float:
    """Where the axis starts: the tenth below the lowest end of an interval."""
    lows = [one.figures.interval(name).low for one in shown]
    return math.floor(10 * min(lows)) / 10


def _row(one: Slice) -> str:
    return formatting.shorten(one.name, 40)


def numbers(found: list[Slice], whole: Figures) -> Numbers:
    """Every slice with its three figures, and all solutions first."""
    rows = [("all", "", whole), *((one.attribute, one.name, one.figures) for one in found)]
    return Numbers(
        [
            "attribute",
            "slice",
            *(f"{name}{end}" for name in FIGURES for end in ("", " low", " high")),
            "with an error",
            "without one",
        ],
        [
            [
                attribute,
                name,
                *(
                    None if np.isnan(value) else float(value)
                    for figure in FIGURES
                    for value in (
                        each.value(figure), each.interval(figure).low, each.interval(figure).high
                    )
                ),
                each.exact.n,
                each.clean.n,
            ]
            for attribute, name, each in rows
        ],
    )  # fmt: skip
