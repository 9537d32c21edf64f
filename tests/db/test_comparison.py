"""How annotators disagree: the database against a reference in plain Python."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping

import pytest
from sqlalchemy import select

from db.annotators import ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database
from db.ingest import insert_rows
from db.lists import choice
from db.lists.browse import count_solutions, list_solutions, solution_ids
from db.lists.comparison import compared_annotators
from db.lists.filters import SolutionFilter
from db.lists.kinds import count_kinds
from db.records import AGREE, COMPARISONS, DISAGREEMENTS, SourceLabel
from db.schema import Solution
from tests.support.rows import correction, fill, machine, row

ABSENT = -9  # no verdict is None


def kinds_of(verdicts: Mapping[str, int | None], is_correct: bool | None) -> set[str]:
    """All that first errors by "mc", "judge", "prm" and "reference" come to.

    A reference without a verdict is as good as none.
    """
    heard = {who: said for who, said in verdicts.items() if who != "reference" or said is not None}
    machines = {who: said for who, said in heard.items() if who != "reference"}
    given = {who: said for who, said in heard.items() if said is not None}
    errors = {who for who, said in given.items() if said >= 0}
    mc, judge, prm = (given.get(who) for who in ("mc", "judge", "prm"))
    silent = None in machines.values()
    conditions = {
        "location": {"mc", "judge"} <= errors and mc != judge,
        "mc_only": errors == {"mc"} and len(given) > 1,
        "judge_only": errors == {"judge"} and len(given) > 1,
        "prm_against": prm is not None and bool({mc, judge} - {None, prm}),
        "reference": "reference" in given and len(set(given.values())) > 1,
        "no_verdict": silent and len(heard) > 1,
        "right_answer_flagged": is_correct is True and bool(errors),
        "agree": len(heard) > 1 and not silent and len(set(given.values())) == 1,
    }
    assert set(conditions) == set(COMPARISONS)
    return {kind for kind, holds in conditions.items() if holds}


@pytest.mark.parametrize(
    ("told", "is_correct", "kinds"),
    [
        ({}, True, set()),
        ({"mc": 1}, False, set()),
        ({"mc": None}, True, set()),
        ({"judge": 1}, True, {"right_answer_flagged"}),
        ({"mc": -1, "judge": -1}, True, {"agree"}),
        ({"mc": 2, "judge": 2}, False, {"agree"}),
        ({"mc": 2, "judge": 2}, True, {"right_answer_flagged", "agree"}),
        ({"mc": 1, "judge": 2, "prm": None}, False, {"location", "no_verdict"}),
        ({"mc": 1, "judge": 2, "prm": 0}, False, {"location", "prm_against"}),
        ({"mc": 1, "judge": -1, "prm": 0}, False, {"prm_against"}),  # MC is not the only one
        ({"mc": -1, "judge": 0, "prm": -1}, None, {"judge_only", "prm_against"}),
        ({"mc": -1, "judge": 0}, None, {"judge_only"}),
        ({"mc": 1, "judge": 1, "prm": 0}, True, {"prm_against", "right_answer_flagged"}),
        ({"prm": 0, "reference": 2}, False, {"reference"}),
        ({"prm": 2, "reference": 2}, False, {"agree"}),
        ({"mc": 0, "judge": -1, "reference": 0}, False, {"reference"}),
        ({"prm": 0, "reference": None}, False, set()),
    ],
)
def test_the_reference_names_what_a_reader_would(
    told: dict[str, int | None], is_correct: bool | None, kinds: set[str]
) -> None:
    assert kinds_of(told, is_correct) == kinds


def test_the_database_names_kinds_as_the_reference_does(database: Database) -> None:
    """Every combination of absent, no verdict, no error, two errors, and right or wrong answer."""
    said = (ABSENT, None, -1, 0, 1)
    cases = list(itertools.product(said, said, said, said, (True, False, None)))
    rows = []
    for n, (*_, reference, right) in enumerate(cases):
        labels = () if reference == ABSENT else (SourceLabel("truth", (), reference),)
        rows.append(row(n, is_correct=right, labels=labels))
    insert_rows(database, rows)
    with database.read() as session:
        ids = list(session.scalars(select(Solution.id).order_by(Solution.id)))
    for place, kind in enumerate(("mc", "judge", "prm")):
        told = {i: c[place] for i, c in zip(ids, cases, strict=True) if c[place] != ABSENT}
        machine(database, kind, told)
    assert [one.label for one in compared_annotators(database).members()] == [
        "mc:mc",
        "judge:judge",
        "prm:prm",
    ]
    by_id: dict[int, set[str]] = {}
    for one, (*verdicts, right) in zip(ids, cases, strict=True):
        who = zip(("mc", "judge", "prm", "reference"), verdicts, strict=True)
        by_id[one] = kinds_of({name: v for name, v in who if v != ABSENT}, right)
    found: dict[int, set[str]] = {one: set() for one in ids}
    for kind in COMPARISONS:
        for one in solution_ids(database, SolutionFilter(disagreement=kind)):
            found[one].add(kind)
    assert found == by_id
    for shown in list_solutions(database, SolutionFilter(), limit=len(cases)):
        first = next((kind for kind in COMPARISONS if kind in by_id[shown.id]), None)
        assert shown.disagreement == first
    counts = count_kinds(database)
    assert counts.of == Counter(kind for kinds in by_id.values() for kind in kinds)
    assert counts.compared == sum(bool(kinds) for kinds in by_id.values())
    assert counts.differ == sum(not kinds.isdisjoint(DISAGREEMENTS) for kinds in by_id.values())
    for kind, count in counts.of.items():
        assert count_solutions(database, SolutionFilter(disagreement=kind)) == count
    assert all(not kinds & {AGREE} or kinds.isdisjoint(DISAGREEMENTS) for kinds in by_id.values())


def test_labels_that_came_with_the_data_are_compared_with_a_prm_alone(database: Database) -> None:
    """ProcessBench's labels and one PRM: where they differ is a disagreement."""
    truth = [SourceLabel("processbench", (), error) for error in (1, -1, 0)]
    insert_rows(database, [row(n, labels=(one,)) for n, one in enumerate(truth)])
    machine(database, "prm", {1: 0, 2: -1, 3: -1})
    compared = compared_annotators(database)
    assert compared.reference is not None
    assert compared.reference.label == "human:processbench"
    assert solution_ids(database, SolutionFilter(disagreement="reference")) == [1, 3]
    assert count_kinds(database).differ == 2
    assert compared.named(COMPARISONS["reference"]) == "Against processbench"


def test_a_person_who_is_chosen_is_the_reference_and_lists_follow_each_label(
    database: Database,
) -> None:
    ids = fill(database, 2)
    machine(database, "prm", dict.fromkeys(ids, 0))
    ann = ensure_reviewer(database, "ann")
    append_corrections(database, [correction(ids[0], ann.id, "one")])
    assert compared_annotators(database).reference is None
    choice.compare(database, "human:ann")
    assert compared_annotators(database).reference == ann
    assert solution_ids(database, SolutionFilter(disagreement="reference")) == [ids[0]]
    append_corrections(database, [correction(ids[1], ann.id, "two")])
    assert solution_ids(database, SolutionFilter(disagreement="reference")) == ids
    undo = correction(ids[1], ann.id, "u", action="undo", undoes="two", labels=None)
    append_corrections(database, [undo])
    assert solution_ids(database, SolutionFilter(disagreement="reference")) == [ids[0]]
    choice.compare_by_coverage(database)
    assert compared_annotators(database).reference is None


def test_of_labels_that_came_with_the_data_those_that_cover_most_are_the_reference(
    database: Database,
) -> None:
    few, many = SourceLabel("few", (), 0), SourceLabel("many", (), 0)
    insert_rows(database, [row(1, labels=(many,)), row(2, labels=(few, many))])
    reference = compared_annotators(database).reference
    assert reference is not None
    assert reference.name == "many"
    choice.compare(database, "human:few")
    reference = compared_annotators(database).reference
    assert reference is not None
    assert reference.name == "few"
