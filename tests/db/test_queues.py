"""Queues: their order, who is handed what, leases, and people who disagree."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from db.annotators import ensure_adjudicator, ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database
from db.ingest import insert_rows
from db.lists.filters import SolutionFilter
from db.review import leases
from db.review.leases import next_items, pace, queue_state
from db.review.queues import Queue, chosen, conflicts, shuffled
from db.review.tables import Lease
from db.schema import utcnow
from labeling.consensus.rule import Rule
from labeling.consensus.run import preview
from labeling.review.queues import QUEUES
from tests.support.rows import correction, fill, machine, row

EVERYBODY = Queue(chosen, per_item=None)
ONE_EACH = Queue(chosen, per_item=1)


def test_every_queue_has_its_order(database: Database) -> None:
    insert_rows(database, [row(n, is_correct=n % 2 == 0) for n in range(6)])
    ids = [1, 2, 3, 4, 5, 6]
    machine(
        database,
        "mc",
        {1: -1, 2: 1, 3: -1, 4: 0, 5: -1, 6: -1},
        margins={1: 0.9, 2: 0.1, 3: 0.5, 4: 0.5},
    )
    machine(database, "judge", {1: -1, 2: 0, 3: 1, 4: 0, 5: -1, 6: None}, margins={3: 0.2, 1: 1.0})
    scores = {
        1: (0.9, 0.8),
        2: (0.9, 0.7),
        3: (0.3, 0.6),
        4: (0.9, 0.95),
        5: (0.1, 0.9),
        6: (0.2, 0.1),
    }
    first = {1: -1, 2: -1, 3: 0, 4: -1, 5: 0, 6: 0}
    margins = {1: 0.3, 2: 0.2, 3: 0.2, 4: 0.4, 5: 0.4, 6: 0.3}
    prm = machine(database, "prm", first, scores, margins)
    expected = {
        "disagreement": [2, 3, 4, 5, 6],
        "location": [2],
        "mc_only": [],
        "judge_only": [],  # not 3: the PRM sees an error as well
        "prm_against": [2, 3, 4, 5, 6],
        "reference": [],
        "right_answer_flagged": [3, 5],
        "no_verdict": [6],
        "uncertain_prm": [2, 3, 1, 6, 4, 5],
        "uncertain_mc": [2, 3, 4, 1],
        "split_votes": [3, 1],
        "high_wrong": [4, 2],  # wrong answers the PRM passes, the highest lowest score first
        "low_right": [5, 3],
        "adjudication": [],
        "filter": ids,
    }
    for name, wanted in expected.items():
        queue = Queue(QUEUES[name].members)
        assert next_items(database, queue, None, 9) == wanted, name
        assert queue_state(database, queue, None).total == len(wanted), name
    control = next_items(database, Queue(shuffled), None, 9)
    assert sorted(control) == ids
    assert control == next_items(database, Queue(shuffled), None, 9)
    known = next_items(database, Queue(QUEUES["known"].members, reference=prm.id), None, 9)
    assert known == control
    assert set(expected) | {"random", "known"} == set(QUEUES)


def test_a_queue_may_be_narrowed_by_any_filter(database: Database) -> None:
    fill(database, 4)
    machine(database, "mc", {1: 1, 2: 1, 3: 1})
    machine(database, "judge", {1: 0, 2: -1, 3: 0})
    only = SolutionFilter(disagreement="location")
    assert next_items(database, Queue(wanted=only), None, 9) == [1, 3]
    assert next_items(database, Queue(shuffled, SolutionFilter(ids=(4,))), None, 9) == [4]


def test_an_item_on_somebodys_desk_is_not_handed_to_others(database: Database) -> None:
    fill(database, 5)
    ann, bob = ensure_reviewer(database, "ann"), ensure_reviewer(database, "bob")
    assert next_items(database, ONE_EACH, ann, 2) == [1, 2]
    assert next_items(database, ONE_EACH, bob, 2) == [3, 4]
    assert next_items(database, ONE_EACH, ann, 2) == [1, 2]  # her own leases do not stop her
    state = queue_state(database, ONE_EACH, bob)
    assert (state.total, state.left, state.held) == (5, 5, 2)
    assert next_items(database, Queue(chosen, per_item=2), bob, 9) == [1, 2, 3, 4, 5]
    assert next_items(database, EVERYBODY, bob, 2) == [1, 2]


def test_a_lease_runs_out_and_is_given_back_with_the_label(database: Database) -> None:
    fill(database, 3)
    ann, bob = ensure_reviewer(database, "ann"), ensure_reviewer(database, "bob")
    assert next_items(database, ONE_EACH, ann, 2) == [1, 2]
    skip = correction(1, ann.id, "skip", action="skip", labels=None, first_error=None)
    append_corrections(database, [skip])
    assert next_items(database, ONE_EACH, ann, 1) == [2]
    assert next_items(database, ONE_EACH, bob, 9) == [1, 3]  # a skip is no label: 1 is free
    with database.write() as session:
        session.execute(update(Lease).values(expires_at=utcnow() - timedelta(seconds=1)))
    assert next_items(database, ONE_EACH, bob, 9) == [1, 2, 3]


def test_as_many_people_as_wanted_label_an_item(database: Database) -> None:
    fill(database, 1)
    people = [ensure_reviewer(database, name) for name in ("ann", "bob", "cy")]
    twice = Queue(chosen, per_item=2)
    for number, person in enumerate(people[:2]):
        assert next_items(database, twice, person, 9) == [1]
        append_corrections(database, [correction(1, person.id, f"t{number}")])
        assert next_items(database, twice, person, 9) == []
    assert next_items(database, twice, people[2], 9) == []
    assert queue_state(database, twice, people[2]).left == 0
    undo = correction(1, people[0].id, "u", action="undo", undoes="t0", labels=None)
    append_corrections(database, [undo])
    assert next_items(database, twice, people[2], 9) == [1]


def test_two_people_at_once_are_never_handed_the_same_item(database: Database) -> None:
    fill(database, 60)
    people = [ensure_reviewer(database, f"p{n}") for n in range(5)]
    handed: list[int] = []

    def take(person: int) -> None:
        handed.extend(next_items(database, ONE_EACH, people[person], 10))

    threads = [threading.Thread(target=take, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(handed) == 50
    assert len(set(handed)) == 50


def test_a_conflict_waits_for_somebody_to_settle_it(database: Database) -> None:
    fill(database, 3)
    machine(database, "mc", {1: -1, 2: -1, 3: -1})
    ann, bob = ensure_reviewer(database, "ann"), ensure_reviewer(database, "bob")
    both_right = {"labels": (1, 1), "first_error": -1}
    append_corrections(
        database,
        [
            correction(1, ann.id, "a1"),
            correction(1, bob.id, "b1", **both_right),
            correction(2, ann.id, "a2", **both_right),
            correction(2, bob.id, "b2", **both_right),
            correction(3, ann.id, "a3"),
        ],
    )
    settling = Queue(conflicts)
    judge = ensure_adjudicator(database, "ann")
    assert judge.id != ann.id
    assert next_items(database, settling, judge, 9) == [1]
    rule = Rule(annotators=("mc:mc",))
    assert preview(database, rule).dropped == {"reviewers disagree": 1}
    append_corrections(database, [correction(1, judge.id, "j1", **both_right)])
    assert next_items(database, settling, judge, 9) == []
    assert preview(database, rule).dropped == {}
    undo = correction(1, judge.id, "j2", action="undo", undoes="j1", labels=None)
    append_corrections(database, [undo])
    assert next_items(database, settling, judge, 9) == [1]


def test_a_flag_without_a_label_keeps_the_solution_out_of_a_consensus(database: Database) -> None:
    fill(database, 2)
    machine(database, "mc", {1: -1, 2: -1})
    ann = ensure_reviewer(database, "ann")
    flagged = correction(
        1, ann.id, "f", action="skip", labels=None, first_error=None, flags=("bad_problem",)
    )
    append_corrections(database, [flagged])
    summary = preview(database, Rule(annotators=("mc:mc",)))
    assert summary.dropped == {"flagged as bad problem": 1}
    assert next_items(database, Queue(chosen, SolutionFilter(reviewed="flagged")), None, 9) == [1]


def test_pace_is_the_median_of_recent_labels(database: Database) -> None:
    fill(database, 6)
    ann = ensure_reviewer(database, "ann")
    before = utcnow() - timedelta(seconds=5)
    assert pace(database, ann, before) == (0, None)
    for n, seconds in enumerate((5.0, 7.0, 600.0)):
        append_corrections(database, [correction(n + 1, ann.id, f"t{n}", seconds=seconds)])
    assert pace(database, ann, before) == (3, 7.0)
    assert pace(database, ann, utcnow() + timedelta(hours=1)) == (0, 7.0)


def test_leases_are_for_minutes() -> None:
    assert timedelta(minutes=5) <= leases.LEASE <= timedelta(minutes=30)


@pytest.mark.parametrize("name", QUEUES)
def test_every_queue_of_an_empty_project_is_empty(database: Database, name: str) -> None:
    ann = ensure_reviewer(database, "ann")
    assert next_items(database, Queue(QUEUES[name].members), ann, 9) == []
    assert queue_state(database, Queue(QUEUES[name].members), ann).left == 0
