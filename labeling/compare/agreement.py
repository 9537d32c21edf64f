"""How far annotators agree on the first error: exactly, by Cohen's kappa, Krippendorff's alpha.

Everything is computed from counts of what was said together, never from solutions one by one, so
a million of them cost as much as the different pairs of first errors among them. A first error is
a 0-based step, -1 for none; solutions without a verdict by both are not counted.
docs/agreement.md says what each figure means and when to trust it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Z_95 = 1.959963984540054  # the normal distribution's 97.5% point
SAMPLES = 1_000  # of the bootstrap
SEED = 0
Pairs = Mapping[tuple[int, int], int]  # (first error by one, by the other) -> solutions
Units = Mapping[tuple[int, ...], int]  # the first errors given to one solution -> solutions


@dataclass(frozen=True, slots=True)
class Figure:
    """A statistic over `n` solutions with its 95% interval; None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    why: str = ""  # it is not defined


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """All that is said of two annotators; `differ` of `n` solutions have other first errors."""

    n: int
    differ: int
    exact: Figure
    binary: Figure
    kappa: Figure
    kappa_binary: Figure
    alpha: Figure


def compare(pairs: Pairs) -> PairAgreement:
    """Every figure for two annotators."""
    binary: Counter[tuple[int, int]] = Counter()
    units: Counter[tuple[int, ...]] = Counter()
    for (one, other), count in pairs.items():
        binary[min(one, 0), min(other, 0)] += count  # -1 no error, 0 one somewhere
        units[(one, other) if one <= other else (other, one)] += count
    n = sum(pairs.values())
    same = sum(count for (one, other), count in pairs.items() if one == other)
    alike = sum(count for (one, other), count in binary.items() if one == other)
    return PairAgreement(
        n=n,
        differ=n - same,
        exact=share(same, n),
        binary=share(alike, n),
        kappa=kappa(pairs),
        kappa_binary=kappa(binary),
        alpha=alpha(units),
    )


def share(successes: int, n: int) -> Figure:
    """A share with Wilson's interval."""
    if n == 0:
        return Figure(None, None, None, 0, NOTHING)
    low, high = wilson_interval(successes, n)
    return Figure(successes / n, low, high, n)


def wilson_interval(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927); (0, 1) when nothing was seen."""
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is not a share")
    if n == 0:
        return 0.0, 1.0
    rate, spread = successes / n, z * z / n
    centre = rate + spread / 2
    half = z * math.sqrt(rate * (1 - rate) / n + spread / (4 * n))
    return (
        max(0.0, (centre - half) / (1 + spread)) if successes else 0.0,
        min(1.0, (centre + half) / (1 + spread)) if successes < n else 1.0,
    )


def kappa(pairs: Pairs) -> Figure:
    """Cohen's kappa (1960) with nominal categories: agreement beyond what the margins give.

    The interval is a percentile bootstrap over solutions.
    """
    cells = [cell for cell, count in sorted(pairs.items()) if count]
    labels = sorted({label for cell in cells for label in cell})
    same = np.array([one == other for one, other in cells], dtype=float)
    ones = np.array([[cell[0] == label for label in labels] for cell in cells], dtype=float)
    others = np.array([[cell[1] == label for label in labels] for cell in cells], dtype=float)

    def statistic(weights: np.ndarray) -> np.ndarray:
        n = weights.sum(axis=1)
        expected = ((weights @ ones) * (weights @ others)).sum(axis=1) / n**2
        with np.errstate(invalid="ignore", divide="ignore"):
            return (weights @ same / n - expected) / (1 - expected)

    return _bootstrapped([pairs[cell] for cell in cells], statistic)


def alpha(units: Units) -> Figure:
    """Krippendorff's alpha for nominal data, any number of annotators, values may be missing.

    alpha = 1 - observed / expected disagreement (Krippendorff 2004, 11.3). Solutions that one
    annotator alone judged are left out, as the definition has it.
    """
    shapes = [unit for unit, count in sorted(units.items()) if count and len(unit) > 1]
    labels = sorted({label for unit in shapes for label in unit})
    values = np.array([[unit.count(label) for label in labels] for unit in shapes], dtype=float)
    values = values.reshape(len(shapes), len(labels))
    sizes = values.sum(axis=1)
    alike = (values * (values - 1)).sum(axis=1) / (sizes - 1)

    def statistic(weights: np.ndarray) -> np.ndarray:
        n = weights @ sizes
        totals = weights @ values
        observed = (n - weights @ alike) / n
        expected = (n**2 - (totals**2).sum(axis=1)) / (n * (n - 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            return 1 - observed / expected

    return _bootstrapped([units[unit] for unit in shapes], statistic)


def _bootstrapped(counts: Sequence[int], statistic: Callable[[np.ndarray], np.ndarray]) -> Figure:
    """`statistic` of these counts, with the interval that drawing solutions anew gives."""
    n = sum(counts)
    if n == 0:
        return Figure(None, None, None, 0, NOTHING)
    weights = np.array([counts], dtype=float)
    value = float(statistic(weights)[0])
    if not math.isfinite(value):
        return Figure(None, None, None, n, ONE_WORD)
    drawn = np.random.default_rng(SEED).multinomial(n, weights[0] / n, size=SAMPLES)
    around = statistic(drawn.astype(float))
    around = around[np.isfinite(around)]
    low, high = np.percentile(around, [2.5, 97.5])
    return Figure(value, float(min(low, value)), float(max(high, value)), n)


NOTHING = "no solution has a verdict by both"
ONE_WORD = "all verdicts are the same, so chance would agree as well"
