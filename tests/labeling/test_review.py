"""What a browser sends becomes corrections only when it fits the solution it names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.annotations import annotations_of, save_wave
from db.annotators import ensure_annotator, ensure_reviewer
from db.corrections import correction_log, rebuild_projections
from db.engine import Database
from db.ingest import insert_rows
from db.records import AnnotationRecord, AnnotatorRecord, ImportRow, RolloutRecord
from labeling.review.commits import NOTE_LENGTH, accept_commits, first_error_of, to_correction
from labeling.review.items import evidence, review_items

STEPS = ("one", "two", "three")


def commit(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "token": "token-0001",
        "solution_id": 1,
        "action": "label",
        "undoes": None,
        "labels": [1, -1, None],
        "first_error": 1,
        "note": None,
        "seconds": 3.5,
        "scores_visible": True,
    }
    return {**made, **changes}


@pytest.fixture
def reviewer(database: Database) -> AnnotatorRecord:
    insert_rows(database, [ImportRow("What is 1+1?", STEPS, "g", "d", gold_answer="2")])
    return ensure_reviewer(database, "Ada")


def test_a_label_is_stored_once_and_projected(
    database: Database, reviewer: AnnotatorRecord
) -> None:
    for _ in range(2):
        answer = accept_commits(database, reviewer, [commit(note="  why  ")])
        assert answer.acked == ["token-0001"]
        assert answer.refused == {}
    (act,) = correction_log(database, 1)
    assert (act.labels, act.first_error, act.note) == ((1, -1, None), 1, "why")
    (annotation,) = annotations_of(database, [1])
    assert annotation.first_error == 1


def test_an_undo_takes_back_what_came_in_the_same_batch(
    database: Database, reviewer: AnnotatorRecord
) -> None:
    undo = commit(token="token-0002", action="undo", undoes="token-0001", labels=None)
    answer = accept_commits(database, reviewer, [commit(), undo])
    assert answer.acked == ["token-0001", "token-0002"]
    assert annotations_of(database, [1]) == []


def test_nobody_takes_back_the_act_of_another(
    database: Database, reviewer: AnnotatorRecord
) -> None:
    accept_commits(database, reviewer, [commit()])
    other = ensure_reviewer(database, "Bob")
    undo = commit(token="token-0002", action="undo", undoes="token-0001", labels=None)
    answer = accept_commits(database, other, [undo])
    assert answer.acked == []
    assert "not there" in answer.refused["token-0002"]
    assert len(annotations_of(database, [1])) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"solution_id": 99},
        {"solution_id": True},
        {"solution_id": "1"},
        {"solution_id": 2**70},
        {"action": "delete"},
        {"action": ["label"]},
        {"labels": [1, -1]},
        {"labels": "1,-1"},
        {"labels": None},
        {"labels": [1, -1, 2]},
        {"labels": [True, -1, None]},
        {"labels": [1.0, -1, None]},
        {"labels": [1, 1, None], "first_error": -1},
        {"labels": [None, -1, None]},
        {"first_error": 0},
        {"first_error": None},
        {"first_error": True},
        {"labels": [1, 1, 1], "first_error": 1},
        {"note": 7},
        {"flags": "unsure"},
        {"flags": ["unsure", "unsure"]},
        {"flags": ["bad_weather"]},
        {"flags": [["unsure"]]},
        {"flags": {"unsure": True}},
        {"error_type": 7},
        {"error_type": " "},
        {"error_type": "two\nlines"},
        {"error_type": "x" * 61},
        {"labels": [1, 1, 1], "first_error": -1, "error_type": "step_consistency"},
        {"blind": "yes", "first_labels": [1, -1, None]},
        {"blind": True},
        {"blind": True, "first_labels": [1, None, None]},
        {"blind": True, "first_labels": [1, -1]},
        {"blind": True, "first_labels": [True, -1, None]},
        {"blind": False, "first_labels": [1, -1, None]},
        {"note": "x" * (NOTE_LENGTH + 1)},
        {"action": "undo"},
        {"action": "undo", "undoes": {"$ne": 1}},
        {"action": "undo", "undoes": "never-was-there"},
    ],
)
def test_a_bad_commit_is_refused_and_the_good_one_beside_it_is_stored(
    database: Database, reviewer: AnnotatorRecord, changes: dict[str, Any]
) -> None:
    answer = accept_commits(
        database, reviewer, [commit(token="token-bad1", **changes), commit(token="token-good")]
    )
    assert answer.acked == ["token-good"]
    assert answer.refused["token-bad1"]
    assert len(correction_log(database, 1)) == 1


@pytest.mark.parametrize("token", [None, 5, "", "short", "x" * 65, "'; drop table", "a b c d e f"])
def test_without_a_usable_token_nothing_is_stored(
    database: Database, reviewer: AnnotatorRecord, token: Any
) -> None:
    answer = accept_commits(database, reviewer, [commit(token=token)])
    assert (answer.acked, answer.refused) == ([], {})
    assert correction_log(database, 1) == []


@pytest.mark.parametrize("outbox", [None, "text", {"a": 1}, [None, 3, []]])
def test_what_is_no_outbox_is_no_error(
    database: Database, reviewer: AnnotatorRecord, outbox: Any
) -> None:
    assert accept_commits(database, reviewer, outbox).acked == []


@pytest.mark.parametrize(
    ("sent", "stored"),
    [(-1, None), ("9", None), (float("nan"), None), (1e9, 86400.0), (2, 2.0), (10**400, 86400.0)],
)
def test_time_spent_never_costs_a_label(sent: Any, stored: float | None) -> None:
    assert to_correction(commit(seconds=sent), 7, {1: 3}).seconds == stored


@given(st.lists(st.sampled_from([1, 0, -1, None]), max_size=8))
def test_the_first_error_is_read_off_the_labels(labels: list[int | None]) -> None:
    before = labels[: labels.index(-1)] if -1 in labels else labels
    if not labels or None in before:
        with pytest.raises(ValueError, match="unmarked"):
            first_error_of(labels)
    else:
        assert first_error_of(labels) == (labels.index(-1) if -1 in labels else -1)


def machines(database: Database) -> tuple[AnnotatorRecord, AnnotatorRecord]:
    mc = ensure_annotator(database, "mc", "m", {"model": "p"})
    judge = ensure_annotator(database, "judge", "j", {"model": "j"})
    counts = {"successes": [2, 0, 0], "trials": [8, 8, 0]}
    save_wave(
        database,
        mc.id,
        None,
        [AnnotationRecord(1, 0, (0.25, 0.0, None), 1, "ok", counts)],
        [RolloutRecord(1, 0, 0, "so <b>2</b>", "2", "correct", 3)],
    )
    said = {
        "prompt": [{"role": "user", "content": "judge this"}],
        "reply": "<analysis_1>",
        "critiques": ["fine", "fine", "fine"],
    }
    save_wave(database, judge.id, None, [AnnotationRecord(1, 0, (1.0, 1.0, 1.0), -1, "ok", said)])
    return mc, judge


def test_an_item_says_who_says_what(database: Database, reviewer: AnnotatorRecord) -> None:
    mc, judge = machines(database)
    accept_commits(database, reviewer, [commit(note="hm")])
    (item,) = review_items(database, [1, 404], [mc, judge], reviewer, compared=[mc, judge])
    assert (
        item["reason"] == "MC sees an error at step 2; the judge says that all steps are correct."
    )
    assert [column["name"] for column in item["annotators"]] == ["m", "j"]
    assert item["annotators"][0]["trials"] == [8, 8, 0]
    assert item["mine"] == {
        "labels": [1, -1, None],
        "first_error": 1,
        "note": "hm",
        "flags": [],
        "blind": False,
        "first_labels": None,
        "error_type": None,
    }


def test_flags_and_the_first_blind_verdict_come_back(
    database: Database, reviewer: AnnotatorRecord
) -> None:
    sent = commit(
        flags=["unsure", "bad_split"], blind=True, first_labels=[1, 1, 1], scores_visible=False
    )
    assert accept_commits(database, reviewer, [sent]).refused == {}
    (act,) = correction_log(database, 1)
    assert act.flags == ("unsure", "bad_split")
    assert (act.blind, act.first_labels, act.scores_visible) == (True, (1, 1, 1), False)
    (item,) = review_items(database, [1], [], reviewer)
    mine = item["mine"]
    assert mine is not None
    assert mine["flags"] == ["unsure", "bad_split"]
    assert (mine["blind"], mine["first_labels"]) == (True, [1, 1, 1])


def test_a_skip_may_carry_flags_and_shows_them_again(
    database: Database, reviewer: AnnotatorRecord
) -> None:
    skip = commit(action="skip", labels=None, first_error=None, blind=True, first_labels=None)
    accept_commits(database, reviewer, [skip])
    (item,) = review_items(database, [1], [], reviewer)
    assert item["mine"] is None
    flagged = {**skip, "token": "token-0002", "flags": ["bad_problem"]}
    assert accept_commits(database, reviewer, [flagged]).acked == ["token-0002"]
    assert all(one.first_error is None for one in annotations_of(database, [1]))
    (item,) = review_items(database, [1], [], reviewer)
    mine = item["mine"]
    assert mine is not None
    assert (mine["labels"], mine["flags"]) == ([None, None, None], ["bad_problem"])


def test_the_type_of_an_error_is_kept_with_it_and_goes_with_its_undo(
    database: Database, reviewer: AnnotatorRecord
) -> None:
    typed = commit(error_type="step_consistency")
    accept_commits(database, reviewer, [typed])
    # Shown again to the reviewer, and in words to others.
    (item,) = review_items(database, [1], [reviewer], reviewer)
    assert item["mine"] is not None
    assert item["mine"]["error_type"] == "step_consistency"
    assert item["annotators"][0]["error_type"] == "contradicts an earlier step"
    undo = commit(token="token-undo", action="undo", undoes=typed["token"])
    assert accept_commits(database, reviewer, [undo]).refused == {}
    (item,) = review_items(database, [1], [reviewer], reviewer)
    assert item["mine"] is None
    # The log has it still, and what it amounts to can be made again.
    assert [act.error_type for act in correction_log(database, 1)] == ["step_consistency", None]
    again = commit(token="token-again", error_type="a type that nobody offers any more")
    assert accept_commits(database, reviewer, [again]).refused == {}
    rebuild_projections(database, reviewer.id)
    (said,) = [a for a in annotations_of(database, [1]) if a.annotator_id == reviewer.id]
    assert said.evidence["error_type"] == "a type that nobody offers any more"


def test_a_commit_from_before_flags_is_still_taken() -> None:
    old = to_correction(commit(), 7, {1: 3})
    assert (old.flags, old.blind, old.first_labels) == ((), False, None)


def test_columns_carry_votes_and_what_people_wrote(
    database: Database, reviewer: AnnotatorRecord
) -> None:
    _, judge = machines(database)
    voted = {"votes": {"share": 0.75, "n": 4, "counts": {"1": 3}}}
    more = ensure_annotator(database, "judge", "voter", {"model": "j", "n": 4})
    said = AnnotationRecord(1, 0, (1.0, 0.0, None), 1, "ok", voted)
    save_wave(database, more.id, None, [said], [])
    accept_commits(database, reviewer, [commit(note="the sign", flags=["unsure"])])
    (item,) = review_items(
        database, [1], [judge, more, reviewer], None, queue_reasons={1: "People disagree"}
    )
    by_name = {column["name"]: column for column in item["annotators"]}
    assert by_name["voter"]["votes"] == {"share": 0.75, "n": 4}
    assert by_name["j"]["votes"] is None
    assert (by_name["Ada"]["note"], by_name["Ada"]["flags"]) == ("the sign", ["unsure"])
    assert by_name["Ada"]["scores"] == [1, -1, None]
    assert item["queue_reason"] == "People disagree"


def test_an_item_stays_the_same_when_somebody_saves(
    database: Database, reviewer: AnnotatorRecord
) -> None:
    before = review_items(database, [1], [], reviewer)[0]["revision"]
    accept_commits(database, reviewer, [commit()])
    assert review_items(database, [1], [], reviewer)[0]["revision"] == before


def test_evidence_is_what_was_stored(database: Database, reviewer: AnnotatorRecord) -> None:
    mc, judge = machines(database)
    assert evidence(database, 1, mc)["rollouts"] == [
        {"step": 0, "outcome": "correct", "answer": "2", "text": "so <b>2</b>"}
    ]
    found = evidence(database, 1, judge)
    assert found["prompt"] == "user:\njudge this"
    assert found["critiques"] == ["fine", "fine", "fine"]
    assert evidence(database, 1, reviewer) == {}
