"""Two versions on the same solutions: by how much ProcessBench's F1 differs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.metrics.processbench.evaluation import DRAWS, Interval

# A quarter for each of (both right, only the first, only the second, neither): the accuracy of
# either version then has Jeffreys' prior, as `training.metrics.processbench.evaluation` gives it
# for one alone.
PRIOR = 0.25


@dataclass(frozen=True, slots=True)
class Difference:
    """F1 of the first and of the second, and first - second with its interval.

    F1s are unweighted means over the groups that have solutions of both classes; NaN without any.
    """

    first: float
    second: float
    value: float
    interval: Interval


def f1_difference(
    first: np.ndarray,
    second: np.ndarray,
    has_error: np.ndarray,
    groups: np.ndarray,
    seed: int = 0,
    samples: int = DRAWS,
) -> Difference:
    """By how much the F1s of two versions differ; masks (n,) say who is right on what.

    `has_error` (n,) is the class by the reference, a group (n,) a data set. The interval is paired:
    what both get right or wrong together does not widen it. Each draw takes the shares of the
    four ways to be right from their Dirichlet posterior, per group and class.
    """
    random = np.random.default_rng(seed)
    points, draws = [], []
    for group in np.unique(groups):
        mine = groups == group
        classes = [mine & has_error, mine & ~has_error]
        if not all(which.any() for which in classes):
            continue
        accuracies = np.array([[first[one].mean(), second[one].mean()] for one in classes])
        drawn = np.stack([_draws(first[one], second[one], samples, random) for one in classes])
        points.append(_harmonic_means(accuracies))
        draws.append(_harmonic_means(drawn))
    if not points:
        return Difference(math.nan, math.nan, math.nan, Interval(math.nan, math.nan))
    one, other = (float(value) for value in np.mean(points, axis=0))
    drawn = np.mean(draws, axis=0)
    low, high = np.quantile(drawn[0] - drawn[1], [0.025, 0.975])
    value = one - other
    return Difference(one, other, value, Interval(min(float(low), value), max(float(high), value)))


def _draws(
    first: np.ndarray, second: np.ndarray, samples: int, random: np.random.Generator
) -> np.ndarray:
    """Accuracies (2, samples) of both versions that could have given these hits."""
    counts = np.bincount(2 * first.astype(int) + second, minlength=4)
    shares = random.dirichlet(counts + PRIOR, samples)  # of neither, second, first, both
    return np.stack([shares[:, 2] + shares[:, 3], shares[:, 1] + shares[:, 3]])


def _harmonic_means(accuracies: np.ndarray) -> np.ndarray:
    """Over the first axis (error, correct); 0 where both are 0."""
    total = accuracies.sum(axis=0)
    product = 2 * accuracies.prod(axis=0)
    return np.divide(product, total, out=np.zeros_like(total), where=total != 0)
