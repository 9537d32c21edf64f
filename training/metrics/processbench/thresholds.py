"""Thresholds of PRM scores: one fixed, one tuned on a data set, or the best for each.

ProcessBench tunes a PRM's threshold on GSM8K and keeps it for the other subsets (arXiv 2412.06559,
4.1). F1s under different policies must not be compared (QwenLM/ProcessBench#3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from training.metrics.processbench.evaluation import NO_ERROR, harmonic_mean

USUAL = 0.5  # of equally good thresholds the nearest to this is taken


class Sample(NamedTuple):
    """A solution, and the thresholds with which its verdict is right: low < threshold <= high."""

    has_error: bool
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Policy:
    """What a way to set the threshold gives: thresholds and F1s by data set, and their mean.

    "best" looks at the answers of each data set: an upper bound, not a result. NaN where a data
    set has solutions of one class only; the mean is over the others.
    """

    name: Literal["fixed", "tuned", "best"]
    thresholds: dict[str, float]
    f1s: dict[str, float]
    mean: float


def sample(scores: Sequence[float | None], expected: int) -> Sample:
    """A solution with these step scores whose first error is `expected`, -1 for none.

    The verdict is that of `first_error_from_scores`: with a threshold above the score of `expected`
    and not above any score before it, the first error is found.
    """
    lowest = math.inf
    for step, score in enumerate(scores):
        if score is None or math.isnan(score):
            return _never(expected != NO_ERROR)
        if step == expected:
            return Sample(True, score, lowest) if score < lowest else _never(True)
        lowest = min(lowest, score)
    return Sample(False, -math.inf, lowest) if expected == NO_ERROR else _never(True)


def f1_at(samples: Sequence[Sample], threshold: float) -> float:
    """ProcessBench's F1 with this threshold; NaN without solutions of both classes."""
    return float(_f1s(samples, np.array([threshold]))[0])


def best_threshold(samples: Sequence[Sample]) -> float:
    """The threshold with the highest F1; NaN without solutions of both classes.

    It lies in the middle between two scores, where it depends least on either.
    """
    ends = np.unique([end for one in samples for end in one[1:] if math.isfinite(end)])
    # Below all scores, between each two, and above all of them.
    edges = np.concatenate([[0.0], ends, [1.0]])
    middles = np.unique((edges[:-1] + edges[1:]) / 2)
    f1s = _f1s(samples, middles)
    if np.isnan(f1s).all():
        return math.nan
    best = middles[f1s == f1s.max()]
    return float(best[np.abs(best - USUAL).argmin()])


def policies(
    datasets: Mapping[str, Sequence[Sample]], fixed: float, tune_on: str | None = None
) -> list[Policy]:
    """The fixed threshold, the one that is best on the data set `tune_on`, and each one's best.

    Raises ValueError when `tune_on` has not both classes of solutions.
    """
    found = [_policy("fixed", datasets, dict.fromkeys(datasets, fixed))]
    if tune_on is not None:
        tuned = best_threshold(datasets.get(tune_on, []))
        if math.isnan(tuned):
            raise ValueError(f"to tune on {tune_on} it takes solutions with and without an error")
        found.append(_policy("tuned", datasets, dict.fromkeys(datasets, tuned)))
    best = {name: best_threshold(samples) for name, samples in datasets.items()}
    return [*found, _policy("best", datasets, best)]


def _policy(
    name: Literal["fixed", "tuned", "best"],
    datasets: Mapping[str, Sequence[Sample]],
    thresholds: dict[str, float],
) -> Policy:
    f1s = {one: f1_at(samples, thresholds[one]) for one, samples in datasets.items()}
    defined = [f1 for f1 in f1s.values() if not math.isnan(f1)]
    return Policy(name, thresholds, f1s, sum(defined) / len(defined) if defined else math.nan)


def _f1s(samples: Sequence[Sample], thresholds: np.ndarray) -> np.ndarray:
    """The F1 (n,) at each of n thresholds."""
    parts = []
    for has_error in (True, False):
        mine = [one for one in samples if one.has_error == has_error]
        low = np.sort([one.low for one in mine])
        high = np.sort([one.high for one in mine])
        right = np.searchsorted(low, thresholds) - np.searchsorted(high, thresholds)
        parts.append(right / len(mine) if mine else np.full(len(thresholds), math.nan))
    return np.array([harmonic_mean(*pair) for pair in zip(*parts, strict=True)])


def _never(has_error: bool) -> Sample:
    return Sample(has_error, math.inf, math.inf)
