"""Slices: each is ProcessBench's own figures of its solutions; and what length does to scores."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.metrics.length import length_effects
from training.metrics.processbench.evaluation import processbench_metrics
from training.metrics.processbench.scored import NO_VERDICT, scored
from training.metrics.slices import Attribute, by_loss, figures, ranges, slices


def test_figures_are_those_of_processbench() -> None:
    random = np.random.default_rng(0)
    reference = random.integers(-1, 4, size=300)
    said = np.where(random.random(300) < 0.6, reference, random.integers(-2, 4, size=300))
    found = figures(said, reference)
    expected = processbench_metrics(
        [None if one == NO_VERDICT else int(one) for one in said], reference.tolist()
    )
    assert found.exact.value == pytest.approx(expected.error_accuracy)
    assert found.clean.value == pytest.approx(expected.correct_accuracy)
    assert found.f1 == pytest.approx(expected.f1)
    assert found.f1_interval.low == pytest.approx(expected.intervals["f1"].low, abs=0.02)
    assert found.f1_interval.high == pytest.approx(expected.intervals["f1"].high, abs=0.02)


def test_slices_are_sorted_by_what_they_lose_and_few_come_last() -> None:
    reference = np.array([0] * 40 + [0] * 40 + [0] * 5 + [-1] * 40)
    said = np.array([0] * 40 + [-1] * 20 + [0] * 20 + [-1] * 5 + [-1] * 40)
    parts = Attribute(np.array([0] * 40 + [1] * 40 + [2] * 5 + [-1] * 40), ("good", "bad", "few"))
    found = slices(said, reference, {"part": parts})
    assert [(one.name, one.figures.exact.count, one.figures.exact.n) for one in found] == [
        ("good", 40, 40),
        ("bad", 20, 40),
        ("few", 0, 5),
    ]
    whole = 60 / 85
    assert found[1].loss["exact"] == pytest.approx(whole - 0.5)
    assert [one.name for one in by_loss(found, "exact")] == ["bad", "good", "few"]
    # No slice has solutions of both classes, nor any without an error.
    assert by_loss(found, "f1") == by_loss(found, "clean") == []
    assert math.isnan(found[0].figures.interval("f1").low)
    assert found[2].figures.too_few("exact")
    assert not found[0].figures.too_few("exact")


def test_ranges_are_named_by_what_is_in_them() -> None:
    found = ranges(np.array([0, 1, 2, 3, 4, 9]), (1, 2, 4), "step {}")
    assert found.names == ("step 1", "step 2 to 3", "step 4 or more")
    assert found.places.tolist() == [-1, 0, 1, 1, 2, 2]


def test_a_product_punishes_length_where_steps_are_equally_good() -> None:
    random = np.random.default_rng(5)
    sizes = random.integers(2, 12, size=400)
    rows = [random.uniform(0.8, 1, size).tolist() for size in sizes]
    reference = [-1 if random.random() < 0.5 else 0 for _ in rows]
    problems = np.repeat(np.arange(100), 4)
    effects = length_effects(scored(rows, reference), sizes, problems)
    product, lowest, last, average = effects
    assert product.name == "product"
    assert product.correlation < -0.8
    assert product.correlation_interval.low < product.correlation
    assert product.correlation < lowest.correlation < -0.3
    assert abs(last.correlation) < 0.15
    assert product.chosen.interval.high < -2  # steps shorter than the mean of its problem
    assert abs(last.chosen.value) < 0.6


def test_length_is_compared_among_the_equally_right_alone() -> None:
    """Long solutions are wrong, and wrong ones score low: no effect of length itself."""
    random = np.random.default_rng(6)
    wrong = np.repeat([False, True], 300)
    sizes = np.where(wrong, 10, 3) + random.integers(0, 3, 600)
    ends = np.where(wrong, 0.1, 0.9) + random.uniform(-0.05, 0.05, 600)
    rows = [[*[0.95] * (size - 1), end] for size, end in zip(sizes, ends, strict=True)]
    these = scored(rows, np.where(wrong, 0, -1).tolist())
    last = length_effects(these, sizes, np.arange(600))[2]
    assert abs(last.correlation) < 0.1
    assert last.correlation_interval.low < 0 < last.correlation_interval.high
