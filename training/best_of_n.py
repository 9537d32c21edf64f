"""Best-of-N: which of N responses a scorer would pick, against voting, chance and the best."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluation import Interval

BOOTSTRAP_SAMPLES = 1000
Scores = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Response:
    """One sampled response: its answer in a comparable spelling, and the scores of its steps."""

    answer: str | None
    is_correct: bool
    scores: Scores


@dataclass(frozen=True, slots=True)
class Pick:
    """A way to choose: the share of problems it gets right, and how far that is above maj@N."""

    accuracy: float
    interval: Interval
    above_majority: float
    above_majority_interval: Interval


def product(scores: Scores) -> float:
    """The product of the step scores, the paper's choice (arXiv 2501.07301, App. A)."""
    return math.prod(_told(scores))


def minimum(scores: Scores) -> float:
    """The lowest step score."""
    return min(_told(scores), default=-math.inf)


def last(scores: Scores) -> float:
    """The score of the last step."""
    return _told(scores)[-1] if scores else -math.inf


SCORINGS: dict[str, Callable[[Scores], float]] = {
    "product": product, "min": minimum, "last": last,
}  # fmt: skip


def best_of_n(
    problems: Sequence[Sequence[Response]], seed: int = 0, samples: int = BOOTSTRAP_SAMPLES
) -> dict[str, Pick]:
    """The accuracy of each way to choose one of the responses to each problem.

    Ways: product, min and last (the best by these; the first of equals), maj@N (the commonest
    answer; of equally common ones each counts its part; a response without an answer has no
    vote), weighted vote (the same with each response's product as its weight, as Math-Shepherd
    votes with a verifier, arXiv 2312.08935), random (the mean) and pass@N (any is right).
    Intervals are 95% percentile bootstraps over problems, and those above maj@N are paired.
    Raises ValueError without a problem, or for one without a response.
    """
    if not problems or not all(problems):
        raise ValueError("Best-of-N needs problems with at least one response each")
    right = {
        **{name: [_best(group, rule) for group in problems] for name, rule in SCORINGS.items()},
        "weighted vote": [_vote(group, product) for group in problems],
        "maj@N": [_vote(group, lambda _: 1.0) for group in problems],
        "random": [float(np.mean([one.is_correct for one in group])) for group in problems],
        "pass@N": [float(any(one.is_correct for one in group)) for group in problems],
    }
    draws = np.random.default_rng(seed).integers(len(problems), size=(samples, len(problems)))
    majority = np.array(right["maj@N"])
    return {name: _pick(np.array(hits), majority, draws) for name, hits in right.items()}


def _pick(hits: np.ndarray, majority: np.ndarray, draws: np.ndarray) -> Pick:
    above = hits - majority
    return Pick(
        float(hits.mean()),
        _interval(hits[draws].mean(axis=1)),
        float(above.mean()),
        _interval(above[draws].mean(axis=1)),
    )


def _best(group: Sequence[Response], rule: Callable[[Scores], float]) -> float:
    return float(max(group, key=lambda one: rule(one.scores)).is_correct)


def _vote(group: Sequence[Response], weigh: Callable[[Scores], float]) -> float:
    votes: dict[str, float] = defaultdict(float)
    verdicts: dict[str, list[bool]] = defaultdict(list)
    for one in group:
        if one.answer is not None:
            votes[one.answer] += max(weigh(one.scores), 0.0)  # no score, no weight
            verdicts[one.answer].append(one.is_correct)
    most = max(votes.values(), default=0.0)
    winners = [float(np.mean(verdicts[answer])) for answer, n in votes.items() if n == most]
    return float(np.mean(winners)) if winners else 0.0


def _told(scores: Scores) -> list[float]:
    """The scores; minus infinity for all where a step has none: it is not known to be right."""
    told = [score for score in scores if score is not None and not math.isnan(score)]
    return told if told and len(told) == len(scores) else [-math.inf]


def _interval(values: np.ndarray) -> Interval:
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(float(low), float(high))
