"""The paper's three biases: on ProcessBench's own files, and by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from models.prm.aggregation import last, mean, minimum, product
from tests.support.data import shared_data
from training.metrics.biases import (
    PLACES,
    aggregated,
    aggregations,
    by_group,
    flawed_right_answers,
    lowest_places,
    lowest_steps,
    mean_lowest,
    places,
    tolerance,
)
from training.metrics.processbench.scored import NO_VERDICT, scored


@pytest.mark.parametrize(("file", "flawed", "right"), [("gsm8k", 7, 200), ("math", 94, 500)])
def test_processbench_has_as_many_flawed_right_answers_as_the_paper_counts(
    file: str, flawed: int, right: int
) -> None:
    """arXiv 2501.07301, 3.2.1: of ProcessBench's solutions with a right answer."""
    rows = json.loads(shared_data(f"processbench/{file}.json").read_text("utf-8"))
    reference = np.array([row["label"] for row in rows])
    answers = np.array([int(row["final_answer_correct"]) for row in rows])
    found = flawed_right_answers(reference, answers)
    assert (found.count, found.n) == (flawed, right)
    names = sorted({row["generator"] for row in rows})
    groups = np.array([names.index(row["generator"]) for row in rows])
    parts = by_group(names, groups, reference, answers)
    assert sum(part.count for part in parts.values()) == flawed
    assert sum(part.n for part in parts.values()) == right


def test_tolerance_by_hand() -> None:
    #          exact early missed none | clean: right, alarm | not of right answers
    said = np.array([2, 0, -1, NO_VERDICT, -1, 3, 1, 0])
    reference = np.array([2, 1, 1, 0, -1, -1, 1, 0])
    answers = np.array([1, 1, 1, 1, 1, 1, 0, -1])
    found = tolerance(said, reference, answers)
    assert (found.caught.count, found.caught.n) == (2, 4)
    assert (found.exact.count, found.exact.n) == (1, 4)
    assert (found.false_alarms.count, found.false_alarms.n) == (1, 2)
    assert found.caught.too_few


def test_lowest_places_by_hand() -> None:
    these = scored(
        [
            [0.9, 0.8, 0.1],  # last, right answer
            [0.9, 0.2, 0.3, 0.4, 0.5],  # second quarter; its error in the third
            [0.3, 0.3],  # of equal ones the first; its error is the last
            [0.1],  # nowhere else to be
            [0.1, None],  # not known
        ],
        [-1, 2, 1, 0, 0],
    )
    answers = np.array([1, 0, -1, 0, 0])
    assert lowest_steps(these)[:3].tolist() == [2, 1, 0]
    found = lowest_places(these, answers)
    assert (found.last.count, found.last.n) == (1, 3)
    assert (found.last_of_right.count, found.last_of_right.n) == (1, 1)
    assert (found.last_of_wrong.count, found.last_of_wrong.n) == (0, 1)
    assert (found.last_error.count, found.last_error.n) == (1, 2)
    assert [one.count for one in found.lowest] == [1, 1, 0, 0, 0]
    assert [one.count for one in found.errors] == [0, 0, 1, 0, 1]


def test_places_of_steps() -> None:
    steps, ends = np.array([0, 1, 2, 3, 4, 0, 1]), np.array([4, 4, 4, 4, 4, 1, 1])
    named = [PLACES[place] for place in places(steps, ends)]
    assert named == [
        "first quarter", "second quarter", "third quarter", "fourth quarter", "last step",
        "first quarter", "last step",
    ]  # fmt: skip


def test_mean_lowest_by_process_and_answer() -> None:
    these = scored([[0.9, 0.8], [0.7, 0.9], [0.2, 0.6], [0.5, None]], [-1, -1, 0, -1])
    found = mean_lowest(these, np.array([1, 1, 1, 1]), np.arange(4))
    assert found[True, True].value == pytest.approx(0.75)
    assert found[False, True].value == pytest.approx(0.2)
    assert (found[True, True].n, found[True, False].n) == (2, 0)
    assert math.isnan(found[True, False].value)


def test_aggregated_scores_are_those_that_best_of_n_picks_by() -> None:
    random = np.random.default_rng(0)
    rows = [random.random(size).tolist() for size in (1, 3, 6)]
    these = scored(rows, [-1, 0, 1])
    rules = {"product": product, "min": minimum, "last": last, "mean": mean}
    for name, rule in rules.items():
        assert aggregated(these, name).tolist() == pytest.approx([rule(row) for row in rows])
    assert np.isnan(aggregated(scored([[0.5, None], []], [-1, -1]), "last")).all()
    with pytest.raises(ValueError, match="none of product, min, last, mean"):
        aggregated(these, "sum")


def test_an_outcome_model_tells_answers_by_its_last_score_and_processes_by_none() -> None:
    random = np.random.default_rng(1)
    answers = np.repeat([0, 1], 500)
    reference = np.where(random.random(1000) < 0.5, 1, -1)
    noise = random.random((1000, 3))
    noise[:, 2] = 0.5 * noise[:, 2] + 0.5 * answers
    found = {
        one.name: one for one in aggregations(scored(noise.tolist(), reference.tolist()), answers)
    }
    assert found["last"].of_answers > 0.99
    assert found["last"].of_answers > found["product"].of_answers > 0.6
    assert all(abs(one.of_processes - 0.5) < 0.06 for one in found.values())


def test_nothing_scored_is_no_figure() -> None:
    none = scored([], [])
    empty = np.array([], dtype=int)
    assert math.isnan(lowest_places(none, empty).last.value)
    assert all(math.isnan(one.of_answers) for one in aggregations(none, empty))
    assert math.isnan(tolerance(empty, empty, empty).caught.value)
