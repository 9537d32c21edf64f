"""The ProcessBench metric against the paper's published rows and by hand."""

import math

import numpy as np
import pytest

from training.evaluation import (
    first_error_from_scores,
    harmonic_mean,
    processbench_by_dataset,
    processbench_metrics,
)

# arXiv 2501.07301, table of ProcessBench results: error accuracy/correct accuracy/F1 on GSM8K,
# MATH, OlympiadBench, Omni-MATH, then the average F1 (two misprints as arXiv 2412.06559 has them).
PUBLISHED = """
GPT-4o-0806 70.0/91.2/79.2 54.4/76.6/63.6 45.8/58.4/51.4 45.2/65.6/53.5 61.9
o1-mini 88.9/97.9/93.2 83.5/95.1/88.9 80.2/95.6/87.2 74.8/91.7/82.4 87.9
Qwen2.5-72B-Instruct 62.8/96.9/76.2 46.3/93.1/61.8 38.7/92.6/54.6 36.6/90.9/52.2 61.2
QwQ-32B-Preview 81.6/95.3/88.0 78.1/79.3/78.7 61.4/54.6/57.8 55.7/68.0/61.3 71.5
Skywork-PRM-1.5B 50.2/71.5/59.0 37.9/65.2/48.0 15.4/26.0/19.3 13.6/32.8/19.2 36.4
Math-Shepherd-PRM-7B 32.4/91.7/47.9 18.0/82.0/29.5 15.0/71.1/24.8 14.2/73.0/23.8 31.5
RLHFlow-PRM-Mistral-8B 33.8/99.0/50.4 21.7/72.2/33.4 8.2/43.1/13.8 9.6/45.2/15.8 28.4
RLHFlow-PRM-Deepseek-8B 24.2/98.4/38.8 21.4/80.0/33.8 10.1/51.0/16.9 10.1/51.9/16.9 26.6
Skywork-PRM-7B 61.8/82.9/70.8 43.8/69.2/53.6 17.9/31.9/22.9 14.0/41.9/21.0 42.1
EurusPRM-Stage1 46.9/42.0/44.3 33.3/38.2/35.6 23.9/19.8/21.7 21.9/24.5/23.1 31.2
EurusPRM-Stage2 51.2/44.0/47.3 36.4/35.0/35.7 25.7/18.0/21.2 23.1/19.1/20.9 31.3
Qwen2.5-Math-7B-Math-Shepherd 46.4/95.9/62.5 18.9/96.6/31.6 7.4/93.8/13.7 4.0/95.0/7.7 28.9
Qwen2.5-Math-7B-PRM800K 53.1/95.3/68.2 48.0/90.1/62.6 35.7/87.3/50.7 29.8/86.1/44.3 56.5
Qwen2.5-Math-PRM-7B 72.0/96.4/82.4 68.0/90.4/77.6 55.7/85.5/67.5 55.2/83.0/66.3 73.5
Qwen2.5-Math-PRM-72B 78.7/97.9/87.3 74.2/88.2/80.6 67.9/82.0/74.3 64.8/78.8/71.1 78.3
"""


@pytest.mark.parametrize("line", PUBLISHED.split("\n")[1:-1], ids=lambda line: line.split()[0])
def test_harmonic_mean_gives_the_published_f1(line: str) -> None:
    _, *cells, average = line.split()
    f1s = []
    for cell in cells:
        error, correct, f1 = map(float, cell.split("/"))
        assert harmonic_mean(error, correct) == pytest.approx(f1, abs=0.1)
        f1s.append(f1)
    assert len(f1s) == 4
    assert sum(f1s) / 4 == pytest.approx(float(average), abs=0.06)


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
