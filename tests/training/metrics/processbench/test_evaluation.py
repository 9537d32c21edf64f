"""The ProcessBench metric against the paper's published rows and by hand."""

import math

import numpy as np
import pytest

from training.metrics.processbench.evaluation import (
    first_error_from_scores,
    harmonic_mean,
    processbench_by_dataset,
    processbench_metrics,
)
from training.metrics.processbench.published import PROCESSBENCH, Published, subset_of


@pytest.mark.parametrize("row", PROCESSBENCH, ids=lambda row: row.name)
def test_harmonic_mean_gives_the_published_f1(row: Published) -> None:
    for error, correct, f1 in row.figures.values():
        assert harmonic_mean(error, correct) == pytest.approx(f1, abs=0.1)
    assert len(row.figures) == 4
    f1s = [f1 for _, _, f1 in row.figures.values()]
    assert sum(f1s) / 4 == pytest.approx(row.mean, abs=0.06)


@pytest.mark.parametrize(
    ("dataset", "size", "subset"),
    [
        ("processbench-gsm8k", (207, 193), "gsm8k"),
        ("ProcessBench-Omni-MATH", (759, 241), "omnimath"),
        ("processbench-gsm8k", (100, 193), None),
        ("my-gsm8k", (207, 193), None),
    ],
)
def test_published_figures_are_of_whole_subsets_only(
    dataset: str, size: tuple[int, int], subset: str | None
) -> None:
    assert subset_of(dataset, *size) == subset


def test_metrics_by_hand() -> None:
    reference = [2, 0, 1, 3, -1, -1, -1]
    predicted = [2, 1, None, -1, -1, 0, None]
    result = processbench_metrics(predicted, reference)
    assert result.error_accuracy == pytest.approx(1 / 4)
    assert result.correct_accuracy == pytest.approx(1 / 3)
    assert result.f1 == pytest.approx(2 * (1 / 4) * (1 / 3) / (1 / 4 + 1 / 3))
    assert (result.n_error, result.n_correct, result.n_unparsed) == (4, 3, 2)


def test_published_row_from_samples() -> None:
    """193 correct and 207 erroneous samples, as GSM8K has, at the accuracies of the 7B PRM."""
    reference = [1] * 207 + [-1] * 193
    predicted = [1] * 149 + [0] * 58 + [-1] * 186 + [2] * 7
    result = processbench_metrics(predicted, reference)
    assert 100 * result.error_accuracy == pytest.approx(72.0, abs=0.05)
    assert 100 * result.correct_accuracy == pytest.approx(96.4, abs=0.05)
    assert 100 * result.f1 == pytest.approx(82.4, abs=0.05)


# ProcessBench's subsets: erroneous and correct samples (arXiv 2412.06559, table 2), and the
# accuracies of Qwen2.5-Math-PRM-7B on them.
SUBSETS = {
    "gsm8k": (207, 193, 0.720, 0.964),
    "math": (594, 406, 0.680, 0.904),
    "olympiadbench": (661, 339, 0.557, 0.855),
    "omnimath": (759, 241, 0.552, 0.830),
}


def test_several_data_sets_have_the_mean_of_their_f1_and_not_that_of_the_pool() -> None:
    verdicts = {}
    for name, (n_error, n_correct, error, correct) in SUBSETS.items():
        found, kept = round(error * n_error), round(correct * n_correct)
        verdicts[name] = (
            [(1, 1)] * found + [(0, 1)] * (n_error - found)
            + [(-1, -1)] * kept + [(0, -1)] * (n_correct - kept)
        )  # fmt: skip
    report = processbench_by_dataset(verdicts)
    published = {"gsm8k": 82.4, "math": 77.6, "olympiadbench": 67.5, "omnimath": 66.3}
    for name, f1 in published.items():
        assert 100 * report.datasets[name].f1 == pytest.approx(f1, abs=0.1)
    assert report.mean.f1 == pytest.approx(0.734, abs=0.001)
    assert (report.mean.n_error, report.mean.n_correct) == (2221, 1179)
    told = [pair for pairs in verdicts.values() for pair in pairs]
    pooled = processbench_metrics([one for one, _ in told], [truth for _, truth in told])
    assert pooled.f1 == pytest.approx(0.717, abs=0.001)
    inside = report.mean.intervals["f1"]
    assert inside.low < report.mean.f1 < inside.high
    # The mean of four independent figures is surer than any of them.
    widths = [r.intervals["f1"].high - r.intervals["f1"].low for r in report.datasets.values()]
    assert inside.high - inside.low < min(widths)


def test_the_mean_is_over_the_data_sets_that_define_a_figure() -> None:
    report = processbench_by_dataset({"both": [(0, 0), (0, -1)], "wrong only": [(0, 0)]})
    assert report.mean.f1 == report.datasets["both"].f1
    assert report.mean.error_accuracy == 1
    assert math.isnan(report.datasets["wrong only"].f1)


def test_both_accuracies_zero_give_zero() -> None:
    result = processbench_metrics([0, None], [1, -1])
    assert (result.error_accuracy, result.correct_accuracy, result.f1) == (0, 0, 0)


@pytest.mark.parametrize("reference", [[-1, -1], [0, 1], []])
def test_a_missing_class_leaves_f1_undefined(reference: list[int]) -> None:
    result = processbench_metrics([-1] * len(reference), reference)
    assert math.isnan(result.f1)
    assert math.isnan(result.intervals["f1"].low)
    if reference == [-1, -1]:
        assert result.correct_accuracy == 1
        certain = result.intervals["correct_accuracy"]
        assert certain.low < 0.7 < certain.high == 1  # two of two prove little


def test_constant_predictors_score_zero() -> None:
    reference = [0, 1, -1, -1]
    assert processbench_metrics([-1] * 4, reference).f1 == 0
    assert processbench_metrics([0] * 4, reference).f1 == 0


def test_intervals_hold_the_estimate_and_shrink() -> None:
    few = processbench_metrics([0, -1, 0, -1] * 5, [0, 0, -1, -1] * 5, seed=3)
    many = processbench_metrics([0, -1, 0, -1] * 500, [0, 0, -1, -1] * 500, seed=3)
    for result in (few, many):
        for name, interval in result.intervals.items():
            assert interval.low < getattr(result, name) < interval.high
    width = [r.intervals["f1"].high - r.intervals["f1"].low for r in (few, many)]
    # Ten samples a class and 1,000: sqrt(100) times narrower, up to the bootstrap's noise.
    assert width[0] / width[1] == pytest.approx(10, rel=0.25)
    assert few == processbench_metrics([0, -1, 0, -1] * 5, [0, 0, -1, -1] * 5, seed=3)


def test_unequal_lengths_and_bad_references_are_refused() -> None:
    with pytest.raises(ValueError, match="2 predictions"):
        processbench_metrics([0, 1], [0])
    with pytest.raises(ValueError, match="0-based"):
        processbench_metrics([0], [-2])


@pytest.mark.parametrize(
    ("scores", "first"),
    [
        ([0.9, 0.4, 0.1], 1),
        ([0.9, 0.5], -1),
        ([0.2], 0),
        ([], -1),
        ([0.9, None], None),
        ([0.9, 0.3, None], 1),
        ([0.9, math.nan], None),
    ],
)
def test_first_error_from_scores(scores: list[float | None], first: int | None) -> None:
    assert first_error_from_scores(scores) == first


def test_threshold_moves_the_first_error() -> None:
    assert first_error_from_scores([0.9, 0.8, 0.7], threshold=0.85) == 1


@pytest.mark.parametrize("n", [1, 10, 200])
@pytest.mark.parametrize("right", [True, False])
def test_no_interval_has_a_width_of_0(n: int, right: bool) -> None:
    result = processbench_metrics([0 if right else 1] * n + [-1] * n, [0] * n + [-1] * n)
    assert result.error_accuracy == float(right)
    for name, interval in result.intervals.items():
        assert interval.low <= getattr(result, name) <= interval.high
        assert interval.high - interval.low > 0.1 / n


def test_an_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Of 400 samples of 40 + 40 solutions with known accuracies, 95% give or take 3.3 points."""
    random = np.random.default_rng(0)
    error, correct = 0.9, 0.7
    truth = harmonic_mean(error, correct)
    covered = 0
    for _ in range(400):
        predicted = [0 if hit else 1 for hit in random.random(40) < error]
        predicted += [-1 if hit else 0 for hit in random.random(40) < correct]
        f1 = processbench_metrics(predicted, [0] * 40 + [-1] * 40).intervals["f1"]
        covered += f1.low <= truth <= f1.high
    assert covered / 400 == pytest.approx(0.95, abs=0.033)
