"""Calibration of a PRM: are its scores the probabilities that they claim to be?"""

from __future__ import annotations

import math

from app.components.data_table import data_table
from app.ui import project
from app.ui.counts import counted
from app.ui.evaluation.doors import on_prm_errors
from app.ui.evaluation.project import NONE_HELD_OUT, Shown, choose_prm
from app.ui.figures import reliability
from app.ui.figures.figure import figure, go_to
from labeling.evaluation.scored import ScoredSolutions, scored_solutions
from training.metrics.calibration import (
    Calibration,
    calibration,
    solutions,
    steps_to_error,
)
from training.metrics.processbench.evaluation import Interval

SENTENCE = (
    "The share that is right, according to {reference}, of what {prm} scores about so high: steps "
    "up to the first error at the left, solutions by their lowest score at the right. On the "
    "diagonal a score is the probability that it claims to be. Larger marks stand for more, as the "
    "bars count; hollow ones for fewer than 30. Click a mark or a bar to open its solutions."
)
ECE = "Mean distance between score and share right, over ten bins, weighed by size"
BRIER = "Mean squared distance between a score and 1 (right) or 0"


def draw(found: Shown) -> None:
    """The reliability of the chosen PRM's steps and solutions."""
    prm = choose_prm(found)
    if prm is None:
        return
    key = f"calibration {prm} {found.reference.label} {found.held_out}"
    told = counted(found.database, key, lambda: measured(found, prm))
    if told is None:
        project.complain(NONE_HELD_OUT.format(prm=prm))
        return
    parts = {"steps": told[0], "solutions": told[1]}
    if not any(one.n for one in parts.values()):
        project.complain(f"{prm} and {found.reference.label} share no scored solution.")
        return
    figure(
        "Reliability",
        SENTENCE.format(prm=prm.partition(":")[2], reference=found.reference.name),
        reliability.reliability(
            parts,
            {
                of: on_prm_errors(found, prm, part=part)
                for of, part in (("steps", "step"), ("solutions", "low"))
            },
        ),
        reliability.numbers(parts),
        f"calibration-{prm}",
        picked=go_to,
    )
    table(found, parts, prm)


def table(found: Shown, parts: dict[str, Calibration], prm: str) -> None:
    """How far scores are from what they claim, in one number each."""
    behind = {
        of: on_prm_errors(found, prm, part=part)
        for of, part in (("steps", "measured"), ("solutions", "scored"))
    }
    data_table.table(
        [
            data_table.column("", width="9rem"),
            data_table.column("ECE", "right nowrap", title=ECE, width="6rem"),
            data_table.column("95% interval", "nowrap", width="10rem"),
            data_table.column("Brier", "right nowrap", title=BRIER, width="6rem"),
            data_table.column("95% interval", "nowrap", width="10rem"),
            data_table.column("Count", "right nowrap", title="Of steps or solutions", width="8rem"),
            "",
        ],
        [
            [
                name.capitalize(),
                data_table.text(f"{one.ece:.3f}", "strong"),
                data_table.text(_span(one.ece_interval), "muted"),
                data_table.text(f"{one.brier:.3f}", "strong"),
                data_table.text(_span(one.brier_interval), "muted"),
                data_table.link(
                    f"{one.n:,}", behind[name], title="Opens the solutions they are from"
                ),
                None,
            ]
            for name, one in parts.items()
            if one.n
        ],
        key="calibration-errors",
    )


def measured(found: Shown, prm: str) -> tuple[Calibration, Calibration] | None:
    """Of steps and of solutions; None where nothing is held out."""
    who = next(one for one in found.annotators if one.label == prm)
    these: ScoredSolutions = scored_solutions(found.database, who, found.reference)
    if found.held_out:
        if len(these) and these.trained_on.all():
            return None
        these = these.only(~these.trained_on)
    problems = these.problems
    steps, whole = steps_to_error(these.scored), solutions(these.scored)
    return calibration(steps, problems), calibration(whole, problems)


def _span(interval: Interval) -> str:
    if math.isnan(interval.low):
        return ""
    return f"{interval.low:.3f} to {interval.high:.3f}"
