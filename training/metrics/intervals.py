"""Shares and means with 95% intervals that are never of width 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.metrics.few import FEW
from training.metrics.processbench.evaluation import Interval

DRAWS = 1000  # of a bootstrap
MOST_GROUPS = 1000  # that it draws from
UNKNOWN = Interval(math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `n` with Jeffreys' interval; all NaN of nothing."""

    count: int
    n: int
    value: float
    interval: Interval

    @property
    def too_few(self) -> bool:
        """Whether too little lies behind it to be told as a figure."""
        return self.n < FEW


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over `n` values; its interval is NaN where they are few, or do not vary."""

    n: int
    value: float
    interval: Interval

    @property
    def too_few(self) -> bool:
        """Whether too little lies behind it to be told as a figure."""
        return self.n < FEW


def share(hits: np.ndarray) -> Share:
    """The share of true among `hits` (n,), booleans."""
    return share_of(int(hits.sum()), len(hits))


def share_of(count: int, n: int) -> Share:
    """`count` of `n`, with the interval of `jeffreys`."""
    return Share(count, n, count / n if n else math.nan, jeffreys(count, n))


def jeffreys(count: int, n: int) -> Interval:
    """The middle 95% of Beta(count + 1/2, n - count + 1/2), widened to an estimate of 0 or 1.

    Jeffreys' interval (Brown, Cai and DasGupta 2001, 4.3), as
    `training.metrics.processbench.evaluation` draws it. With x = sin(angle)^2 the density is
    sin^(2 count) cos^(2 (n - count)), which is smooth, so a sum over a grid is exact to 5 digits
    and needs no special functions. Raises ValueError for what is no share.
    """
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is not a share")
    if n == 0:
        return UNKNOWN
    centre, spread = math.asin(math.sqrt(count / n)), 0.5 / math.sqrt(n)
    first, last = max(0.0, centre - 12 * spread), min(math.pi / 2, centre + 12 * spread)
    edges = np.linspace(first, last, 4801)
    angles = (edges[:-1] + edges[1:]) / 2
    log_density = 2 * count * np.log(np.sin(angles)) + 2 * (n - count) * np.log(np.cos(angles))
    mass = np.exp(log_density - log_density.max()) * np.diff(edges)
    below = np.concatenate([[0.0], np.cumsum(mass) / mass.sum()])
    low, high = np.sin(np.interp([0.025, 0.975], below, edges)) ** 2
    return Interval(0.0 if count == 0 else float(low), 1.0 if count == n else float(high))


def mean(values: np.ndarray, problems: np.ndarray) -> Mean:
    """The mean of `values` (n,), its interval by the cluster-robust error over `problems` (n,).

    Solutions of one problem are not independent; problems are (Cameron and Miller 2015, without
    a correction for few). It is what a bootstrap over problems comes to, and nothing is drawn.
    With fewer than FEW values the normal distribution that it takes is too far off: NaN.
    """
    if not len(values):
        return Mean(0, math.nan, UNKNOWN)
    centre = float(values.mean())
    _, places = np.unique(problems, return_inverse=True)
    rest = np.bincount(places.reshape(-1), weights=values - centre)
    half = 1.959963984540054 * math.sqrt(float((rest**2).sum())) / len(values)
    known = len(values) >= FEW and len(rest) > 1 and half > 0
    return Mean(len(values), centre, Interval(centre - half, centre + half) if known else UNKNOWN)


@dataclass(frozen=True, slots=True)
class Groups:
    """What a bootstrap draws: the group (n,) of each value, of `n` groups that are independent.

    Each problem is a group of its own; more than MOST_GROUPS of them are put together at random,
    which keeps problems whole and costs a large project no more than a small one.
    """

    places: np.ndarray
    n: int

    def sums(self, *columns: np.ndarray) -> np.ndarray:
        """The sums (groups, k) of k columns (n,)."""
        return np.stack([np.bincount(self.places, one, self.n) for one in columns], axis=1)

    def histogram(self, bins: np.ndarray, n_bins: int) -> np.ndarray:
        """How many values of each group (groups, n_bins) are in each bin; `bins` (n,)."""
        cells = np.bincount(self.places * n_bins + bins, minlength=self.n * n_bins)
        return cells.reshape(self.n, n_bins)

    def only(self, which: np.ndarray) -> Groups:
        """The same groups, of the values that a mask (n,) names."""
        return Groups(self.places[which], self.n)


def groups_of(problems: np.ndarray, seed: int = 0) -> Groups:
    """The groups of values whose problems (n,) these are."""
    different, places = np.unique(problems, return_inverse=True)
    if len(different) <= MOST_GROUPS:
        return Groups(places.reshape(-1), len(different))
    dealt = np.random.default_rng(seed).permutation(len(different)) % MOST_GROUPS
    return Groups(dealt[places.reshape(-1)], MOST_GROUPS)


def bootstrap(
    statistic: Callable[[np.ndarray], np.ndarray], sums: np.ndarray, seed: int = 0
) -> list[Interval]:
    """Percentile intervals of the figures (k,) that `statistic` makes of the sums of all groups.

    `sums` are (groups, ...): groups are drawn with replacement, as many as there are, and the sums
    (...) of those drawn are what the statistic gets. An interval is NaN where the figure never
    varies, or is not defined in every draw.
    """
    n = len(sums)
    if n < 2:
        return [UNKNOWN] * len(statistic(sums.sum(axis=0)))
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), DRAWS)
    every = np.tensordot(drawn.astype(float), sums, axes=1)
    return [_middle(one) for one in np.array([statistic(one) for one in every]).T]


def _middle(values: np.ndarray) -> Interval:
    if np.isnan(values).any():
        return UNKNOWN
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(float(low), float(high)) if low < high else UNKNOWN
