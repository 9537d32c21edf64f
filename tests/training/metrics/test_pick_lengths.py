"""Lengths of what is picked of N: by hand, against every set, and a rule that length misleads."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from training.metrics.best_of_n import REWARD, SCORINGS, Response, best_of_n
from training.metrics.pick_lengths import (
    BESIDE_WRONG,
    BY_RIGHT,
    BY_STEPS,
    PickLengths,
    pick_lengths,
)


def response(right: bool, *scores: float, samples: int = 1) -> Response:
    return Response("7" if right else "8", right, scores, samples, len(scores))


def told(problems: list[list[Response]], n: int) -> PickLengths:
    found = pick_lengths(problems, best_of_n({"d": problems}, [n]).chances["d"], n, SCORINGS)
    assert found is not None
    return found


def test_a_product_picks_the_short_one_and_a_mean_the_long_one() -> None:
    short, long = response(False, 0.9), response(True, 0.95, 0.95, 0.95)
    found = told([[short, long]] * 30, 2)
    assert found.all.value == 2
    assert found.right.value == 3
    assert found.picked["product"].steps.value == 1
    assert found.picked["product"].above_all.value == -1
    assert found.picked["product"].above_right.value == -2
    assert found.picked["mean"].above_right.value == 0
    (by_steps, longer) = found.groups
    assert (by_steps.attribute, by_steps.name, by_steps.problems) == (BY_STEPS, "2", 30)
    assert (longer.attribute, longer.name) == (BY_RIGHT, BESIDE_WRONG[2])
    assert longer.accuracy["product"].value == 0
    assert longer.accuracy["mean"].value == 1


def test_steps_are_those_of_every_set_of_n() -> None:
    random = np.random.default_rng(3)
    group = [
        response(random.random() < 0.5, *random.choice([0.5, 0.9, 0.99], size).tolist(), samples=s)
        for size, s in ((2, 1), (5, 2), (3, 1), (7, 1), (1, 2))
    ]
    drawn = [one for one in group for _ in range(one.samples)]
    for name, rule in SCORINGS.items():
        expected = []
        for chosen in combinations(drawn, 3):
            best = max(rule(one.scores) for one in chosen)
            steps = {id(one): len(one.scores) for one in chosen if rule(one.scores) == best}
            # Of equally good ones each counts its part, as often as it was drawn.
            ties = [id(one) for one in chosen if id(one) in steps]
            expected.append(np.mean([steps[one] for one in ties]))
        assert told([group], 3).picked[name].steps.value == pytest.approx(np.mean(expected))


def test_thirds_keep_equally_long_problems_together_and_one_sided_ones_count_once() -> None:
    def problem(steps: int) -> list[Response]:
        return [response(True, *[0.9] * steps), response(True, *[0.8] * steps)]

    found = told([problem(steps) for steps in (2, 2, 2, 2, 3, 9)], 2)
    assert [(one.name, one.problems) for one in found.groups] == [("2", 4), ("3 to 9", 2)]
    assert math.isnan(told([[response(False, 0.1)] * 2], 2).right.value)


def test_nothing_is_told_without_scores_or_steps() -> None:
    group = [Response("7", True, [-1.0]), Response("8", False, [2.0])]
    chances = best_of_n({"d": [group]}, [2], REWARD).chances["d"]
    assert pick_lengths([group], chances, 2, REWARD) is None
    assert pick_lengths([group], chances, 2, {}) is None
