"""Intervals: against their definitions, and never of width 0."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics.intervals import bootstrap, groups_of, jeffreys, mean, share_of


@pytest.mark.parametrize(("count", "n"), [(5, 10), (46, 54), (94, 500), (3, 100_000)])
def test_jeffreys_interval_is_the_middle_of_its_beta_distribution(count: int, n: int) -> None:
    drawn = np.random.default_rng(0).beta(count + 0.5, n - count + 0.5, 400_000)
    found = jeffreys(count, n)
    # As far as this many draws can tell.
    error = 0.01 * drawn.std()
    assert found.low == pytest.approx(np.quantile(drawn, 0.025), abs=5 * error)
    assert found.high == pytest.approx(np.quantile(drawn, 0.975), abs=5 * error)


def test_jeffreys_interval_as_published() -> None:
    """Brown, Cai and DasGupta 2001, table 5, n = 7."""
    published = {1: (0.016, 0.501), 2: (0.065, 0.648), 3: (0.139, 0.766)}
    for count, (low, high) in published.items():
        found, mirrored = jeffreys(count, 7), jeffreys(7 - count, 7)
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.001)
        assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((found.low, found.high))
    assert jeffreys(0, 7).low == 0
    assert jeffreys(7, 7).high == 1


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_in_an_interval_that_has_a_width(case: tuple[int, int]) -> None:
    found = share_of(*case)
    assert 0 <= found.interval.low <= found.value <= found.interval.high <= 1
    assert found.interval.low < found.interval.high
    assert found.too_few == (found.n < 30)


def test_a_share_of_nothing_is_not_defined() -> None:
    found = share_of(0, 0)
    assert math.isnan(found.value)
    assert math.isnan(found.interval.low)
    with pytest.raises(ValueError, match="3 of 2"):
        jeffreys(3, 2)


def test_a_mean_is_as_sure_as_a_bootstrap_over_problems() -> None:
    random = np.random.default_rng(3)
    problems = np.repeat(np.arange(200), 4)
    values = np.repeat(random.normal(size=200), 4) + 0.1 * random.normal(size=800)
    found = mean(values, problems)
    sums = groups_of(problems).sums(values, np.ones(800))
    (drawn,) = bootstrap(lambda total: np.array([total[0] / total[1]]), sums)
    assert found.interval.low == pytest.approx(drawn.low, abs=0.02)
    assert found.interval.high == pytest.approx(drawn.high, abs=0.02)
    # As if all 800 were independent, it would be half as wide.
    alone = mean(values, np.arange(800)).interval
    assert found.interval.high - found.interval.low > 1.8 * (alone.high - alone.low)


def test_no_interval_of_width_0() -> None:
    ones = np.ones(40)
    assert math.isnan(mean(ones, np.arange(40)).interval.low)
    assert math.isnan(mean(np.arange(40.0), np.zeros(40)).interval.low)
    assert math.isnan(mean(np.arange(29.0), np.arange(29)).interval.low)
    for problems in (np.arange(40), np.zeros(40)):
        sums = groups_of(problems).sums(ones, ones)
        (found,) = bootstrap(lambda total: np.array([total[0] / total[1]]), sums)
        assert math.isnan(found.low)
