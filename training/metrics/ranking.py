"""Scores as a ranking: ROC and precision-recall curves, and Spearman's correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

MOST_POINTS = 400  # of a drawn curve


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


def auc(scores: np.ndarray, right: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The chance that a right one (n,) of these scores (n,) is higher than a wrong one.

    A tie counts half (Mann and Whitney 1947; Fawcett 2006). NaN without both kinds.
    """
    flagged = _flagged(scores, right, weights)
    if flagged is None:
        return math.nan
    _, wrongs, rights = flagged
    return float(np.sum(np.diff(rights) * (wrongs[:-1] + wrongs[1:]) / 2))


def average_precision(
    scores: np.ndarray, right: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Precision at each threshold, weighed by the recall that it adds; NaN without both kinds.

    No interpolation, which would be too hopeful (Davis and Goadrich 2006).
    """
    weights = np.ones(len(scores)) if weights is None else weights
    flagged = _flagged(scores, right, weights)
    if flagged is None:
        return math.nan
    return float(np.sum(np.diff(flagged[1]) * _precision(flagged, right, weights)[1:]))


def curves(scores: np.ndarray, right: np.ndarray) -> Curves | None:
    """Both curves over scores (n,) of which some are `right` (n,); None without both kinds."""
    weights = np.ones(len(scores))
    flagged = _flagged(scores, right, weights)
    if flagged is None:
        return None
    thresholds, wrongs, rights = flagged
    precision = _precision(flagged, right, weights)
    drawn = np.unique(np.linspace(0, len(thresholds) - 1, MOST_POINTS).round().astype(int))
    return Curves(
        thresholds[drawn],
        wrongs[drawn],
        rights[drawn],
        precision[drawn],
        auc(scores, right),
        average_precision(scores, right),
    )


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation (1904) of two arrays (n,); ties share their mean rank.

    NaN where either never varies.
    """
    return correlation(ranks(one), ranks(other), np.ones(len(one)))


def correlation(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> float:
    """Pearson's correlation of two arrays (n,) by weight (n,); NaN where either never varies."""
    if not len(one):
        return math.nan
    first = one - weights @ one / weights.sum()
    second = other - weights @ other / weights.sum()
    spread = (weights @ first**2) * (weights @ second**2)
    return float(weights @ (first * second) / math.sqrt(spread)) if spread > 0 else math.nan


def ranks(values: np.ndarray) -> np.ndarray:
    """The rank (n,) of each value from 0; equal values share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[places.reshape(-1)]


Flagged = tuple[np.ndarray, np.ndarray, np.ndarray]


def _flagged(scores: np.ndarray, right: np.ndarray, weights: np.ndarray | None) -> Flagged | None:
    """Thresholds (k,), and the shares of the wrong and of the right under or at each.

    The first threshold flags nothing. None without both kinds.
    """
    weights = np.ones(len(scores)) if weights is None else weights
    values, places = np.unique(scores, return_inverse=True)
    places = places.reshape(-1)
    shares = []
    for which in (~right, right):
        mass = np.bincount(places[which], weights=weights[which], minlength=len(values))
        if not mass.sum() > 0:
            return None
        shares.append(np.concatenate([[0.0], np.cumsum(mass) / mass.sum()]))
    return np.concatenate([[-np.inf], values]), shares[0], shares[1]


def _precision(flagged: Flagged, right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    _, wrongs, rights = flagged
    wrong = wrongs * weights[~right].sum()
    total = wrong + rights * weights[right].sum()
    return np.divide(wrong, total, out=np.ones_like(total), where=total > 0)
