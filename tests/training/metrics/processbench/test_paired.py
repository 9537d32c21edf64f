"""The paired difference of two versions' F1s."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.metrics.processbench.evaluation import processbench_by_dataset
from training.metrics.processbench.paired import f1_difference


def versions(n: int, seed: int, gain: float = 0.0) -> tuple[np.ndarray, ...]:
    """Two versions that mostly agree: hits of each, the class and the group of n solutions."""
    random = np.random.default_rng(seed)
    second = random.random(n) < 0.7
    flipped = random.random(n) < 0.05
    first = np.where(flipped, ~second, second) | (random.random(n) < gain)
    return first, second, random.random(n) < 0.5, random.integers(0, 3, n)


def test_the_f1s_are_those_of_the_metric_by_data_set() -> None:
    first, second, has_error, groups = versions(400, 1)
    found = f1_difference(first, second, has_error, groups)
    for hits, f1 in ((first, found.first), (second, found.second)):
        pairs = {
            str(group): [
                ((0 if error else -1) if hit else 5, 0 if error else -1)
                for hit, error in zip(hits[mine], has_error[mine], strict=True)
            ]
            for group, mine in ((one, groups == one) for one in range(3))
        }
        assert f1 == pytest.approx(processbench_by_dataset(pairs, samples=1).mean.f1)
    assert found.value == pytest.approx(found.first - found.second)
    assert found.interval.low < found.value < found.interval.high


def test_what_both_get_right_does_not_widen_the_interval() -> None:
    first, second, has_error, groups = versions(2000, 2)
    paired = f1_difference(first, second, has_error, groups).interval
    # The same hits, but of other solutions: the pairing is lost.
    order = np.arange(2000)
    for group in range(3):
        for error in (True, False):
            mine = np.flatnonzero((groups == group) & (has_error == error))
            order[mine] = mine[np.random.default_rng(3).permutation(len(mine))]
    apart = f1_difference(first, second[order], has_error, groups).interval
    assert paired.high - paired.low < 0.6 * (apart.high - apart.low)


def test_the_interval_covers_the_true_difference_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        n = 300
        has_error, groups = np.arange(n) % 2 == 0, np.zeros(n, dtype=int)
        both, only_first, only_second = 0.6, 0.12, 0.06
        way = random.choice(4, n, p=[both, only_first, only_second, 1 - 0.78])
        found = f1_difference((way <= 1), (way == 0) | (way == 2), has_error, groups, seed)
        covered += found.interval.low <= 0.06 <= found.interval.high
    assert 180 <= covered <= 198


def test_swapped_versions_differ_by_as_much_the_other_way() -> None:
    first, second, has_error, groups = versions(300, 4, gain=0.1)
    one = f1_difference(first, second, has_error, groups)
    other = f1_difference(second, first, has_error, groups)
    assert one.value == -other.value
    assert one.interval.low == pytest.approx(-other.interval.high, abs=0.01)


def test_never_certain_and_undefined_without_both_classes() -> None:
    hits = np.array([True, True, True, True])
    has_error = np.array([True, True, False, False])
    same = f1_difference(hits, hits, has_error, np.zeros(4, dtype=int))
    assert same.value == 0
    assert same.interval.low < 0 < same.interval.high
    one_class = f1_difference(hits, hits, hits, np.zeros(4, dtype=int))
    assert math.isnan(one_class.value)
