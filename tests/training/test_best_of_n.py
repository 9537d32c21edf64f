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
from training.best_of_n import Response, best_of_n, last, minimum, product


def test_the_three_rules_and_a_step_without_a_score() -> None:
    assert product([0.5, 0.4]) == pytest.approx(0.2)
    assert minimum([0.5, 0.4, 0.9]) == 0.4
    assert last([0.5, 0.4, 0.9]) == 0.9
    for rule in (product, minimum, last):
        assert rule([0.9, None]) < rule([0.1, 0.0])


def test_by_hand() -> None:
    group = [
        Response("7", True, [0.9, 0.9]),  # product 0.81, min 0.9, last 0.9
        Response("8", False, [0.99, 0.7]),  # 0.69, 0.7, 0.7
        Response("8", False, [0.1, 1.0]),  # 0.1, 0.1, 1.0
    ]
    picks = best_of_n([group])
    found = {name: pick.accuracy for name, pick in picks.items()}
    assert found == {
        "product": 1.0, "min": 1.0, "last": 0.0, "weighted vote": 1.0, "maj@N": 0.0,
        "random": pytest.approx(1 / 3),
        "pass@N": 1.0,
    }  # fmt: skip
    assert picks["product"].above_majority == 1.0


def test_votes_that_tie_count_in_part_and_no_answer_has_no_vote() -> None:
    tie = [Response("7", True, [1.0]), Response("8", False, [0.5]), Response(None, False, [0.4])]
    assert best_of_n([tie])["maj@N"].accuracy == 0.5
    assert best_of_n([[Response(None, False, [1.0])]])["maj@N"].accuracy == 0.0
    assert best_of_n([tie])["weighted vote"].accuracy == 1.0
    two = [Response("7", True, [0.6]), Response("8", False, [0.4]), Response("8", False, [0.4])]
    assert best_of_n([two])["weighted vote"].accuracy == 0.0
    unscored = [Response("8", False, [None]), Response("7", True, [0.1])]
    assert best_of_n([unscored])["weighted vote"].accuracy == 1.0
    with pytest.raises(ValueError, match="at least one response"):
        best_of_n([tie, []])


responses = st.builds(
    lambda right, score: Response("7" if right else "8", right, [score]),
    st.booleans(),
    st.floats(0, 1),
)


@given(st.lists(st.lists(responses, min_size=1, max_size=8), min_size=1, max_size=6))
def test_nothing_beats_pass_at_n_and_a_perfect_scorer_reaches_it(
    problems: list[list[Response]],
) -> None:
    picks = best_of_n(problems, samples=20)
    assert all(pick.accuracy <= picks["pass@N"].accuracy + 1e-12 for pick in picks.values())
    perfect = [
        [Response(r.answer, r.is_correct, [float(r.is_correct)]) for r in g] for g in problems
    ]
    assert best_of_n(perfect, samples=20)["min"].accuracy == picks["pass@N"].accuracy


def expected(group: list[Response], n: int) -> dict[str, float]:
    """Every way to choose over every set of n samples, one by one."""
    samples = [one for one in group for _ in range(one.samples)]
    sets = list(combinations([replace(one, samples=1) for one in samples], n))
    found = [best_of_n([drawn], samples=2) for drawn in sets]
    return {name: float(np.mean([one[name].accuracy for one in found])) for name in found[0]}


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
    told = best_of_n([group], n, samples=2)
    wanted = expected(group, n)
    assert {name: pick.accuracy for name, pick in told.items()} == pytest.approx(wanted)


def test_the_first_n_samples_are_no_better_than_the_others() -> None:
    """A B C A A D E F, of which A is right: four at random rarely are A A A B."""
    group = [Response("A", True, [0.9], 3)] + [Response(x, False, [0.5]) for x in "BCDEF"]
    picks = best_of_n([group], 4)
    assert picks["pass@N"].accuracy == pytest.approx(1 - comb(5, 4) / comb(8, 4))
    assert picks["random"].accuracy == pytest.approx(3 / 8)
    assert picks["maj@N"].accuracy == pytest.approx(expected(group, 4)["maj@N"])


def test_votes_over_many_sets_are_a_fixed_average_near_the_truth() -> None:
    group = [Response("A", True, [0.9], 8)] + [
        Response(answer, False, [0.5], 4) for answer in "BCDEF"
    ]
    first, again = best_of_n([group] * 20, 3), best_of_n([group] * 20, 3)
    assert first == again
    assert first["maj@N"].accuracy == pytest.approx(expected(group, 3)["maj@N"], abs=0.03)


def test_figures_that_never_vary_have_no_interval() -> None:
    picks = best_of_n([[Response("7", True, [0.5])]] * 5)
    assert picks["product"].accuracy == 1
    assert isnan(picks["product"].interval.low)


def test_too_few_responses_are_refused() -> None:
    with pytest.raises(ValueError, match="Best-of-3 needs 3 responses"):
        best_of_n([[Response("7", True, [0.5], 2)]], 3)


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
    accuracy = {name: pick["accuracy"] for name, pick in found["picks"].items()}
    assert accuracy["product"] == 1.0
    assert accuracy["maj@N"] == 0.5
    assert accuracy["random"] == pytest.approx((1 / 4 + 1) / 2)
    with pytest.raises(ValueError, match="No problem has 5 responses"):
        evaluate_best_of_n(database, "prm:p", 5)
