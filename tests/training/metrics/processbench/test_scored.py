"""Scores as arrays: the same verdicts, outcomes and figures as one solution at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics.processbench.evaluation import (
    first_error_from_scores,
    first_error_offsets,
    processbench_by_dataset,
)
from training.metrics.processbench.scored import (
    NO_VERDICT,
    OUTCOMES,
    confidence,
    cross_table,
    cross_tables,
    curve,
    outcomes,
    report,
    right_between,
    scored,
    verdicts,
)

SCORE = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
SOLUTION = st.lists(SCORE, min_size=1, max_size=6).flatmap(
    lambda scores: st.tuples(st.just(scores), st.integers(-1, len(scores) - 1))
)
THRESHOLD = st.one_of(st.floats(0, 1), st.sampled_from([0.25, 0.5, 1.0]))


@given(st.lists(SOLUTION, max_size=12), THRESHOLD)
def test_verdicts_and_outcomes_are_those_of_one_solution_at_a_time(
    solutions: list[tuple[list[float | None], int]], threshold: float
) -> None:
    these = scored([scores for scores, _ in solutions], [first for _, first in solutions])
    said = verdicts(these, threshold)
    one_by_one = [first_error_from_scores(scores, threshold) for scores, _ in solutions]
    assert said.tolist() == [NO_VERDICT if one is None else one for one in one_by_one]
    pairs = list(zip(one_by_one, (first for _, first in solutions), strict=True))
    expected = first_error_offsets(pairs)
    found = np.bincount(outcomes(said, these.reference), minlength=len(OUTCOMES))
    assert dict(zip(OUTCOMES, found.tolist(), strict=True)) == {
        name: getattr(expected, name) for name in OUTCOMES
    }
    assert sum(cross_table(said, these.reference).values()) == len(solutions)
    sure = confidence(these, said, threshold)
    assert ((sure >= 0) & (sure <= 1)).all()


@given(st.lists(st.tuples(SOLUTION, st.integers(0, 2)), min_size=1, max_size=12), THRESHOLD)
def test_the_curve_is_the_mean_over_data_sets_that_the_command_line_prints(
    solutions: list[tuple[tuple[list[float | None], int], int]], threshold: float
) -> None:
    these = scored([one[0] for one, _ in solutions], [one[1] for one, _ in solutions])
    groups = np.array([group for _, group in solutions])
    pairs: dict[str, list[tuple[int | None, int]]] = {}
    for (scores, first), group in solutions:
        pair = (first_error_from_scores(scores, threshold), first)
        pairs.setdefault(str(group), []).append(pair)
    by_dataset = processbench_by_dataset({name: pairs[name] for name in sorted(pairs)})
    mean = by_dataset.mean
    same = report(these, groups, threshold)
    assert repr(same) == repr(by_dataset)  # the intervals too, and NaN is NaN
    found = curve(these, groups, np.array([threshold]))
    for name in ("error_accuracy", "correct_accuracy", "f1"):
        mine, other = float(getattr(found, name)[0]), getattr(mean, name)
        assert math.isclose(mine, other, abs_tol=1e-12) or (math.isnan(mine) and math.isnan(other))


def test_confidence_of_each_mistake() -> None:
    these = scored([[0.9, 0.8], [0.9, 0.1], [0.2, 0.9], [0.9, 0.4]], [1, -1, 1, 0])
    said = verdicts(these, 0.5)
    assert [OUTCOMES[one] for one in outcomes(said, these.reference)] == [
        "missed",
        "false_alarm",
        "early",
        "late",
    ]
    assert confidence(these, said, 0.5) == pytest.approx([0.8, 0.9, 0.3, 0.1])


def test_nothing_scored_and_unequal_lengths() -> None:
    none = scored([], [])
    assert len(none) == 0
    assert verdicts(none, 0.5).size == 0
    assert np.isnan(curve(none, np.array([], dtype=int), np.array([0.5])).f1).all()
    with pytest.raises(ValueError, match="1 scored solutions for 2 references"):
        scored([[0.5]], [0, 1])


@given(st.lists(SOLUTION, max_size=12), st.lists(THRESHOLD, min_size=1, max_size=6, unique=True))
def test_cross_tables_are_those_of_one_threshold_at_a_time(
    solutions: list[tuple[list[float | None], int]], thresholds: list[float]
) -> None:
    these = scored([scores for scores, _ in solutions], [first for _, first in solutions])
    grid = np.array(sorted(thresholds))
    for threshold, table in zip(grid, cross_tables(these, grid), strict=True):
        said = verdicts(these, threshold)
        expected = cross_table(said, these.reference)
        found = {(v - 2, r - 1): int(table[v, r]) for v, r in np.argwhere(table)}
        assert found == dict(expected)
        low, high = right_between(these)
        right = (low < threshold) & (threshold <= high)
        assert right.tolist() == (said == these.reference).tolist()
