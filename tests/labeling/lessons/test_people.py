"""Corrections: who is asked first, and how often people are mistaken."""

from __future__ import annotations

from collections import Counter

from db.records import SolutionRecord
from labeling.consensus.rule import Candidate, Verdict
from labeling.lessons.labels import EVERYBODY, JUDGE_LABEL, MC_LABEL, TRUTH_LABEL, Labelled
from labeling.lessons.people.plan import ANYWHERE, DISAGREEMENTS, LEAST_SURE
from labeling.lessons.people.queues import correction, in_order


def labelled(place: int, true: int, **said: int) -> Labelled:
    """A solution of three steps of which everybody says the truth, but for what is `said`."""
    first_errors = dict.fromkeys(EVERYBODY, true)
    first_errors |= {MC_LABEL: said.get("mc", true), JUDGE_LABEL: said.get("judge", true)}
    verdicts = {label: Verdict("ok", first_error) for label, first_error in first_errors.items()}
    solution = SolutionRecord(
        place, 1, "?", "1", ("a", "b", "c"), "d", "g", "1", True, fingerprint=f"print {place}"
    )
    return Labelled(solution, Candidate(3, verdicts))


def test_people_name_the_true_first_error_but_for_a_share_of_mistakes() -> None:
    solutions = [labelled(place, place % 4 - 1) for place in range(4000)]
    said = [correction(one, 0, 0.05) for one in solutions]
    wrong = [(one.true_error, told) for one, told in zip(solutions, said, strict=True)
             if told != one.true_error]  # fmt: skip
    assert 150 < len(wrong) < 250
    assert set(Counter(true for true, _ in wrong)) == {-1, 0, 1, 2}
    assert {told for _, told in wrong} == {-1, 0, 1, 2}
    assert said == [correction(one, 0, 0.05) for one in solutions]
    assert said != [correction(one, 1, 0.05) for one in solutions]
    assert not any(correction(one, 0, 0.0) != one.true_error for one in solutions)


def test_each_queue_has_its_order() -> None:
    solutions = [labelled(place, 1, mc=2 if place % 5 == 0 else 1) for place in range(50)]
    scores: list[list[float | None]] = [[0.9, 0.5 - place / 200, 0.0] for place in range(50)]
    assert sorted(in_order(ANYWHERE, solutions, scores, 0)) == list(range(50))
    assert in_order(ANYWHERE, solutions, scores, 0) != in_order(ANYWHERE, solutions, scores, 1)
    assert sorted(in_order(DISAGREEMENTS, solutions, scores, 0)) == list(range(0, 50, 5))
    # Behind the first error nothing is read: the last score is surest, and does not count.
    assert in_order(LEAST_SURE, solutions, scores, 0) == list(range(50))


def test_the_truth_is_no_party_to_a_disagreement() -> None:
    alone = [labelled(0, 1, mc=2, judge=2)]
    assert alone[0].candidate.verdicts[TRUTH_LABEL].first_error == 1
    assert in_order(DISAGREEMENTS, alone, [[0.9]], 0) == []
