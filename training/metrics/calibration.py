"""Is a PRM's score the probability that it claims to be? Reliability, ECE, Brier, and by place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.metrics.intervals import Mean, Share, bootstrap, groups_of, mean, share
from training.metrics.processbench.evaluation import NO_ERROR, Interval
from training.metrics.processbench.scored import Scored
from training.metrics.ranking import Curves, area_intervals, curves

BINS = 10  # of equal width: what readers know, and the same for every PRM


@dataclass(frozen=True, slots=True)
class Claims:
    """m scores (m,), each with whether what it says is `right` (m,), and the solution's row (m,).

    `steps` (m,) are the 0-based steps.
    """

    scores: np.ndarray
    right: np.ndarray
    rows: np.ndarray
    steps: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def only(self, which: np.ndarray) -> Claims:
        """Those that a mask (m,) names."""
        return Claims(self.scores[which], self.right[which], self.rows[which], self.steps[which])


@dataclass(frozen=True, slots=True)
class Bin:
    """The scores in [low, high), the last bin with its end: their mean, and what was right."""

    low: float
    high: float
    score: float
    right: Share


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far scores are from what they claim; empty bins are left out.

    `ece` is the mean distance between score and share right over BINS bins, weighed by size
    (Guo et al. 2017, arXiv 1706.04599, section 2); `brier` the mean squared distance between a
    score and 1 or 0 (Brier 1950). NaN without scores.
    """

    n: int
    bins: tuple[Bin, ...]
    ece: float
    ece_interval: Interval
    brier: float
    brier_interval: Interval


@dataclass(frozen=True, slots=True)
class Detection:
    """Scores as a detector of wrong steps: the curves, and the intervals of their areas."""

    curves: Curves
    area_interval: Interval
    average_precision_interval: Interval


@dataclass(frozen=True, slots=True)
class AtFirstErrors:
    """Scores of the first wrong steps, where 0 is due: their mean, and the mean of their squares.

    The mean is the ECE of these steps alone, and the mean of squares their Brier score.
    """

    score: Mean
    brier: Mean


@dataclass(frozen=True, slots=True)
class Group:
    """Scores of one position, or length: mean score of what is right, and of what is wrong."""

    name: str
    right: Mean
    wrong: Mean


def steps_to_error(these: Scored) -> Claims:
    """Every scored step up to the first error, that one too; only it is wrong.

    What a step after an error should score is not defined, and no method labels it.
    """
    places = np.arange(these.scores.shape[1])
    first = np.where(these.reference == NO_ERROR, places.size, these.reference)
    told = (places <= first[:, None]) & ~np.isnan(these.scores)
    rows, steps = np.nonzero(told)
    return Claims(these.scores[told], steps != these.reference[rows], rows, steps)


def solutions(these: Scored) -> Claims:
    """The lowest score of each solution that has every score: right where there is no error."""
    rows = np.flatnonzero(these.complete & (these.n_steps > 0))
    lowest = np.nanargmin(these.scores[rows], axis=1) if len(rows) else rows
    return Claims(these.lowest[rows], these.reference[rows] == NO_ERROR, rows, lowest)


def calibration(claims: Claims, problems: np.ndarray) -> Calibration:
    """Reliability, ECE and Brier; intervals by bootstrap over problems (n,) of the solutions."""
    if not len(claims):
        nothing = Interval(math.nan, math.nan)
        return Calibration(0, (), math.nan, nothing, math.nan, nothing)
    places = np.clip((claims.scores * BINS).astype(int), 0, BINS - 1)
    gaps = claims.scores - claims.right
    groups = groups_of(problems[claims.rows])
    in_bins = [np.where(places == place, gaps, 0.0) for place in range(BINS)]
    sums = groups.sums(*in_bins, gaps**2, np.ones(len(claims)))

    def figures(sums: np.ndarray) -> np.ndarray:
        return np.array([np.abs(sums[:BINS]).sum(), sums[BINS]]) / sums[BINS + 1]

    ece, brier = figures(sums.sum(axis=0))
    intervals = bootstrap(figures, sums)
    bins = tuple(
        Bin(
            place / BINS,
            (place + 1) / BINS,
            float(claims.scores[places == place].mean()),
            share(claims.right[places == place]),
        )
        for place in np.unique(places).tolist()
    )
    return Calibration(len(claims), bins, float(ece), intervals[0], float(brier), intervals[1])


def detection(claims: Claims, problems: np.ndarray) -> Detection | None:
    """How well a low score finds what is wrong; None without both kinds."""
    drawn = curves(claims.scores, claims.right)
    if drawn is None:
        return None

    groups = groups_of(problems[claims.rows])
    return Detection(drawn, *area_intervals(claims.scores, claims.right, groups))


def at_first_errors(claims: Claims, problems: np.ndarray) -> AtFirstErrors:
    """What is due to be 0."""
    wrong = ~claims.right
    scores, belongs = claims.scores[wrong], problems[claims.rows[wrong]]
    return AtFirstErrors(mean(scores, belongs), mean(scores**2, belongs))


def by_group(
    claims: Claims, groups: np.ndarray, names: tuple[str, ...], problems: np.ndarray
) -> list[Group]:
    """Mean scores by group; `groups` (m,) are places in `names`, -1 for none of them."""
    found = []
    for place, name in enumerate(names):
        mine = groups == place
        if mine.any():
            means = [
                mean(claims.scores[which], problems[claims.rows[which]])
                for which in (mine & claims.right, mine & ~claims.right)
            ]
            found.append(Group(name, *means))
    return found
