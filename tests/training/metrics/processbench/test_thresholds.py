"""Threshold policies and first-error offsets, by hand and against trying every threshold."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.metrics.processbench.evaluation import (
    Offsets,
    first_error_from_scores,
    first_error_offsets,
    processbench_metrics,
)
from training.metrics.processbench.thresholds import best_threshold, f1_at, policies, sample

scores = st.lists(st.one_of(st.none(), st.sampled_from([0.1, 0.2, 0.4, 0.6, 0.9])), max_size=5)
solutions = st.lists(st.tuples(scores, st.integers(-1, 5)), min_size=1, max_size=12)


@given(solutions, st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.4, 0.5, 0.75, 0.9, 0.95, 1.0]))
@settings(deadline=None)
def test_a_sample_is_right_where_the_verdict_is(
    told: list[tuple[list[float | None], int]], threshold: float
) -> None:
    for given_scores, expected in told:
        one = sample(given_scores, expected)
        verdict = first_error_from_scores(given_scores, threshold)
        assert (one.low < threshold <= one.high) == (verdict == expected)
    predicted = [first_error_from_scores(one, threshold) for one, _ in told]
    f1 = processbench_metrics(predicted, [expected for _, expected in told], samples=2).f1
    mine = f1_at([sample(*one) for one in told], threshold)
    assert math.isnan(mine) if math.isnan(f1) else mine == pytest.approx(f1)


@given(solutions)
@settings(deadline=None)
def test_no_threshold_is_better_than_the_best(
    told: list[tuple[list[float | None], int]],
) -> None:
    samples = [sample(*one) for one in told]
    best = best_threshold(samples)
    tried = [f1_at(samples, number / 100) for number in range(101)]
    if math.isnan(best):
        assert all(math.isnan(f1) for f1 in tried)
    else:
        assert f1_at(samples, best) >= max(tried) - 1e-12


def test_policies_by_hand() -> None:
    """The second data set wants a lower threshold than the first one's best."""
    first = [sample([0.9, 0.6], 1), sample([0.9, 0.8], -1)]  # right between 0.6 and 0.8
    second = [sample([0.9, 0.2], 1), sample([0.9, 0.4], -1)]  # right between 0.2 and 0.4
    fixed, tuned, best = policies({"first": first, "second": second}, 0.5, "first")
    assert (fixed.name, fixed.f1s) == ("fixed", {"first": 0.0, "second": 0.0})
    assert tuned.thresholds == {"first": pytest.approx(0.7), "second": pytest.approx(0.7)}
    assert (tuned.f1s, tuned.mean) == ({"first": 1.0, "second": 0.0}, 0.5)
    assert best.thresholds == {"first": pytest.approx(0.7), "second": pytest.approx(0.3)}
    assert best.mean == 1.0
    assert [one.name for one in policies({"first": first}, 0.5)] == ["fixed", "best"]
    with pytest.raises(ValueError, match="with and without an error"):
        policies({"first": first[:1]}, 0.5, "first")


def test_offsets_by_hand() -> None:
    pairs = [(1, 1), (0, 1), (3, 1), (2, 1), (-1, 1), (None, 1), (-1, -1), (0, -1), (None, -1)]
    assert first_error_offsets(pairs) == Offsets(
        early=1,
        exact=1,
        late=2,
        missed=1,
        no_verdict=1,
        right=1,
        false_alarm=1,
        no_verdict_right=1,
    )
