"""Calibration against its definitions: scores that are true to their word, and that are not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.metrics.calibration import (
    Claims,
    at_first_errors,
    by_group,
    calibration,
    detection,
    solutions,
    steps_to_error,
)
from training.metrics.processbench.scored import scored


def claims(scores: np.ndarray, right: np.ndarray) -> Claims:
    return Claims(scores, right, np.arange(len(scores)), np.zeros(len(scores), dtype=int))


def test_steps_after_the_first_error_and_without_a_score_do_not_count() -> None:
    these = scored([[0.9, 0.4, 0.3], [0.8, None], [0.7, 0.6], []], [1, -1, -1, -1])
    found = steps_to_error(these)
    assert found.scores.tolist() == [0.9, 0.4, 0.8, 0.7, 0.6]
    assert found.right.tolist() == [True, False, True, True, True]
    assert found.rows.tolist() == [0, 0, 1, 2, 2]
    assert found.steps.tolist() == [0, 1, 0, 0, 1]
    whole = solutions(these)
    assert whole.scores.tolist() == [0.3, 0.6]
    assert whole.right.tolist() == [False, True]
    assert whole.rows.tolist() == [0, 2]
    assert whole.steps.tolist() == [2, 1]


def test_calibration_by_hand() -> None:
    scores = np.array([0.05, 0.15, 0.15, 0.95, 1.0])
    right = np.array([False, False, True, True, True])
    found = calibration(claims(scores, right), np.arange(5))
    assert [(one.low, one.right.count, one.right.n) for one in found.bins] == [
        (0.0, 0, 1),
        (0.1, 1, 2),
        (0.9, 2, 2),
    ]
    assert found.bins[2].score == pytest.approx(0.975)
    # |0.05 - 0| * 1/5 + |0.15 - 1/2| * 2/5 + |0.975 - 1| * 2/5
    assert found.ece == pytest.approx(0.01 + 0.14 + 0.01)
    assert found.brier == pytest.approx(np.mean((scores - right) ** 2))


def test_true_probabilities_are_calibrated_and_overconfident_ones_are_not() -> None:
    random = np.random.default_rng(0)
    truth = random.random(4_000)
    right = random.random(4_000) < truth
    true = calibration(claims(truth, right), np.arange(4_000))
    assert true.ece < 0.03
    assert true.brier == pytest.approx(1 / 6, abs=0.015)  # the mean of p (1 - p)
    assert true.brier_interval.low < true.brier < true.brier_interval.high
    sure = np.where(truth < 0.5, 0.0, 1.0)
    bold = calibration(claims(sure, right), np.arange(4_000))
    assert bold.ece == pytest.approx(0.25, abs=0.03)
    assert bold.ece_interval.low < bold.ece < bold.ece_interval.high


def test_what_is_due_to_be_0() -> None:
    found = at_first_errors(
        claims(np.array([0.2, 0.4, 0.9]), np.array([False, False, True])), np.arange(3)
    )
    assert (found.score.n, found.score.value) == (2, pytest.approx(0.3))
    assert found.brier.value == pytest.approx((0.04 + 0.16) / 2)


def test_detection_has_intervals_around_its_areas() -> None:
    random = np.random.default_rng(2)
    right = random.random(600) < 0.7
    scores = np.clip(random.normal(0.4 + 0.3 * right, 0.2), 0, 1)
    problems = np.repeat(np.arange(200), 3)
    found = detection(claims(scores, right), problems)
    assert found is not None
    assert 0.75 < found.area_interval.low < found.curves.area < found.area_interval.high < 0.95
    ends = found.average_precision_interval
    assert ends.low < found.curves.average_precision < ends.high
    assert detection(claims(scores, np.ones(600, dtype=bool)), problems) is None


def test_groups_and_nothing() -> None:
    some = claims(np.array([0.1, 0.2, 0.9]), np.array([False, True, True]))
    found = by_group(some, np.array([0, 0, 2]), ("a", "b", "c"), np.arange(3))
    assert [(one.name, one.right.n, one.wrong.n) for one in found] == [("a", 1, 1), ("c", 1, 0)]
    nothing = calibration(steps_to_error(scored([], [])), np.array([], dtype=int))
    assert nothing.n == 0
    assert math.isnan(nothing.ece)
