"""Best-of-N: which of N responses a scorer would pick, against voting, chance and the best.

A problem usually has more than N responses. Then each figure is what is to be expected of N of
them drawn at random without replacement, so no response is lost and the order does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

import numpy as np

from training.evaluation import Interval

BOOTSTRAP_SAMPLES = 1000
VOTE_DRAWS = 200  # random sets of N responses that votes are averaged over
Scores = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Response:
    """One response: its answer in a comparable spelling, and the scores of its steps.

    `samples` is how often it was sampled, word for word the same.
    """

    answer: str | None
    is_correct: bool
    scores: Scores
    samples: int = 1


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
    problems: Sequence[Sequence[Response]],
    n: int | None = None,
    seed: int = 0,
    samples: int = BOOTSTRAP_SAMPLES,
) -> dict[str, Pick]:
    """The expected accuracy of each way to choose one of `n` (default: all) responses.

    Ways: product, min and last (the best by these; of equally good ones each counts its part),
    maj@N (the commonest answer; of equally common ones each counts its part; a response without
    an answer has no vote), weighted vote (the same with each response's product as its weight,
    as Math-Shepherd votes with a verifier, arXiv 2312.08935), random (the mean) and pass@N (any
    is right, by the unbiased estimator of arXiv 2107.03374). All are exact but the two votes,
    which are averaged over VOTE_DRAWS sets of responses, or over all if there are no more.
    Intervals are 95% percentile bootstraps over problems, and those above maj@N are paired.
    Raises ValueError without a problem, or for one with fewer than `n` responses, or none.
    """
    if not problems or not all(problems):
        raise ValueError("Best-of-N needs problems with at least one response each")
    sizes = [sum(one.samples for one in group) for group in problems]
    if n is not None and min(sizes) < n:
        raise ValueError(f"Best-of-{n} needs {n} responses to each problem, not {min(sizes)}")
    taken = [size if n is None else n for size in sizes]
    right: dict[str, list[float]] = {
        name: [_best(group, rule, k) for group, k in zip(problems, taken, strict=True)]
        for name, rule in SCORINGS.items()
    }
    votes = [
        _votes(group, k, np.random.default_rng([seed, place]))
        for place, (group, k) in enumerate(zip(problems, taken, strict=True))
    ]
    right["weighted vote"] = [weighted for weighted, _ in votes]
    right["maj@N"] = [plain for _, plain in votes]
    right["random"] = [_share_right(group) for group in problems]
    right["pass@N"] = [_any_right(group, k) for group, k in zip(problems, taken, strict=True)]
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


def _share_right(group: Sequence[Response]) -> float:
    return sum(one.samples for one in group if one.is_correct) / sum(one.samples for one in group)


def _any_right(group: Sequence[Response], n: int) -> float:
    size = sum(one.samples for one in group)
    wrong = sum(one.samples for one in group if not one.is_correct)
    return 1 - math.comb(wrong, n) / math.comb(size, n)


def _best(group: Sequence[Response], rule: Callable[[Scores], float], n: int) -> float:
    """The chance that the best of `n` responses by `rule` is right.

    The best is among the responses of one score when one of these is drawn and none above them.
    """
    ranked = sorted(((rule(one.scores), one) for one in group), key=lambda pair: -pair[0])
    below = sum(one.samples for one in group)
    sets = math.comb(below, n)
    chance = 0.0
    for _, block in groupby(ranked, key=lambda pair: pair[0]):
        equal = [one for _, one in block]
        with_block = math.comb(below, n)
        below -= sum(one.samples for one in equal)
        chance += (with_block - math.comb(below, n)) / sets * _share_right(equal)
    return chance


def _votes(group: Sequence[Response], n: int, random: np.random.Generator) -> tuple[float, float]:
    """The chance that the weighted and the plain vote of `n` responses is right."""
    answers = sorted({one.answer for one in group if one.answer is not None})
    if not answers:
        return 0.0, 0.0
    verdicts = np.array([_share_right([o for o in group if o.answer == a]) for a in answers])
    ballots = np.array([[float(one.answer == answer) for answer in answers] for one in group])
    # No score, no weight.
    weights = np.array([max(product(one.scores), 0.0) for one in group])
    drawn = _draw(np.array([one.samples for one in group]), n, random)
    present = drawn @ ballots > 0
    return (
        _won(drawn @ (ballots * weights[:, None]), present, verdicts),
        _won(drawn @ ballots, present, verdicts),
    )


def _won(votes: np.ndarray, present: np.ndarray, verdicts: np.ndarray) -> float:
    """The mean over draws of how right the answers with the most `votes` (draws, answers) are."""
    most = np.where(present, votes, -1.0).max(axis=1, keepdims=True)
    winners = present & (votes == most)
    n_winners = winners.sum(axis=1)
    shares = (winners * verdicts).sum(axis=1) / np.maximum(n_winners, 1)
    return float(shares.mean())


def _draw(samples: np.ndarray, n: int, random: np.random.Generator) -> np.ndarray:
    """How often each response (draws, responses) is in sets of `n` samples: all, or some."""
    owner = np.repeat(np.arange(len(samples)), samples)
    if math.comb(len(owner), n) <= VOTE_DRAWS:
        sets = np.array(list(combinations(range(len(owner)), n)))
    else:
        places = np.tile(np.arange(len(owner)), (VOTE_DRAWS, 1))
        sets = random.permuted(places, axis=1)[:, :n]
    drawn = np.zeros((len(sets), len(samples)))
    np.add.at(drawn, (np.arange(len(sets))[:, None], owner[sets]), 1.0)
    return drawn


def _told(scores: Scores) -> list[float]:
    """The scores; minus infinity for all where a step has none: it is not known to be right."""
    told = [score for score in scores if score is not None and not math.isnan(score)]
    return told if told and len(told) == len(scores) else [-math.inf]


def _interval(values: np.ndarray) -> Interval:
    """The middle 95% of bootstrapped means; not defined where they never vary."""
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(float(low), float(high)) if low < high else Interval(math.nan, math.nan)
