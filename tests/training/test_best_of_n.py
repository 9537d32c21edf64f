"""Best-of-N by hand, as a law, and through the database."""

from __future__ import annotations

import pytest
from hypothesis import given
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
    assert found["problems"] == 2
    accuracy = {name: pick["accuracy"] for name, pick in found["picks"].items()}
    assert accuracy["product"] == 1.0
    assert accuracy["maj@N"] == 0.5
    assert accuracy["random"] == pytest.approx((1 / 4 + 1) / 2)
    with pytest.raises(ValueError, match="No problem has 5 responses"):
        evaluate_best_of_n(database, "prm:p", 5)
