"""Do scores punish length? A product of many factors is small even where each is near 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.metrics.biases import AGGREGATIONS, aggregated
from training.metrics.intervals import Mean, groups_of, mean
from training.metrics.processbench.evaluation import NO_ERROR, Interval
from training.metrics.processbench.scored import Scored
from training.metrics.ranking import correlation, correlation_interval, ranks


@dataclass(frozen=True, slots=True)
class LengthEffect:
    """One way to make a solution's score, and what length does to it.

    `correlation` is Spearman's between score and length among solutions that are equally right:
    ranked apart with an error and without one, then together. `chosen` is by how much the
    solution with the best score is longer than the mean one of its problem; `of_right` the same
    among the solutions without an error alone, where length is no sign of a mistake.
    """

    name: str
    n: int
    correlation: float
    correlation_interval: Interval
    chosen: Mean
    of_right: Mean


def length_effects(these: Scored, lengths: np.ndarray, problems: np.ndarray) -> list[LengthEffect]:
    """What length (n,), in steps or characters, does to each way to aggregate scores.

    Over solutions with every score; intervals over problems (n,).
    """
    used = np.flatnonzero(these.complete & (these.n_steps > 0))
    right = these.reference[used] == NO_ERROR
    size, belongs = lengths[used].astype(float), problems[used]
    groups = groups_of(belongs)
    found = []
    for name in AGGREGATIONS:
        score = aggregated(these, name)[used]
        first, second = _ranked(score, right), _ranked(size, right)
        found.append(
            LengthEffect(
                name,
                len(used),
                correlation(first, second),
                correlation_interval(first, second, groups),
                _chosen(score, size, belongs),
                _chosen(score[right], size[right], belongs[right]),
            )
        )
    return found


def _ranked(values: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Ranks within the class of each value, scaled to (-1/2, 1/2): the class itself drops out."""
    found = np.zeros(len(values))
    for which in (right, ~right):
        if which.any():
            found[which] = (ranks(values[which]) + 0.5) / which.sum() - 0.5
    return found


def _chosen(score: np.ndarray, size: np.ndarray, problems: np.ndarray) -> Mean:
    """How much longer the best-scored solution of each problem is; equally good ones share.

    Over problems with several solutions that are not all equally long.
    """
    different, places = np.unique(problems, return_inverse=True)
    places, n = places.reshape(-1), len(different)
    highest, longest = (np.full(n, -np.inf) for _ in range(2))
    np.maximum.at(highest, places, score)
    np.maximum.at(longest, places, size)
    shortest = np.full(n, np.inf)
    np.minimum.at(shortest, places, size)
    best = score == highest[places]
    counts, n_best = np.bincount(places, minlength=n), np.bincount(places[best], minlength=n)
    of_best = np.bincount(places[best], size[best], n) / n_best
    longer = of_best - np.bincount(places, size, n) / counts
    varied = longest > shortest
    return mean(longer[varied], different[varied])
