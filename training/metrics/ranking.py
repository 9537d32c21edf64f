"""Scores as a ranking: ROC and precision-recall curves, and Spearman's correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from training.metrics.intervals import UNKNOWN, Groups, bootstrap
from training.metrics.processbench.evaluation import Interval

MOST_POINTS = 400  # of a drawn curve
BINS = 400  # of scores, for the intervals of areas


@dataclass(frozen=True, slots=True)
class Curves:
    """What flagging each score under a threshold finds, by rising threshold (k,).

    `found` is the share of the wrong that is flagged (recall), `false_alarms` that of the right,
    `precision` the share of the flagged that is wrong (1 while nothing is flagged).
    `area` is under the ROC curve; `average_precision` sums precision over the steps of recall.
    """

    thresholds: np.ndarray
    found: np.ndarray
    false_alarms: np.ndarray
    precision: np.ndarray
    area: float
    average_precision: float


def auc(scores: np.ndarray, right: np.ndarray) -> float:
    """The chance that a right one (n,) of these scores (n,) is higher than a wrong one.

    A tie counts half (Mann and Whitney 1947; Fawcett 2006). NaN without both kinds.
    """
    return areas(*_counted(scores, right)[1:])[0]


def average_precision(scores: np.ndarray, right: np.ndarray) -> float:
    """Precision at each threshold, weighed by the recall that it adds; NaN without both kinds.

    No interpolation, which would be too hopeful (Davis and Goadrich 2006).
    """
    return areas(*_counted(scores, right)[1:])[1]


def areas(wrongs: np.ndarray, rights: np.ndarray) -> tuple[float, float]:
    """`auc` and `average_precision` of counts of wrong and of right ones (k,) by rising score."""
    if not (wrongs.sum() > 0 and rights.sum() > 0):
        return math.nan, math.nan
    found = _shares(wrongs)
    area = np.sum(rights / rights.sum() * (found[:-1] + found[1:]) / 2)
    return float(area), float(np.sum(np.diff(found) * _precision(wrongs, rights)[1:]))


def area_intervals(
    scores: np.ndarray, right: np.ndarray, groups: Groups
) -> tuple[Interval, Interval]:
    """Intervals of both areas; `groups` (n,) are drawn.

    Scores are put into BINS of equal counts before, which hardly moves an area.
    """
    if not len(scores):
        return UNKNOWN, UNKNOWN
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins, n_bins = np.searchsorted(edges, scores, side="right"), len(edges) + 1
    sums = np.stack(
        [groups.only(which).histogram(bins[which], n_bins) for which in (~right, right)], axis=1
    )
    area, precision = bootstrap(lambda counts: np.array(areas(*counts)), sums)
    return area, precision


def curves(scores: np.ndarray, right: np.ndarray) -> Curves | None:
    """Both curves over scores (n,) of which some are `right` (n,); None without both kinds."""
    values, wrongs, rights = _counted(scores, right)
    area, precision = areas(wrongs, rights)
    if math.isnan(area):
        return None
    thresholds = np.concatenate([[-np.inf], values])
    drawn = np.unique(np.linspace(0, len(values), MOST_POINTS).round().astype(int))
    return Curves(
        thresholds[drawn],
        _shares(wrongs)[drawn],
        _shares(rights)[drawn],
        _precision(wrongs, rights)[drawn],
        area,
        precision,
    )


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation (1904) of two arrays (n,); ties share their mean rank.

    NaN where either never varies.
    """
    return correlation(ranks(one), ranks(other))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation of two arrays (n,); NaN where either never varies."""
    return _correlation(_moments(one, other).sum(axis=0)) if len(one) else math.nan


def correlation_interval(one: np.ndarray, other: np.ndarray, groups: Groups) -> Interval:
    """The interval of `correlation`; `groups` (n,) are drawn."""
    if not len(one):
        return UNKNOWN
    sums = groups.sums(*_moments(one, other).T)
    (interval,) = bootstrap(lambda moments: np.array([_correlation(moments)]), sums)
    return interval


def ranks(values: np.ndarray) -> np.ndarray:
    """The rank (n,) of each value from 0; equal values share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[places.reshape(-1)]


def _counted(scores: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different scores (k,), rising, and how many wrong and right ones (k,) have each."""
    values, places = np.unique(scores, return_inverse=True)
    wrongs, rights = (
        np.bincount(places.reshape(-1)[which], minlength=len(values)) for which in (~right, right)
    )
    return values, wrongs, rights


def _shares(counts: np.ndarray) -> np.ndarray:
    """The shares (k + 1,) at none, the lowest, ..., all of the scores."""
    return np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])


def _precision(wrongs: np.ndarray, rights: np.ndarray) -> np.ndarray:
    wrong = np.concatenate([[0.0], np.cumsum(wrongs)])
    total = np.concatenate([[0.0], np.cumsum(wrongs + rights)])
    return np.divide(wrong, total, out=np.ones_like(total), where=total > 0)


def _moments(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """What sums (n, 6) a correlation is made of; around the means, so that no digits are lost."""
    first, second = one - one.mean(), other - other.mean()
    return np.stack([np.ones(len(one)), first, second, first**2, second**2, first * second], axis=1)


def _correlation(moments: np.ndarray) -> float:
    n, first, second, first_squared, second_squared, product = moments.tolist()
    spread = (first_squared - first * first / n) * (second_squared - second * second / n)
    return (product - first * second / n) / math.sqrt(spread) if spread > 0 else math.nan
