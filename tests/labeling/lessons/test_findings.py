"""What decides a finding: intervals over problems and seeds, and the rule."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labeling.lessons.figures import Figures
from labeling.lessons.findings import (
    BASELINES,
    FINDINGS,
    FLAWS,
    SHARES,
    THRESHOLDS,
    VOTE,
    WAYS,
    verdict_of,
)
from labeling.lessons.measured import Measured
from labeling.lessons.plan import SOURCES, threshold_source
from training.metrics.estimates import f1_of, mean_of, samples_of, slope_of
from training.metrics.processbench.evaluation import first_error_offsets

PROBLEMS = 200


def measured(right: int, shift: int = 0, picked: float = 0.5) -> Measured:
    """A PRM that is right on the first `right` of each ten problems, and picks right so often."""
    place = (np.arange(PROBLEMS) + shift) % 10
    hits, ones = (place < right).astype(float), np.ones(PROBLEMS)
    # A problem has a solution with an error and one without: the F1 is the share of hits.
    counts = np.stack([hits, ones, hits, ones], axis=1)
    chances = {way: np.full(PROBLEMS, picked) for way in (*WAYS, *BASELINES)}
    shares = {name: np.stack([hits, ones], axis=1) for name in SHARES}
    return Measured(counts, shares, chances, first_error_offsets([(0, 0), (-1, -1)]))


def findings(**sources: list[Measured]) -> dict[str, dict[str, object]]:
    usual = {source: [measured(5, seed) for seed in range(3)] for source in SOURCES}
    above = {threshold_source(k): [measured(5 - k // 2, k)] for k in range(1, 8)}
    shares = {source: k / 8 for k, source in enumerate(above, start=1)}
    flawed = {t: np.stack([np.arange(50) % 10 < t, np.ones(50)], axis=1) for t in (1.0, 5.0)}
    found = Figures(usual | sources | above, shares, flawed).to_json()["findings"]
    return {one["key"]: one for one in found}


def test_the_interval_decides_and_nothing_else() -> None:
    assert verdict_of(0.01, 0.2) == "reproduced"
    assert verdict_of(-0.2, -0.01) == "not reproduced"
    for ends in ((-0.01, 0.2), (0.0, 0.2), (math.nan, math.nan)):
        assert verdict_of(*ends) == "not testable at this size"


def test_a_clear_difference_is_a_finding_and_its_opposite_is_none() -> None:
    better = findings(judge=[measured(8, seed) for seed in range(3)])
    assert better["judge-over-mc"]["verdict"] == "reproduced"
    assert better["judge-over-mc"]["higher"] == pytest.approx(0.8)
    assert better["truth-over-judge"]["verdict"] == "not reproduced"
    assert better["consensus-over-mc"]["verdict"] == "not testable at this size"


def test_what_one_seed_shows_decides_nothing() -> None:
    found = findings(**{source: [measured(9 if source == "judge" else 1)] for source in SOURCES})
    assert found["judge-over-mc"]["verdict"] == "not testable at this size"
    assert "Too few trainings" in str(found["judge-over-mc"]["why"])


def test_seeds_that_differ_widen_the_interval() -> None:
    """The mean is far above, and so are all problems; but another training might do anything."""
    found = findings(judge=[measured(right) for right in (6, 10, 6)])
    assert found["judge-over-mc"]["verdict"] == "not testable at this size"
    difference = found["judge-over-mc"]["difference"]
    assert isinstance(difference, dict)
    assert difference["problems"][0] > 0
    assert difference["seeds"][0] < 0


def test_differences_are_of_the_same_problems() -> None:
    """Two PRMs that are right on the same problems do not differ, however few these are."""
    samples = samples_of(PROBLEMS)
    one, other = (f1_of([measured(3, seed).counts for seed in range(3)], samples) for _ in "ab")
    assert (one - other).estimate.both == (0.0, 0.0)
    assert one.estimate.problems[0] < 0.3 < one.estimate.problems[1]


def test_an_interval_over_problems_is_that_of_their_mean() -> None:
    values = np.repeat([0.0, 1.0], PROBLEMS // 2)
    low, high = mean_of([values], samples_of(PROBLEMS)).estimate.problems
    half = 1.96 * 0.5 / math.sqrt(PROBLEMS)
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half), abs=0.01)


def test_what_falls_with_the_threshold_is_told_by_one_training_at_each() -> None:
    found = findings()
    assert found["threshold-zero"]["verdict"] == "reproduced"
    assert found["threshold-zero-best-of-n"]["verdict"] == "not testable at this size"
    assert found["flaws-with-difficulty"]["verdict"] == "reproduced"


def test_a_slope_has_the_interval_of_least_squares() -> None:
    """Against the textbook's figures of y = 1, 3, 2, 5 at x = 0, 1, 2, 3."""
    points = np.array([1.0, 3.0, 2.0, 5.0])
    slope = slope_of(np.arange(4.0), points, np.repeat(points[:, None], 9, axis=1)).estimate
    error = math.sqrt((2.7 / 2) / 5)  # squares of the rest over 2 degrees of freedom, over 5
    assert slope.value == pytest.approx(1.1)
    assert slope.both == pytest.approx((1.1 - 4.303 * error, 1.1 + 4.303 * error))
    assert slope.by_seed == ()


def test_every_finding_is_of_sources_that_are_there() -> None:
    assert len({one.key for one in FINDINGS}) == len(FINDINGS)
    for one in FINDINGS:
        assert one.sources
        assert {*one.sources} <= {*SOURCES, FLAWS, THRESHOLDS}
        assert VOTE not in one.sources
