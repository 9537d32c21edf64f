"""A PRM's score among those that it gives labelled steps: its percentile, and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from db.engine import Database
from db.lists.scores import labelled_scores

MOST_SOLUTIONS = 4000  # read for a percentile
NEAR = 6  # neighbours shown of a score
AROUND = 100  # of so many the share of wrong ones is told


class NearStep(TypedDict):
    """A labelled step with nearly the same score; `step` is 0-based."""

    solution_id: int
    step: int
    score: float
    right: bool


class ScorePlace(TypedDict):
    """Where a score lies among the PRM's scores of `n` labelled steps.

    `below` is the share of them with a lower score, `wrong` of the wrong ones among the AROUND
    nearest, of which `near` are the first; None for a step without a score, or where no step is
    labelled.
    """

    n: int
    below: float | None
    wrong: float | None
    near: list[NearStep]


@dataclass(frozen=True, slots=True)
class LabelledSteps:
    """n labelled steps by rising score: arrays (n,) of `scores`, `solutions`, `steps`, `right`."""

    scores: np.ndarray
    solutions: np.ndarray
    steps: np.ndarray
    right: np.ndarray


def labelled_steps(database: Database, annotator_id: int) -> LabelledSteps:
    """The steps that people labelled, up to each first error; what comes after it is not judged."""
    rows = [
        (score, one.solution_id, step, step != one.first_error)
        for one in labelled_scores(database, annotator_id, MOST_SOLUTIONS)
        for step, score in enumerate(one.scores)
        if score is not None and (one.first_error < 0 or step <= one.first_error)
    ]
    rows.sort(key=lambda row: row[0])
    scores, solutions, steps, right = zip(*rows, strict=True) if rows else ((), (), (), ())
    return LabelledSteps(
        np.array(scores, dtype=float),
        np.array(solutions, dtype=int),
        np.array(steps, dtype=int),
        np.array(right, dtype=bool),
    )


def places(
    among: LabelledSteps, solution_id: int, scores: Sequence[float | None]
) -> list[ScorePlace]:
    """Each score of a solution (None where a step has none) among the steps of the others."""
    others = among.solutions != solution_id
    mine = LabelledSteps(
        among.scores[others], among.solutions[others], among.steps[others], among.right[others]
    )
    return [_place(mine, score) for score in scores]


def _place(among: LabelledSteps, score: float | None) -> ScorePlace:
    n = len(among.scores)
    if score is None or not n:
        return {"n": n, "below": None, "wrong": None, "near": []}
    below = int(np.searchsorted(among.scores, score))
    window = slice(max(0, below - AROUND), below + AROUND)
    order = np.argsort(np.abs(among.scores[window] - score), kind="stable") + window.start
    around = order[:AROUND]
    return {
        "n": n,
        "below": below / n,
        "wrong": float(1 - among.right[around].mean()),
        "near": [
            {
                "solution_id": int(among.solutions[at]),
                "step": int(among.steps[at]),
                "score": float(among.scores[at]),
                "right": bool(among.right[at]),
            }
            for at in order[:NEAR]
        ],
    }
