"""The `adaptive` strategy: a posterior over the first error, and the probe that sharpens it most.

The model. The first error is at step k, or there is none. Before it a completion succeeds with
probability r ** m, with m steps still to go and r, how surely the policy takes a step here, one
of a few levels. From the error on it succeeds with a small probability, the stray rate. Levels
and stray rates are mixed with weights that may be learnt from earlier solutions.

The next probe is the one with the highest expected information gain per expected token. EpicPRM
(arXiv 2503.02382) adapts a binary search to the problem's difficulty; this has no fixed order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labeling.montecarlo.strategies import Chunk, Known, bounds

LEVELS = (0.98, 0.85, 0.6)
STRAYS = (0.01, 0.15)
PSEUDO = 20.0  # solutions that the weights below count for when others are learnt from


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a solution before it is looked at.

    `hazard` is the chance of an error at each step of a solution with a wrong answer, `sound`
    the share of right-answer solutions without one.
    """

    levels: tuple[float, ...] = (0.4, 0.35, 0.25)
    strays: tuple[float, ...] = (0.7, 0.3)
    hazard: float = 0.2
    sound: float = 0.95


@dataclass(frozen=True, slots=True)
class _Posterior:
    """For each first error k: its mass, and the mixtures of levels and stray rates given k."""

    mass: list[float]
    alive: list[list[float]]
    dead: list[list[float]]

    def success(self, k: int, step: int, last: int) -> list[tuple[float, float]]:
        """(weight, chance that a completion from `step` succeeds) if the first error is k."""
        if step < k:
            rates = [_survival(level, last - step) for level in LEVELS]
            return list(zip(self.alive[k], rates, strict=True))
        return list(zip(self.dead[k], STRAYS, strict=True))


def adaptive(known: Known, belief: Belief, samples: int, mass: float, chunk: int) -> list[Chunk]:
    """The most informative next probe; nothing when there is a verdict.

    It stops by the K rule of `bisect`, or once the likeliest first error k holds at least `mass`
    of the posterior, the step before k had a success, and k itself a failure. With `mass` 1 only
    the K rule ends it. Chunks of 1, 2, 4, ... up to `chunk` compete.
    """
    low, high = bounds(known.successes, known.asked, samples)
    if low == high:
        return []
    posterior = _posterior(known, belief)
    likeliest = _likeliest(posterior.mass)
    if mass < 1 and posterior.mass[likeliest] >= mass and low <= likeliest <= high:
        lacking = _lacking(known, likeliest, low)
        return [] if lacking is None else [(lacking, 1)]
    return [_most_informative(known, posterior, samples, chunk, low, high)]


def first_error_by_belief(
    known: Known, belief: Belief, samples: int
) -> tuple[int | None, float | None]:
    """(first error or None, its posterior mass) of a solution that `adaptive` is done with."""
    low, high = bounds(known.successes, known.asked, samples)
    posterior = _posterior(known, belief)
    k = high if low == high else _likeliest(posterior.mass)
    share = posterior.mass[k]
    if k == known.last:
        if known.answer_is_correct is None:
            return None, None
        return (-1 if known.answer_is_correct else k), share
    return (k, share) if known.trials[k] else (None, None)


def learn(solutions: Iterable[Known], belief: Belief) -> Belief:
    """`belief` as the prior, changed by what was seen of solutions; their order is immaterial.

    One step of expectation-maximisation with PSEUDO solutions' worth of the old weights.
    """
    levels = [PSEUDO * weight for weight in belief.levels]
    strays = [PSEUDO * weight for weight in belief.strays]
    errors, chances = PSEUDO * belief.hazard, PSEUDO
    sound, right = PSEUDO * belief.sound, PSEUDO
    for known in solutions:
        posterior = _posterior(known, belief)
        for k, mass in enumerate(posterior.mass):
            for place, weight in enumerate(posterior.alive[k]):
                levels[place] += mass * weight
            if k < known.last:
                for place, weight in enumerate(posterior.dead[k]):
                    strays[place] += mass * weight
        if known.answer_is_correct:
            right, sound = right + 1, sound + posterior.mass[-1]
        elif known.answer_is_correct is False:
            errors += 1
            chances += sum(mass * (k + 1) for k, mass in enumerate(posterior.mass))
    return Belief(_scaled(levels), _scaled(strays), errors / chances, sound / right)


def _posterior(known: Known, belief: Belief) -> _Posterior:
    """What is believed now of each first error.

    A success does not rule out an earlier error here: it may be a stray one, and leaves that
    doubt. In logarithms, because a thousand failures at a step are too unlikely for a float.
    """
    last = known.last
    alive = [_logs(belief.levels)]  # weight times likelihood of what was seen before step k
    for step in range(last):
        rates = [_survival(level, last - step) for level in LEVELS]
        alive.append(_weighed(alive[-1], rates, known, step))
    dead = [_logs(belief.strays)]  # ... and from step k on
    for step in reversed(range(last)):
        dead.append(_weighed(dead[-1], STRAYS, known, step))
    dead.reverse()
    prior = _prior(last, known.answer_is_correct, belief)
    mass = [
        math.log(p) + _log_sum(a) + _log_sum(d) for p, a, d in zip(prior, alive, dead, strict=True)
    ]
    return _Posterior(_shares(mass), [_shares(a) for a in alive], [_shares(d) for d in dead])


def _survival(level: float, steps: int) -> float:
    return max(level**steps, 1e-12)  # a solution may have a thousand steps


def _weighed(
    weights: Sequence[float], rates: Sequence[float], known: Known, step: int
) -> list[float]:
    """Log weights plus the likelihood of one step's outcomes; the undecided ones say nothing."""
    right, wrong = known.counts["correct"][step], known.counts["wrong"][step]
    return [
        weight + right * math.log(rate) + wrong * math.log1p(-rate)
        for weight, rate in zip(weights, rates, strict=True)
    ]


def _prior(last: int, answer_is_correct: bool | None, belief: Belief) -> list[float]:
    """The chance of each first error 0 .. last; `last` with a right answer stands for none."""
    chances = [belief.hazard * (1 - belief.hazard) ** step for step in range(last)]
    if answer_is_correct:
        whole = sum(chances)
        return [(1 - belief.sound) * chance / whole for chance in chances] + [belief.sound]
    rest = (1 - belief.hazard) ** last
    return [*chances, rest if answer_is_correct is None else belief.hazard * rest]


def _most_informative(
    known: Known, posterior: _Posterior, samples: int, chunk: int, low: int, high: int
) -> Chunk:
    before = _entropy(posterior.mass)
    best, best_value = (low, 1), -1.0
    # Of equals the later step is taken: it is cheaper, and a success there vouches for more.
    for step in reversed(range(low, high)):
        count = 1
        while count <= min(chunk, samples - known.asked[step]):
            gain = before - _expected_entropy(posterior, step, count, known.last)
            value = gain / (count * known.costs[step])
            if value > best_value * (1 + 1e-9):
                best, best_value = (step, count), value
            count *= 2
    return best


def _expected_entropy(posterior: _Posterior, step: int, count: int, last: int) -> float:
    """After `count` completions from `step`, of which is known whether any succeeded."""
    failed = [
        mass * sum(w * (1 - rate) ** count for w, rate in posterior.success(k, step, last))
        for k, mass in enumerate(posterior.mass)
    ]
    passed = [mass - part for mass, part in zip(posterior.mass, failed, strict=True)]
    return sum(_entropy(part) - _entropy([sum(part)]) for part in (failed, passed))


def _lacking(known: Known, k: int, low: int) -> int | None:
    """The step that must still be asked before the first error may be called k."""
    if low != k:
        return k - 1 if low < k else k
    return None if k == known.last or known.trials[k] else k


def _likeliest(mass: Sequence[float]) -> int:
    return max(range(len(mass)), key=lambda k: mass[k])


def _entropy(shares: Sequence[float]) -> float:
    return -sum(share * math.log(share) for share in shares if share > 0)


def _scaled(weights: Sequence[float]) -> tuple[float, ...]:
    return tuple(weight / sum(weights) for weight in weights)


def _logs(weights: Sequence[float]) -> list[float]:
    return [math.log(weight) if weight > 0 else -math.inf for weight in weights]


def _log_sum(logs: Sequence[float]) -> float:
    top = max(logs)
    return top + math.log(sum(math.exp(one - top) for one in logs))


def _shares(logs: Sequence[float]) -> list[float]:
    """Weights that add up to 1, from logarithms."""
    whole = _log_sum(logs)
    return [math.exp(one - whole) for one in logs]
