"""ROC, precision and recall, and rank correlation, against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics.intervals import groups_of
from training.metrics.ranking import (
    area_intervals,
    auc,
    average_precision,
    correlation,
    correlation_interval,
    curves,
    ranks,
    spearman,
)

SCORES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5001, 0.9, 1.0])
CASE = st.lists(st.tuples(SCORES, st.booleans()), min_size=1, max_size=30)


@given(CASE)
def test_the_area_is_the_share_of_pairs_in_order(case: list[tuple[float, bool]]) -> None:
    scores, right = np.array([one for one, _ in case]), np.array([is_right for _, is_right in case])
    pairs = [
        1.0 if high > low else 0.5 if high == low else 0.0
        for high in scores[right]
        for low in scores[~right]
    ]
    found = auc(scores, right)
    if pairs:
        assert found == pytest.approx(np.mean(pairs))
    else:
        assert math.isnan(found)


@given(CASE)
def test_curves_count_what_a_threshold_flags(case: list[tuple[float, bool]]) -> None:
    scores, right = np.array([one for one, _ in case]), np.array([is_right for _, is_right in case])
    found = curves(scores, right)
    if found is None:
        assert right.all() or not right.any()
        return
    for place, threshold in enumerate(found.thresholds):
        flagged = scores <= threshold
        assert found.found[place] == pytest.approx(flagged[~right].mean())
        assert found.false_alarms[place] == pytest.approx(flagged[right].mean())
        if flagged.any():
            assert found.precision[place] == pytest.approx((~right[flagged]).mean())
    steps = np.diff(found.found)
    assert found.average_precision == pytest.approx((steps * found.precision[1:]).sum())
    assert found.average_precision == average_precision(scores, right)


def test_intervals_of_areas_are_those_of_a_plain_bootstrap() -> None:
    random = np.random.default_rng(1)
    right = random.random(900) < 0.7
    scores = random.normal(0.6 * right, 0.5)
    problems = np.repeat(np.arange(300), 3)
    found = area_intervals(scores, right, groups_of(problems))
    drawn = []
    for _ in range(600):
        rows = np.flatnonzero(np.ones(300))[random.integers(300, size=300)]
        taken = (rows[:, None] * 3 + np.arange(3)).reshape(-1)
        drawn.append(
            [auc(scores[taken], right[taken]), average_precision(scores[taken], right[taken])]
        )
    for interval, plain in zip(found, np.array(drawn).T, strict=True):
        low, high = np.quantile(plain, [0.025, 0.975])
        assert interval.low == pytest.approx(low, abs=0.01)
        assert interval.high == pytest.approx(high, abs=0.01)


def test_many_problems_are_drawn_in_groups_and_as_surely() -> None:
    random = np.random.default_rng(2)
    one = random.normal(size=6000)
    other = one + random.normal(size=6000)
    groups = groups_of(np.repeat(np.arange(3000), 2))
    assert (groups.n, len(groups.places)) == (1000, 6000)
    assert (groups.places[::2] == groups.places[1::2]).all()  # a problem stays whole
    found = correlation_interval(one, other, groups)
    value = correlation(one, other)
    # Fisher 1921: the standard error of atanh(r) is 1 / sqrt(n - 3).
    low, high = np.tanh(np.arctanh(value) + np.array([-1.96, 1.96]) / np.sqrt(5997))
    assert found.low == pytest.approx(low, abs=0.004)
    assert found.high == pytest.approx(high, abs=0.004)


def test_long_curves_are_thinned_from_end_to_end() -> None:
    random = np.random.default_rng(0)
    found = curves(random.random(5000), random.random(5000) < 0.5)
    assert found is not None
    assert len(found.thresholds) <= 400
    assert (found.found[0], found.found[-1], found.false_alarms[-1]) == (0, 1, 1)


def test_rank_correlation_by_hand() -> None:
    assert ranks(np.array([0.3, 0.1, 0.3, 0.9])).tolist() == [1.5, 0.0, 1.5, 3.0]
    assert spearman(np.array([1, 2, 3]), np.array([10, 1000, 1e6])) == pytest.approx(1)
    # Spearman's own formula, over the differences of ranks.
    assert spearman(np.array([1, 2, 3, 4, 5]), np.array([1, 3, 2, 6, 0.5])) == pytest.approx(
        1 - 6 * (1 + 4 + 0 + 1 + 16) / 120
    )
    assert math.isnan(spearman(np.array([1, 1, 1]), np.array([1, 2, 3])))
    assert math.isnan(spearman(np.array([]), np.array([])))
