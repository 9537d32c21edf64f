"""Figures with intervals over problems and over seeds, from sums over problems.

Another sample of problems would give other figures, and so would another training. The interval
that decides a finding holds both: its half-widths are the roots of the sums of squares of the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

DRAWS = 2000
# Student's t at 97.5% by degrees of freedom; more seeds take the last, which is a little too wide.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean of a figure over the seeds; intervals of 95%, NaN where one cannot be told.

    `by_seed` is empty for what is one figure of all trainings, such as a slope. `problems` is a
    bootstrap over the problems of the test with the PRMs as they are, `seeds`
    Student's over the seeds with the problems as they are, `both` what comes of the two.
    """

    value: float
    by_seed: tuple[float, ...]
    problems: tuple[float, float]
    seeds: tuple[float, float]
    both: tuple[float, float]

    def to_json(self) -> dict[str, object]:
        """As JSON, None for NaN."""
        return {
            name: [_finite(one) for one in value] if isinstance(value, tuple) else _finite(value)
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure by seed (seeds,), and over DRAWS samples of the problems (seeds, DRAWS).

    `half` is how far another training may move it, where that does not follow from the seeds.
    """

    points: np.ndarray
    draws: np.ndarray
    half: float | None = None

    def __sub__(self, other: Figure) -> Figure:
        """How far it is above another, seed by seed and on the same problems."""
        return Figure(self.points - other.points, self.draws - other.draws)

    @property
    def estimate(self) -> Estimate:
        """The figure with its intervals."""
        value = float(self.points.mean())
        low, high = np.quantile(self.draws.mean(axis=0), [0.025, 0.975])
        over_seeds = _half_over_seeds(self.points) if self.half is None else self.half
        both = (
            value - math.hypot(value - low, over_seeds),
            value + math.hypot(high - value, over_seeds),
        )
        return Estimate(
            value,
            tuple(map(float, self.points)) if self.half is None else (),
            (float(low), float(high)),
            (value - over_seeds, value + over_seeds),
            both,
        )


def samples_of(problems: int, seed: int = 0) -> np.ndarray:
    """How often each problem is in each of DRAWS samples with replacement: (DRAWS, problems)."""
    random = np.random.default_rng(seed)
    return random.multinomial(problems, np.full(problems, 1 / problems), DRAWS).astype(float)


def mean_of(values: Sequence[np.ndarray], samples: np.ndarray) -> Figure:
    """The mean over the problems of `values`, an array (problems,) for each seed."""
    stacked = np.stack(values)
    return Figure(stacked.mean(axis=1), stacked @ samples.T / samples.shape[1])


def f1_of(counts: Sequence[np.ndarray], samples: np.ndarray) -> Figure:
    """ProcessBench's F1 of counts (problems, 4), for each seed one: hits and number of solutions

    with an error, then of those without one.
    """
    points = np.array([_f1(one.sum(axis=0)) for one in counts])
    draws = np.stack([_f1(samples @ one) for one in counts])
    return Figure(points, draws)


def share_of(counts: Sequence[np.ndarray], samples: np.ndarray) -> Figure:
    """The share of counts (problems, 2), for each seed one: what holds, and what was asked."""

    def share(sums: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(sums[..., 0] / sums[..., 1])

    points = np.array([share(one.sum(axis=0)) for one in counts])
    return Figure(points, np.stack([share(samples @ one) for one in counts]))


def slope_of(x: np.ndarray, points: np.ndarray, draws: np.ndarray) -> Figure:
    """The slope of the line through `points` (trainings,) at `x` (trainings,), by least squares.

    `draws` (trainings, DRAWS) are the same of samples of the problems. How far other trainings may
    move it is Student's interval from how far they lie from the line.
    """
    weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    slope = float(weights @ points)
    freedom = len(x) - 2
    half = math.nan
    if freedom > 0:
        rest = points - points.mean() - slope * (x - x.mean())
        error = math.sqrt(float((rest**2).sum()) / freedom / float(((x - x.mean()) ** 2).sum()))
        half = STUDENT[min(freedom, len(STUDENT)) - 1] * error
    return Figure(np.array([slope]), (weights @ draws)[None, :], half)


def _f1(sums: np.ndarray) -> np.ndarray:
    """F1 (...) of sums (..., 4); NaN where there is no solution of a class."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error, correct = sums[..., 0] / sums[..., 1], sums[..., 2] / sums[..., 3]
        f1 = 2 * error * correct / (error + correct)
    return np.where(error + correct == 0, 0.0, f1)


def _half_over_seeds(points: np.ndarray) -> float:
    n = len(points)
    if n < 2:
        return math.nan
    return STUDENT[min(n - 1, len(STUDENT)) - 1] * float(points.std(ddof=1)) / math.sqrt(n)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
