"""Steps cut anew in a browser: what it sends is stored in its order, and what items show after."""

from __future__ import annotations

from typing import Any

import pytest

from db.annotations import save_wave
from db.annotators import ensure_reviewer
from db.corrections import current_acts
from db.engine import Database
from db.ingest import insert_rows
from db.records import AnnotationRecord, AnnotatorRecord, ImportRow
from db.review.recuts import recut, replacement
from labeling.review.commits import accept_commits
from labeling.review.items import review_items
from tests.support.rows import machine

STEPS = ("one", "two", "three")


def commit(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "token": "token-0001",
        "solution_id": 1,
        "action": "label",
        "labels": [1, -1, None],
        "first_error": 1,
    }
    return {**made, **changes}


@pytest.fixture
def reviewer(database: Database) -> AnnotatorRecord:
    insert_rows(database, [ImportRow("What is 1+1?", STEPS, "g", "d", gold_answer="2")])
    return ensure_reviewer(database, "Ada")


def test_cuts_and_what_is_said_of_them_in_one_go(
    database: Database, reviewer: AnnotatorRecord
) -> None:
    """A browser names what it cut by the cut, since it does not know the new solution yet."""

    def cut(token: str, *steps: str, **changes: Any) -> dict[str, Any]:
        return {**commit(token=token, action="cut", steps=list(steps)), **changes}

    made = cut("cut-00001", "one", "two three")
    sent = [
        made,
        commit(token="label-001", labels=[1, -1], cut="cut-00001"),
        cut("cut-00002", "one two three", cut="cut-00001"),
        commit(token="label-002", labels=[-1], first_error=0, cut="cut-00002"),
    ]
    for _ in range(2):
        answer = accept_commits(database, reviewer, sent)
        assert answer.refused == {}
        assert answer.acked == [one["token"] for one in sent]
        assert answer.cuts == {"cut-00001": 2, "cut-00002": 3}
    assert current_acts(database, [2, 3], reviewer.id)[3].labels == (-1,)
    # From an old tab: kept, and the sender is told where it counts now.
    old = accept_commits(
        database, reviewer, [commit(token="label-003", labels=[1, 1, -1], first_error=2)]
    )
    assert old.carried == {"label-003": 3}
    assert current_acts(database, [1], reviewer.id)[1].labels == (1, 1, -1)
    back = [
        commit(token="back-0002", action="uncut", undoes="cut-00002"),
        commit(token="back-0001", action="uncut", undoes="cut-00001"),
    ]
    assert accept_commits(database, reviewer, back).cuts == {"back-0002": 2, "back-0001": 1}
    assert replacement(database, 1) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"steps": ["one", "two"]}, "say something else"),
        ({"steps": "one"}, "not a list of texts"),
        ({"steps": ["one", 2]}, "not a list of texts"),
        ({"steps": list(STEPS)}, "these are the steps"),
        ({"solution_id": 9}, "no solution 9"),
        ({"solution_id": "1"}, "no such solution"),
        ({"cut": "never-made"}, "was not made"),
        ({"action": "uncut"}, "what it takes back"),
        ({"action": "uncut", "undoes": "never-made"}, "is not there"),
    ],
)
def test_a_bad_cut_is_refused(
    database: Database, reviewer: AnnotatorRecord, changes: dict[str, Any], why: str
) -> None:
    sent = {**commit(action="cut", steps=["one two", "three"]), **changes}
    answer = accept_commits(database, reviewer, [sent, commit(token="token-0002")])
    assert why in answer.refused["token-0001"]
    assert answer.acked == ["token-0002"]
    assert replacement(database, 1) is None


def test_machines_stay_in_view_as_of_the_old_cut(
    database: Database, reviewer: AnnotatorRecord
) -> None:
    """Of the nearest cut that they know, at the steps that are whole steps of it."""
    mc, prm = machine(database, "mc", {}), machine(database, "prm", {})
    counts = {"successes": [8, 2, 0], "trials": [8, 8, 8]}
    save_wave(database, mc.id, None, [AnnotationRecord(1, 0, (1.0, 0.25, 0.0), 2, "ok", counts)])
    save_wave(database, prm.id, None, [AnnotationRecord(1, 0, (0.9, 0.8, 0.3), 2, "ok", {})])
    made = recut(database, 1, ["one", "t", "wo", "three"], reviewer, "cut-1")
    (item,) = review_items(database, [made], [mc, prm], reviewer)
    assert item["cut_from"] == 1
    by_mc, by_prm = item["annotators"]
    assert (by_mc["old_cut"], by_mc["scores"]) == (True, [1.0, None, None, 0.0])
    assert (by_mc["first_error"], by_mc["successes"]) == (3, [8, None, None, 0])
    assert by_prm["scores"] == [0.9, None, None, 0.3]
    # Annotated again, the column is of this cut, and what comes of this one next goes by it.
    save_wave(
        database, prm.id, None, [AnnotationRecord(made, 0, (0.9, 0.6, 0.5, 0.4), 3, "ok", {})]
    )
    (item,) = review_items(database, [made], [mc, prm], reviewer)
    assert [one["old_cut"] for one in item["annotators"]] == [True, False]
    last = recut(database, made, ["one", "t", "wo three"], reviewer, "cut-2")
    (item,) = review_items(database, [last], [mc, prm], reviewer)
    by_mc, by_prm = item["annotators"]
    assert (by_mc["scores"], by_mc["first_error"]) == ([1.0, None, None], 2)
    assert (by_prm["scores"], by_prm["first_error"]) == ([0.9, 0.6, None], 2)
    assert [
        one["old_cut"] for one in review_items(database, [1], [mc], reviewer)[0]["annotators"]
    ] == [False]


def test_a_first_verdict_that_a_cut_leaves_open_is_none(
    database: Database, reviewer: AnnotatorRecord
) -> None:
    """What it revealed has been seen, and the next label can be saved."""
    blind = {"blind": True, "scores_visible": False, "first_labels": [1, -1, None]}
    accept_commits(database, reviewer, [commit(**blind)])
    made = recut(database, 1, ["one", "t", "wo", "three"], reviewer, "halve")
    act = current_acts(database, [made], reviewer.id)[made]
    assert (act.blind, act.first_labels, act.scores_visible) == (False, None, True)
