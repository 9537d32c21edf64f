"""Best-of-N: which of N responses a scorer would pick, against voting, chance and the best.

A problem usually has more than N responses. Then each figure is what is to be expected of N of
them drawn at random without replacement, so no response is lost and the order does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from models.prm.aggregation import Scores, last, mean, minimum, product
from training.metrics.processbench.evaluation import Interval

BOOTSTRAP_SAMPLES = 1000
VOTE_DRAWS = 200  # random sets of N responses that votes are averaged over
EVERY_SIZE = 16  # a curve has each n up to this, then doubles it
MAJORITY = "maj@N"


@dataclass(frozen=True, slots=True)
class Response:
    """One response: its answer in a comparable spelling, and the scores of its steps.

    `samples` is how often it was sampled, word for word the same; `n_steps` are its steps, None
    where they are not known.
    """

    answer: str | None
    is_correct: bool
    scores: Scores
    samples: int = 1
    n_steps: int | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """A way to choose: the share of problems it gets right, and how far that is above maj@N."""

    accuracy: float
    interval: Interval
    above_majority: float
    above_majority_interval: Interval


Curves = dict[str, list[Pick]]  # by way to choose, a pick for each number of responses


@dataclass(frozen=True, slots=True)
class BestOfN:
    """The curves of each data set over the `sizes`, and their unweighted mean.

    `chances` has each problem's chance of a right pick from the most responses, by data set and
    way.
    """

    sizes: tuple[int, ...]
    mean: Curves
    datasets: dict[str, Curves]
    chances: dict[str, dict[str, list[float]]]


Scorings = Mapping[str, Callable[[Scores], float]]
SCORINGS: Scorings = {"product": product, "min": minimum, "last": last, "mean": mean}
REWARD: Scorings = {"reward": last}  # one number for a whole response, which need be no probability
NO_SCORES: Scorings = {}


def curve_sizes(n: int) -> tuple[int, ...]:
    """The numbers of responses that a curve up to `n` has: every one to 16, then doubled, and n."""
    sizes = list(range(1, min(n, EVERY_SIZE) + 1))
    while sizes[-1] < n:
        sizes.append(min(sizes[-1] * 2, n))
    return tuple(sizes)


def best_of_n(
    datasets: Mapping[str, Sequence[Sequence[Response]]],
    sizes: Sequence[int],
    scorings: Scorings = SCORINGS,
    seed: int = 0,
    samples: int = BOOTSTRAP_SAMPLES,
) -> BestOfN:
    """The expected accuracy of each way to choose one of n responses, for each n of `sizes`.

    `datasets` holds the responses to each problem of each data set; ways as in `chances`. The
    mean weighs every data set alike, as the paper's average over its tasks does (arXiv 2501.07301,
    2.2). Intervals are 95% percentile bootstraps over the problems of each data set, and those
    above maj@N are paired. Raises ValueError for a data set without a problem, or a problem with
    fewer responses than the largest n.
    """
    random = np.random.default_rng(seed)
    ways: list[str] = []
    points, drawn = [], []
    largest: dict[str, dict[str, list[float]]] = {}
    for name, problems in datasets.items():
        found = [
            chances(group, sizes, scorings, np.random.default_rng([seed, place]))
            for place, group in enumerate(problems)
        ]
        if not found:
            raise ValueError("Best-of-N needs problems with at least one response each")
        ways = list(found[0])
        right = np.stack([np.stack(list(one.values())) for one in found])
        largest[name] = dict(zip(ways, right[:, :, -1].T.tolist(), strict=True))
        points.append(right.mean(axis=0))
        drawn.append(_bootstrap(right, samples, random))
    curves = [
        _curves(ways, *of_dataset, sizes=sizes) for of_dataset in zip(points, drawn, strict=True)
    ]
    together = _curves(ways, np.mean(points, axis=0), np.mean(drawn, axis=0), sizes=sizes)
    return BestOfN(tuple(sizes), together, dict(zip(datasets, curves, strict=True)), largest)


def chances(
    group: Sequence[Response],
    sizes: Sequence[int],
    scorings: Scorings = SCORINGS,
    random: np.random.Generator | None = None,
) -> dict[str, np.ndarray]:
    """The chance (sizes,) that what each way chooses of n responses to a problem is right.

    Ways: each of `scorings` (the best by it; of equally good ones each counts its part), weighted
    vote (the answer whose responses have the largest sum of products, as Math-Shepherd votes with
    a verifier, arXiv 2312.08935; only with step scores), maj@N (the commonest answer; of equally
    common ones each counts its part; a response without an answer has no vote), random (any
    response) and pass@N (any is right, by the unbiased estimator of arXiv 2107.03374). All are
    exact but the two votes, which are averaged over VOTE_DRAWS sets drawn by `random`, or over all
    sets if there are no more. Raises ValueError with fewer responses than the largest n.
    """
    samples = np.array([one.samples for one in group], dtype=int)
    size = int(samples.sum())
    if not group or max(sizes) > size:
        raise ValueError(f"Best-of-{max(sizes)} needs {max(sizes)} responses to a problem")
    is_right = np.array([one.is_correct for one in group])
    right = samples * is_right
    inside = np.stack([_inside(size, n) for n in sizes])
    found = {
        name: of_best(np.array([rule(one.scores) for one in group]), samples, is_right, sizes)
        for name, rule in scorings.items()
    }
    weighted, plain = _votes(group, sizes, random or np.random.default_rng(0))
    if "product" in scorings:
        found["weighted vote"] = weighted
    found[MAJORITY] = plain
    found["random"] = np.full(len(sizes), right.sum() / size)
    found["pass@N"] = 1 - inside[:, size - right.sum()]
    return found


def _curves(
    ways: Sequence[str], points: np.ndarray, drawn: np.ndarray, sizes: Sequence[int]
) -> Curves:
    """`points` (ways, sizes) with intervals from `drawn` (draws, ways, sizes)."""
    majority = ways.index(MAJORITY)
    above, above_drawn = points - points[majority], drawn - drawn[:, majority : majority + 1]
    return {
        way: [
            Pick(
                float(points[place, at]),
                _interval(drawn[:, place, at]),
                float(above[place, at]),
                _interval(above_drawn[:, place, at]),
            )
            for at in range(len(sizes))
        ]
        for place, way in enumerate(ways)
    }


def _bootstrap(right: np.ndarray, samples: int, random: np.random.Generator) -> np.ndarray:
    """Means (samples, ...) of `right` (problems, ...) over problems drawn with replacement."""
    n = len(right)
    flat = right.reshape(n, -1)
    drawn = [
        np.bincount(random.integers(n, size=n), minlength=n) @ flat / n for _ in range(samples)
    ]
    return np.stack(drawn).reshape(samples, *right.shape[1:])


@lru_cache(maxsize=4096)
def _inside(size: int, n: int) -> np.ndarray:
    """The share (size + 1,) of the sets of `n` among `size` that lie within k given ones."""
    sets = math.comb(size, n)
    return np.array([math.comb(k, n) / sets for k in range(size + 1)])


def of_best(
    scores: np.ndarray, samples: np.ndarray, values: np.ndarray, sizes: Sequence[int]
) -> np.ndarray:
    """What is to be expected (sizes,) of the `values` of the best of n responses by `scores`.

    All three are of the responses, each drawn `samples` times. The best is among the responses of
    one score when one of these is drawn and none above them.
    """
    inside = np.stack([_inside(int(samples.sum()), n) for n in sizes])
    _, rank = np.unique(-scores, return_inverse=True)
    members = np.bincount(rank, samples).astype(int)
    below = members.sum() - np.concatenate([[0], np.cumsum(members)])
    chosen_here = inside[:, below[:-1]] - inside[:, below[1:]]
    return chosen_here @ (np.bincount(rank, samples * values) / members)


def _votes(
    group: Sequence[Response], sizes: Sequence[int], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The chance (sizes,) that the weighted and the plain vote of n responses is right."""
    answers = sorted({one.answer for one in group if one.answer is not None})
    if not answers:
        return np.zeros(len(sizes)), np.zeros(len(sizes))
    verdicts = np.array([_share_right([o for o in group if o.answer == a]) for a in answers])
    ballots = np.array([[float(one.answer == answer) for answer in answers] for one in group])
    # No score, no weight.
    weights = np.array([max(product(one.scores), 0.0) for one in group])
    owner = np.repeat(np.arange(len(group)), [one.samples for one in group])
    # The first n of one order are a random set of n for each n, which keeps the curve smooth.
    order = random.permuted(np.tile(owner, (VOTE_DRAWS, 1)), axis=1)
    weighted, plain = [], []
    for n in sizes:
        few = math.comb(len(owner), n) <= VOTE_DRAWS
        sets = np.array(list(combinations(owner, n))) if few else order[:, :n]
        drawn = _times(sets, len(group))
        present = drawn @ ballots > 0
        weighted.append(_won(drawn @ (ballots * weights[:, None]), present, verdicts))
        plain.append(_won(drawn @ ballots, present, verdicts))
    return np.array(weighted), np.array(plain)


def _times(sets: np.ndarray, responses: int) -> np.ndarray:
    """How often each response is in each of the `sets` (draws, n): (draws, responses)."""
    draw = np.arange(len(sets))[:, None]
    flat = np.bincount((draw * responses + sets).ravel(), minlength=len(sets) * responses)
    return flat.reshape(len(sets), responses).astype(float)


def _won(votes: np.ndarray, present: np.ndarray, verdicts: np.ndarray) -> float:
    """The mean over draws of how right the answers with the most `votes` (draws, answers) are."""
    most = np.where(present, votes, -1.0).max(axis=1, keepdims=True)
    winners = present & (votes == most)
    n_winners = winners.sum(axis=1)
    shares = (winners * verdicts).sum(axis=1) / np.maximum(n_winners, 1)
    return float(shares.mean())


def _share_right(group: Sequence[Response]) -> float:
    return sum(one.samples for one in group if one.is_correct) / sum(one.samples for one in group)


def _interval(values: np.ndarray) -> Interval:
    """The middle 95% of bootstrapped means; not defined where they never vary."""
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(float(low), float(high)) if low < high else Interval(math.nan, math.nan)
