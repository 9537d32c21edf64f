"""Filters by what an annotator made of a reference's first error, against the counted offsets."""

from __future__ import annotations

import itertools
from dataclasses import asdict, fields

import pytest

from app.ui import filters
from db.engine import Database, DatabaseError
from db.lists.browse import count_solutions, solution_ids
from db.lists.filters import OUTCOMES, SolutionFilter
from db.lists.queues import Queue, chosen, members_of
from labeling.jobs.worklist import work_list
from tests.support.rows import fill, machine
from training.evaluation import Offsets, first_error_offsets

ABSENT = -9  # not annotated; no verdict is None
SAID = (ABSENT, None, -1, 0, 1, 2)


def test_the_words_are_those_of_the_counted_offsets() -> None:
    assert tuple(field.name for field in fields(Offsets)) == OUTCOMES
    assert set(filters.OUTCOMES) == set(OUTCOMES)


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
    assert filters.in_words(address) == "error flagged too late by prm:prm against mc:mc"
    stored = SolutionFilter.from_json(wanted.to_json())
    with database.read() as session:
        query = members_of(database, Queue(chosen, stored))
        assert list(session.scalars(query)) == [ids[2]]
    assert work_list(database, mc.id, {"only": wanted.to_json()}).chosen == ((ids[2],),)
    cell = {"cell": filters.cell_in_address(-1, 1), "of": "prm:prm", "against": "mc:mc"}
    assert cell["cell"] == "none,2"
    assert filters.understood(database, cell).cell == (-1, 1, prm.id, mc.id)
    assert solution_ids(database, filters.understood(database, cell)) == [ids[0]]
    assert filters.in_words(cell) == "prm:prm sees no error and mc:mc sees one in step 2"
    assert filters.cell_of("0,3") == (-1, 2)
    assert [filters.cell_of(text) for text in ("", "3", "1,2,3", "x,1", "-1,2")] == [None] * 5


def test_a_word_that_is_no_outcome_is_refused(database: Database) -> None:
    with pytest.raises(DatabaseError, match="no outcome"):
        count_solutions(database, SolutionFilter(outcome=("lost", 1, 2)))
