"""Is a way to choose among N responses misled by their length? A product loses with every step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from training.metrics.best_of_n import Response, Scorings, of_best
from training.metrics.intervals import Mean, mean

THIRDS = (1 / 3, 2 / 3)
BY_STEPS, BY_RIGHT = "steps of the responses", "steps of right beside wrong responses"
BESIDE_WRONG = ("fewer", "as many", "more")


@dataclass(frozen=True, slots=True)
class Picked:
    """The steps of what is picked from n responses to a problem, on average over problems.

    `above_all` is by how much they are more than those of the problem's responses; `above_right`
    than those of its right ones, over the problems that have one. A wrong response may be long
    because it went astray, so only the second tells a rule that punishes length.
    """

    steps: Mean
    above_all: Mean
    above_right: Mean


@dataclass(frozen=True, slots=True)
class LengthGroup:
    """Problems whose responses are alike in length, and how often each way is right in them."""

    attribute: str  # BY_STEPS or BY_RIGHT
    name: str
    problems: int
    accuracy: dict[str, Mean]


@dataclass(frozen=True, slots=True)
class PickLengths:
    """Steps of all and of right responses, of what each score picks, and accuracy by length."""

    all: Mean
    right: Mean
    picked: dict[str, Picked]
    groups: list[LengthGroup]


def pick_lengths(
    problems: Sequence[Sequence[Response]],
    chances: Mapping[str, Sequence[float]],
    n: int,
    scorings: Scorings,
) -> PickLengths | None:
    """Lengths of picks from `n` responses, and accuracy in thirds of problems by mean steps.

    `chances` are those of `training.metrics.best_of_n.BestOfN`, of these problems. The thirds are
    cut between problems, so equally long ones stay together; a second division is by whether a
    problem's right responses are longer than its wrong ones. None without scores, or where a
    response's steps are not known.
    """
    if not scorings or any(one.n_steps is None for group in problems for one in group):
        return None
    everything, right, wrong = (np.full(len(problems), math.nan) for _ in range(3))
    steps = {name: np.zeros(len(problems)) for name in scorings}
    for place, group in enumerate(problems):
        lengths = np.array([one.n_steps for one in group], dtype=float)
        samples = np.array([one.samples for one in group])
        is_right = np.array([one.is_correct for one in group])
        everything[place] = np.average(lengths, weights=samples)
        for which, found in ((is_right, right), (~is_right, wrong)):
            if which.any():
                found[place] = np.average(lengths[which], weights=samples[which])
        for name, rule in scorings.items():
            scores = np.array([rule(one.scores) for one in group])
            steps[name][place] = of_best(scores, samples, lengths, [n])[0]
    accuracies = {way: np.array(of_problems) for way, of_problems in chances.items()}
    return PickLengths(
        _mean(everything),
        _mean(right),
        {
            name: Picked(_mean(mine), _mean(mine - everything), _mean(mine - right))
            for name, mine in steps.items()
        },
        [
            LengthGroup(
                attribute,
                name,
                int(which.sum()),
                {way: _mean(one[which]) for way, one in accuracies.items()},
            )
            for attribute, name, which in [
                *_thirds(everything),
                *_beside_wrong(right, wrong),
            ]
            if which.any()
        ],
    )


def _thirds(lengths: np.ndarray) -> list[tuple[str, str, np.ndarray]]:
    cuts = [-math.inf, *sorted(set(np.quantile(lengths, THIRDS).tolist())), math.inf]
    found = []
    for low, high in pairwise(cuts):
        which = (lengths > low) & (lengths <= high)
        if which.any():
            first, end = lengths[which].min(), lengths[which].max()
            name = f"{first:.3g}" if first == end else f"{first:.3g} to {end:.3g}"
            found.append((BY_STEPS, name, which))
    return found


def _beside_wrong(right: np.ndarray, wrong: np.ndarray) -> list[tuple[str, str, np.ndarray]]:
    """Problems with right and wrong responses, by which of them are longer on average."""
    order = np.sign(right - wrong)  # NaN where there is only one of the two
    return [(BY_RIGHT, name, order == sign) for sign, name in enumerate(BESIDE_WRONG, start=-1)]


def _mean(values: np.ndarray) -> Mean:
    """Over the problems that have a value, each by itself."""
    known = values[~np.isnan(values)]
    return mean(known, np.arange(len(known)))
