"""From the scores of a solution's steps to one number for the whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

Scores = Sequence[float | None]
Aggregation = Callable[[Scores], float]


def product(scores: Scores) -> float:
    """The product of the step scores, the paper's choice (arXiv 2501.07301, App. A).

    It punishes long solutions: every further step can only lower it.
    """
    return math.prod(_told(scores))


def minimum(scores: Scores) -> float:
    """The lowest step score."""
    return min(_told(scores), default=-math.inf)


def last(scores: Scores) -> float:
    """The score of the last step."""
    return _told(scores)[-1] if scores else -math.inf


def mean(scores: Scores) -> float:
    """The mean of the step scores, as RLHFlow aggregates. A good step more hides a bad one."""
    told = _told(scores)
    return sum(told) / len(told)


def min_form(scores: Scores, temperature: float = 0.1) -> float:
    """The return under PURE's min-form credit (arXiv 2504.15275): nearly the lowest reward.

    Rewards are 2P - 1, weighted by the softmax of their negatives over `temperature`, and summed.
    """
    told = _told(scores)
    if told == [-math.inf]:
        return -math.inf
    rewards = [2 * score - 1 for score in told]
    least = min(rewards)
    weights = [math.exp((least - reward) / temperature) for reward in rewards]
    return sum(w * r for w, r in zip(weights, rewards, strict=True)) / sum(weights)


AGGREGATIONS: Mapping[str, Aggregation] = {
    "product": product,
    "min": minimum,
    "last": last,
    "mean": mean,
    "min-form": min_form,
}


def _told(scores: Scores) -> list[float]:
    """The scores; minus infinity for all where a step has none: it is not known to be right."""
    told = [score for score in scores if score is not None and not math.isnan(score)]
    return told if told and len(told) == len(scores) else [-math.inf]
