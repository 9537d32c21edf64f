"""Best-of-N by hand, as a law, and through the database."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import comb, isnan

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from db.annotations import save_wave
from db.annotators import ensure_annotator
from db.engine import Database
from db.ingest import insert_rows
from db.records import AnnotationRecord, ImportRow
from labeling.evaluation.best_of_n import evaluate_best_of_n
from labeling.evaluation.results import picks
from training.metrics.best_of_n import (
    NO_SCORES,
    REWARD,
    Response,
    best_of_n,
    chances,
    curve_sizes,
    last,
    mean,
    minimum,
    product,
)


def test_the_four_rules_and_a_step_without_a_score() -> None:
    assert product([0.5, 0.4]) == pytest.approx(0.2)
    assert minimum([0.5, 0.4, 0.9]) == 0.4
    assert last([0.5, 0.4, 0.9]) == 0.9
    assert mean([0.5, 0.4, 0.9]) == pytest.approx(0.6)
    for rule in (product, minimum, last, mean):
        assert rule([0.9, None]) < rule([0.1, 0.0])


def of_all(group: list[Response]) -> dict[str, float]:
    """The chance of each way with every response of a problem."""
    return of(group, sum(one.samples for one in group))


def of(group: list[Response], n: int) -> dict[str, float]:
    return {name: float(chance[0]) for name, chance in chances(group, [n]).items()}


def test_by_hand() -> None:
    group = [
        Response("7", True, [0.9, 0.9]),  # product 0.81, min 0.9, last 0.9
        Response("8", False, [0.99, 0.7]),  # 0.69, 0.7, 0.7
        Response("8", False, [0.1, 1.0]),  # 0.1, 0.1, 1.0
    ]
    assert of_all(group) == {
        "product": 1.0, "min": 1.0, "last": 0.0, "mean": 1.0, "weighted vote": 1.0, "maj@N": 0.0,
        "random": pytest.approx(1 / 3),
        "pass@N": 1.0,
    }  # fmt: skip
    assert best_of_n({"d": [group]}, [3]).mean["product"][0].above_majority == 1.0


def test_votes_that_tie_count_in_part_and_no_answer_has_no_vote() -> None:
    tie = [Response("7", True, [1.0]), Response("8", False, [0.5]), Response(None, False, [0.4])]
    assert of_all(tie)["maj@N"] == 0.5
    assert of_all([Response(None, False, [1.0])])["maj@N"] == 0.0
    assert of_all(tie)["weighted vote"] == 1.0
    two = [Response("7", True, [0.6]), Response("8", False, [0.4]), Response("8", False, [0.4])]
    assert of_all(two)["weighted vote"] == 0.0
    unscored = [Response("8", False, [None]), Response("7", True, [0.1])]
    assert of_all(unscored)["weighted vote"] == 1.0
    with pytest.raises(ValueError, match="Best-of-1 needs 1 responses"):
        best_of_n({"d": [tie, []]}, [1])
    with pytest.raises(ValueError, match="at least one response"):
        best_of_n({"d": []}, [1])


responses = st.builds(
    lambda right, score: Response("7" if right else "8", right, [score]),
    st.booleans(),
    st.floats(0, 1),
)


@given(st.lists(responses, min_size=1, max_size=8))
def test_nothing_beats_pass_at_n_and_a_perfect_scorer_reaches_it(group: list[Response]) -> None:
    sizes = range(1, len(group) + 1)
    found = chances(group, sizes)
    for way in found.values():
        assert (way <= found["pass@N"] + 1e-12).all()
    perfect = [Response(r.answer, r.is_correct, [float(r.is_correct)]) for r in group]
    assert chances(perfect, sizes)["min"] == pytest.approx(found["pass@N"])


def expected(group: list[Response], n: int) -> dict[str, float]:
    """Every way to choose over every set of n samples, one by one."""
    samples = [one for one in group for _ in range(one.samples)]
    sets = list(combinations([replace(one, samples=1) for one in samples], n))
    found = [of_all(list(drawn)) for drawn in sets]
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


@given(
    st.lists(
        st.builds(
            lambda answer, score, samples: Response(
                answer, answer == "7", [score], samples=samples
            ),
            st.sampled_from(["7", "8", "9", None]),
            st.sampled_from([0.1, 0.2, 0.7, 0.9]),
            st.integers(1, 3),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(1, 4),
)
@settings(max_examples=40, deadline=None)
def test_a_figure_is_what_n_responses_drawn_at_random_would_give(
    group: list[Response], n: int
) -> None:
    size = sum(one.samples for one in group)
    assume(n <= size and comb(size, n) <= 200)
    assert of(group, n) == pytest.approx(expected(group, n))


def test_the_first_n_samples_are_no_better_than_the_others() -> None:
    """A B C A A D E F, of which A is right: four at random rarely are A A A B."""
    group = [Response("A", True, [0.9], 3)] + [Response(x, False, [0.5]) for x in "BCDEF"]
    found = of(group, 4)
    assert found["pass@N"] == pytest.approx(1 - comb(5, 4) / comb(8, 4))
    assert found["random"] == pytest.approx(3 / 8)
    assert found["maj@N"] == pytest.approx(expected(group, 4)["maj@N"])


def test_votes_over_many_sets_are_a_fixed_average_near_the_truth() -> None:
    group = [Response("A", True, [0.9], 8)] + [
        Response(answer, False, [0.5], 4) for answer in "BCDEF"
    ]
    datasets = {"d": [group] * 20}
    first, again = best_of_n(datasets, [3]), best_of_n(datasets, [3])
    assert first == again
    assert first.mean["maj@N"][0].accuracy == pytest.approx(expected(group, 3)["maj@N"], abs=0.03)


def test_a_curve_is_the_figure_of_each_n() -> None:
    groups = [
        [Response(x, x == "A", [score, 0.9]) for x, score in zip("ABBAC", scores, strict=True)]
        for scores in ([0.1, 0.9, 0.8, 0.7, 0.2], [0.9, 0.3, 0.2, 0.5, 0.6])
    ]
    told = best_of_n({"d": groups}, curve_sizes(5))
    assert told.sizes == (1, 2, 3, 4, 5)
    for way, curve in told.mean.items():
        for n, pick in zip(told.sizes, curve, strict=True):
            wanted = np.mean([expected(group, n)[way] for group in groups])
            assert pick.accuracy == pytest.approx(float(wanted)), (way, n)
    # One response at random is the same whoever chooses.
    assert {round(curve[0].accuracy, 9) for curve in told.mean.values()} == {0.4}


def test_every_data_set_weighs_alike() -> None:
    right, wrong = [Response("7", True, [0.9])] * 2, [Response("8", False, [0.1])] * 2
    told = best_of_n({"large": [wrong] * 30, "small": [right] * 2}, [2])
    assert told.mean["product"][0].accuracy == 0.5
    assert told.datasets["large"]["product"][0].accuracy == 0
    assert told.datasets["small"]["product"][0].accuracy == 1


def test_a_reward_chooses_and_has_no_weight_in_a_vote_and_without_scores_nothing_chooses() -> None:
    group = [Response("7", True, [-3.0]), Response("8", False, [-5.5]), Response("8", False, [0])]
    assert list(chances(group, [3], REWARD)) == ["reward", "maj@N", "random", "pass@N"]
    assert chances(group, [2], REWARD)["reward"] == pytest.approx(1 / 3)
    assert list(chances(group, [3], NO_SCORES)) == ["maj@N", "random", "pass@N"]


def test_curves_have_every_n_to_sixteen_and_then_double() -> None:
    assert curve_sizes(4) == (1, 2, 3, 4)
    assert curve_sizes(100) == (*range(1, 17), 32, 64, 100)


def test_figures_that_never_vary_have_no_interval() -> None:
    told = best_of_n({"d": [[Response("7", True, [0.5])]] * 5}, [1])
    pick = told.mean["product"][0]
    assert pick.accuracy == 1
    assert isnan(pick.interval.low)


def test_too_few_responses_are_refused() -> None:
    with pytest.raises(ValueError, match="Best-of-3 needs 3 responses"):
        best_of_n({"d": [[Response("7", True, [0.5], 2)]]}, [3])


def test_in_the_database_a_repeated_response_counts_as_often_as_it_was_sampled(
    database: Database,
) -> None:
    def row(problem: int, step: str, answer: str, times: int) -> ImportRow:
        return ImportRow(
            problem=f"problem {problem}",
            steps=(step,),
            generator="g",
            dataset="d",
            gold_answer="7",
            final_answer=answer,
            is_correct=answer == "7",
            samples=times,
        )

    insert_rows(
        database,
        [row(1, "a", "7", 1), row(1, "b", "8", 3), row(2, "c", "7", 4), row(3, "too few", "7", 3)],
    )
    prm = ensure_annotator(database, "prm", "p", {"model": "none"})
    save_wave(
        database,
        prm.id,
        None,
        [
            AnnotationRecord(place, prm.id, (score,), -1, "ok", {})
            for place, score in enumerate((0.9, 0.2, 0.5, 0.5), start=1)
        ],
    )
    found = evaluate_best_of_n(database, "prm:p", 4)
    assert (found["problems"], found["responses"]) == (2, 8)
    assert found["left_out"] == {"fewer than 4 responses": 1}
    accuracy = {name: pick["accuracy"] for name, pick in picks(found["curves"]).items()}
    assert accuracy["product"] == 1.0
    assert accuracy["maj@N"] == 0.5
    assert accuracy["random"] == pytest.approx((1 / 4 + 1) / 2)
    with pytest.raises(ValueError, match="No problem has 5 responses"):
        evaluate_best_of_n(database, "prm:p", 5)
