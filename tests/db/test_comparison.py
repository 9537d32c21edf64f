"""How machines disagree: the database against a reference in plain Python."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from sqlalchemy import select

from db.engine import Database
from db.ingest import insert_rows
from db.lists.browse import count_solutions, list_solutions
from db.lists.comparison import count_kinds
from db.lists.filters import SolutionFilter
from db.records import COMPARISONS
from db.schema import Solution
from tests.support.rows import machine, row


def disagreement(verdicts: Mapping[str, int | None], is_correct: bool | None) -> str | None:
    """The kind of disagreement of first errors by kind of annotator; None without a comparison."""
    several = len(verdicts) >= 2
    mc, judge = verdicts.get("mc"), verdicts.get("judge")
    if several and None in verdicts.values():
        return "no_verdict"
    if mc is not None and judge is not None and mc != judge:
        if mc >= 0 and judge >= 0:
            return "location"
        return "mc_only" if judge < 0 else "judge_only"
    if "prm" in verdicts and any(other != verdicts["prm"] for other in verdicts.values()):
        return "prm_against"
    if is_correct and any(error is not None and error >= 0 for error in verdicts.values()):
        return "right_answer_flagged"
    return "agree" if several else None


@pytest.mark.parametrize(
    ("told", "is_correct", "kind"),
    [
        ({}, True, None),
        ({"mc": 1}, False, None),
        ({"mc": None}, True, None),
        ({"judge": 1}, True, "right_answer_flagged"),
        ({"mc": -1, "judge": -1}, True, "agree"),
        ({"mc": 2, "judge": 2}, False, "agree"),
        ({"mc": 2, "judge": 2}, True, "right_answer_flagged"),
        ({"mc": 1, "judge": 2, "prm": None}, True, "no_verdict"),
        ({"mc": 1, "judge": 2, "prm": 0}, True, "location"),
        ({"mc": 1, "judge": -1, "prm": 0}, True, "mc_only"),
        ({"mc": -1, "judge": 0}, None, "judge_only"),
        ({"mc": 1, "judge": 1, "prm": 0}, True, "prm_against"),
        ({"judge": -1, "prm": 0}, True, "prm_against"),
        ({"judge": -1, "prm": -1}, True, "agree"),
    ],
)
def test_the_reference_names_what_a_reader_would(
    told: dict[str, int | None], is_correct: bool | None, kind: str | None
) -> None:
    assert disagreement(told, is_correct) == kind


def test_the_database_names_disagreements_as_the_reference_does(database: Database) -> None:
    """Every combination of absent, no verdict, no error, two errors, and right or wrong answer."""
    absent = -9  # no verdict is that
    verdicts = (absent, None, -1, 0, 1)
    cases = list(itertools.product(verdicts, verdicts, verdicts, (True, False, None)))
    insert_rows(database, [row(n, is_correct=case[3]) for n, case in enumerate(cases)])
    with database.read() as session:
        ids = list(session.scalars(select(Solution.id).order_by(Solution.id)))
    for place, kind in enumerate(("mc", "judge", "prm")):
        told = {i: c[place] for i, c in zip(ids, cases, strict=True) if c[place] != absent}
        machine(database, kind, told)
    rows = list_solutions(database, SolutionFilter(), limit=len(cases))
    for shown, (mc, judge, prm, right) in zip(rows, cases, strict=True):
        given = {
            kind: verdict
            for kind, verdict in (("mc", mc), ("judge", judge), ("prm", prm))
            if verdict != absent
        }
        assert shown.disagreement == disagreement(given, right), (mc, judge, prm, right)
    counts = count_kinds(database)
    assert set(counts) == COMPARISONS.keys()
    for kind, count in counts.items():
        assert count_solutions(database, SolutionFilter(disagreement=kind)) == count
