"""Filters by what an annotator made of a reference's first error, against the counted offsets."""

from __future__ import annotations

import itertools
from dataclasses import asdict, fields

import pytest

from app.ui import filters
from app.ui.navigation import beside
from db.annotators import rename_annotator
from db.engine import Database, DatabaseError
from db.lists.browse import count_solutions, solution_ids
from db.lists.filters import MISTAKEN, OUTCOMES, SolutionFilter
from db.review.queues import Queue, chosen, members_of
from labeling.jobs.worklist import work_list
from tests.support.rows import fill, machine
from training.metrics.processbench.evaluation import Offsets, first_error_offsets

ABSENT = -9  # not annotated; no verdict is None
SAID = (ABSENT, None, -1, 0, 1, 2)


def test_the_words_are_those_of_the_counted_offsets() -> None:
    assert tuple(field.name for field in fields(Offsets)) == OUTCOMES
    assert set(beside.OUTCOMES) == set(OUTCOMES)


def test_each_outcome_holds_what_is_counted_of_it(database: Database) -> None:
    """Every pair of absent, no verdict, no error and three errors."""
    cases = list(itertools.product(SAID, SAID))
    ids = fill(database, len(cases))
    said = {i: one for i, (one, _) in zip(ids, cases, strict=True) if one != ABSENT}
    truth = {i: one for i, (_, one) in zip(ids, cases, strict=True) if one != ABSENT}
    prm, reference = machine(database, "prm", said), machine(database, "judge", truth)
    both = [
        (one, expected)
        for one, expected in cases
        if one != ABSENT and expected not in (ABSENT, None)
    ]
    counts = asdict(first_error_offsets(both))  # type: ignore[arg-type]
    assert sum(counts.values()) == len(both)
    seen: list[int] = []
    for outcome, count in counts.items():
        wanted = SolutionFilter(outcome=(outcome, prm.id, reference.id))
        found = solution_ids(database, wanted)
        assert len(found) == count == count_solutions(database, wanted), outcome
        assert count > 0, outcome
        seen += found
    assert len(set(seen)) == len(both)
    mistaken = count_solutions(database, SolutionFilter(outcome=(MISTAKEN, prm.id, reference.id)))
    assert mistaken == len(both) - counts["exact"] - counts["right"]
    for one, expected in cases:
        if one in (ABSENT, None) or expected in (ABSENT, None):
            continue
        wanted = SolutionFilter(cell=(one, expected, prm.id, reference.id))  # type: ignore[arg-type]
        assert solution_ids(database, wanted) == [ids[cases.index((one, expected))]]


def test_an_outcome_may_be_asked_of_queues_jobs_and_addresses(database: Database) -> None:
    ids = fill(database, 3)
    prm = machine(database, "prm", dict(zip(ids, (-1, 1, 2), strict=True)))
    mc = machine(database, "mc", dict(zip(ids, (1, 1, 1), strict=True)))
    address = {"outcome": "late", "of": "prm:prm", "against": "mc:mc"}
    wanted = filters.understood(database, address)
    assert wanted == SolutionFilter(outcome=("late", prm.id, mc.id))
    assert filters.in_words(database, address) == "error flagged too late by prm:prm against mc:mc"
    stored = SolutionFilter.from_json(wanted.to_json())
    with database.read() as session:
        query = members_of(database, Queue(chosen, stored))
        assert list(session.scalars(query)) == [ids[2]]
    assert work_list(database, mc.id, {"only": wanted.to_json()}).chosen == ((ids[2],),)
    cell = {"cell": beside.cell_in_address(-1, 1), "of": "prm:prm", "against": "mc:mc"}
    assert cell["cell"] == "none,2"
    assert filters.understood(database, cell).cell == (-1, 1, prm.id, mc.id)
    assert solution_ids(database, filters.understood(database, cell)) == [ids[0]]
    assert filters.in_words(database, cell) == "prm:prm sees no error and mc:mc sees one in step 2"
    assert beside.cell_of("0,3") == (-1, 2)
    assert [beside.cell_of(text) for text in ("", "3", "1,2,3", "x,1", "-1,2")] == [None] * 5


def test_a_word_that_is_no_outcome_is_refused(database: Database) -> None:
    with pytest.raises(DatabaseError, match="no outcome"):
        count_solutions(database, SolutionFilter(outcome=("lost", 1, 2)))


def test_an_address_that_cannot_be_meant_says_so(database: Database) -> None:
    """The list without the condition would be another list, and nobody would know."""
    ids = fill(database, 2)
    machine(database, "prm", dict.fromkeys(ids, 0))
    for address, why in (
        ({"by": "prm:gone"}, "no annotator prm:gone"),
        ({"by": "prm:prm", "says": "an error in step x"}, "cannot be an error in step x"),
        ({"says": "an error"}, "choose the annotator"),
        ({"one": "prm:prm"}, "choose from whom it differs"),
        ({"of": "prm:prm", "against": "human:nobody", "outcome": "missed"}, "human:nobody"),
        ({"outcome": "missed"}, "choose whose first error"),
        ({"outcome": "lost", "of": "prm:prm", "against": "prm:prm"}, "cannot be lost"),
        ({"cell": "3", "of": "prm:prm", "against": "prm:prm"}, "cannot be 3"),
        (
            {"answer": "wrong"},
            "answer cannot be wrong, which the address asks for. "
            "Possible: Right answer, Wrong answer, Not graded",
        ),
        ({"from": "some"}, "cannot be some"),
        ({"ids": "all"}, "cannot be all"),
    ):
        with pytest.raises(filters.NotUnderstood, match=why):
            filters.understood(database, address)
    rename_annotator(database, "prm:prm", "new")
    renamed = {"by": "prm:prm", "says": "an error in step 1"}
    assert solution_ids(database, filters.understood(database, renamed)) == ids


def test_a_condition_is_taken_away_with_all_its_words(database: Database) -> None:
    address = {"by": "prm:prm", "says": "an error", "answer": "Right answer", "from": "3"}
    assert filters.conditions(database, address) == [
        (("answer",), "Right answer"),
        (("by", "says"), "annotated by prm:prm who says an error"),
        (("from", "to"), "3 or more steps"),
    ]
    assert filters.in_words(database, {}) == "all solutions"


def test_a_list_is_ordered_by_the_scores_of_a_chosen_annotator(database: Database) -> None:
    ids = fill(database, 2)
    prm = machine(database, "prm", dict.fromkeys(ids, 0), {ids[0]: (0.9,), ids[1]: (0.1,)})
    orders = filters.sorts(database)
    assert orders["lowest:prm:prm"] == "prm: lowest score first"
    order = filters.sort_of(database, "lowest:prm:prm", None)
    assert order == f"lowest:{prm.id}"
    assert solution_ids(database, SolutionFilter(), sort=order) == [ids[1], ids[0]]
    assert filters.sort_of(database, "lowest:prm:gone", None) == "oldest"
