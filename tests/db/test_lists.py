"""Lists of solutions: filters, orders, text search, and the solution index they are made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.ui.filters import ids_of
from db.annotators import ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database, DatabaseError
from db.ingest import insert_rows
from db.lists import solution_index
from db.lists.browse import (
    SORTS,
    SORTS_BY,
    ProblemGroup,
    count_problems,
    count_solutions,
    list_problems,
    list_solutions,
    solution_ids,
)
from db.lists.filters import SolutionFilter
from db.records import ImportRow
from db.schema import Annotator, SolutionIndex
from labeling.formats.reading import read_rows
from labeling.selection import as_json, as_jsonl
from labeling.uncertainty import mc_margin, prm_margin, vote_margin
from tests.support.rows import correction, fill, machine, row


def found(database: Database, **wanted: object) -> list[int]:
    """Ids that a filter leaves; the count must be of the same solutions."""
    chosen = SolutionFilter(**wanted)  # type: ignore[arg-type]
    ids = solution_ids(database, chosen)
    assert count_solutions(database, chosen) == len(ids)
    return ids


def test_each_condition_narrows(database: Database) -> None:
    insert_rows(
        database,
        [
            row(1, dataset="a", generator="g", is_correct=True),
            row(2, dataset="b", generator="g", is_correct=False, steps=("x", "y", "z")),
            row(3, dataset="b", generator="h", is_correct=None, steps=("x",)),
        ],
    )
    mc = machine(database, "mc", {1: -1, 2: 1, 3: None})
    judge = machine(database, "judge", {1: -1, 2: 0})
    assert found(database) == [1, 2, 3]
    assert found(database, dataset="b") == [2, 3]
    assert found(database, dataset="b", generator="h") == [3]
    assert [found(database, answer=a) for a in ("right", "wrong", "not_graded")] == [[1], [2], [3]]
    assert found(database, steps_from=2) == [1, 2]
    assert found(database, steps_from=2, steps_to=2) == [1]
    assert found(database, disagreement="location") == [2]
    assert found(database, annotator=judge.id) == [1, 2]
    assert found(database, annotator=mc.id, verdict="error") == [2]
    assert found(database, annotator=mc.id, verdict=1) == [2]
    assert found(database, annotator=mc.id, verdict="none") == [1]
    assert found(database, annotator=mc.id, verdict="no_verdict") == [3]
    assert found(database, annotator=judge.id, verdict="not_annotated") == [3]
    assert found(database, differ=(mc.id, judge.id)) == [2]
    assert found(database, ids=(3, 1, 99)) == [1, 3]
    ann = ensure_reviewer(database, "ann")
    append_corrections(database, [correction(1, ann.id, "t")])
    assert found(database, reviewed="labelled") == [1]
    assert found(database, reviewed="not_labelled") == [2, 3]
    with pytest.raises(DatabaseError, match="no filter"):
        SolutionFilter.from_json({"colour": "red"})
    kept = SolutionFilter(
        ids=(1, 2), differ=(1, 2), steps_to=3, outcome=("missed", 1, 2), cell=(-1, 3, 1, 2)
    )
    assert SolutionFilter.from_json(json.loads(json.dumps(kept.to_json()))) == kept


def test_text_is_found_in_problem_and_steps(database: Database) -> None:
    insert_rows(
        database,
        [
            row(1, problem="Ann has 12 apples.", steps=(r"So \frac{1}{2} of them", "Done")),
            row(2, problem="Çelik's café", steps=("Two pens and apples", "costs $5 + 6$")),
            row(3, problem="apples pens", steps=("nothing", "here")),
        ],
    )
    assert found(database, text="APPLES") == [1, 2, 3]
    assert found(database, text="apples pens") == [2, 3]
    assert found(database, text='"apples pens"') == [3]
    assert found(database, text="frac") == [1]
    assert found(database, text="cafe") == [2]
    assert found(database, text="noth") == [3]
    assert found(database, text="noth here") == []  # only the last word may be unfinished
    assert found(database, text="12") == [1]
    assert found(database, text="+") == [2]
    assert found(database, text="%") == []
    assert found(database, text="apples", dataset="elsewhere") == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(wanted=st.text(max_size=30))
def test_no_search_is_an_error(database: Database, wanted: str) -> None:
    fill(database, 2)
    assert set(found(database, text=wanted)) <= {1, 2}


def test_a_filter_may_name_any_number_of_solutions(database: Database) -> None:
    ids = tuple(fill(database, 1_200))
    assert found(database, ids=ids) == list(ids)
    assert found(database, ids=(*ids[100:1_100], 10**14)) == list(ids[100:1_100])
    assert ids_of(", ".join(map(str, ids))) == ids


def test_orders(database: Database) -> None:
    steps = [("a",), ("a", "b", "c"), ("a", "b")]
    insert_rows(database, [row(n, steps=steps[n]) for n in range(3)])
    mc = machine(database, "mc", {1: 0, 2: -1, 3: -1}, margins={1: 0.5, 2: 0.1})
    prm = machine(database, "prm", {1: 0, 2: 1}, {1: (0.2,), 2: (0.9, 0.1, 0.9)}, {1: 0.3, 2: 0.4})
    expected = {
        "oldest": [1, 2, 3],
        "newest": [3, 2, 1],
        "fewest_steps": [1, 3, 2],
        "most_steps": [2, 3, 1],
        "disagreement": [2, 1, 3],
        "problem": [1, 2, 3],
        f"margin:{mc.id}": [2, 1],
        f"margin:{prm.id}": [1, 2],
        f"lowest:{prm.id}": [2, 1],
        f"highest:{prm.id}": [1, 2],
    }
    assert {sort.partition(":")[0] for sort in expected} == {*SORTS, *SORTS_BY}
    for sort, ids in expected.items():
        assert solution_ids(database, SolutionFilter(), sort=sort) == ids, sort
        assert count_solutions(database, SolutionFilter(), sort) == len(ids), sort
        rows = list_solutions(database, SolutionFilter(), sort=sort, offset=1, limit=1)
        assert [one.id for one in rows] == ids[1:2]
    for word in ("colour", "lowest", "lowest:prm", "colour:1"):
        with pytest.raises(DatabaseError, match="sorted by"):
            solution_ids(database, SolutionFilter(), sort=word)
    (first,) = list_solutions(database, SolutionFilter(), limit=1, annotators=[prm.id])
    assert first.said == {prm.id: (0, 0.2)}


def test_the_solutions_of_a_problem_stand_together(database: Database) -> None:
    problems = ["b", "a", "b", "a"]
    insert_rows(database, [row(n, problem=one, steps=(str(n),)) for n, one in enumerate(problems)])
    assert solution_ids(database, SolutionFilter(), sort="problem") == [1, 3, 2, 4]
    rows = list_solutions(database, SolutionFilter(), sort="problem")
    assert [one.problem for one in rows] == ["b", "b", "a", "a"]
    assert [one.problem_id for one in rows] == [1, 1, 2, 2]


def test_problems_are_listed_with_the_solutions_that_a_filter_leaves(database: Database) -> None:
    problems, answers = ["b", "a", "b", "a", "c"], [True, False, None, True, False]
    insert_rows(
        database,
        [
            row(n, problem=one, steps=(str(n),), is_correct=right)
            for n, (one, right) in enumerate(zip(problems, answers, strict=True))
        ],
    )
    every = SolutionFilter()
    assert list_problems(database, every) == [
        ProblemGroup(1, "b", (1, 3), right=1, graded=1, before=0),
        ProblemGroup(2, "a", (2, 4), right=1, graded=2, before=2),
        ProblemGroup(3, "c", (5,), right=0, graded=1, before=4),
    ]
    assert list_problems(database, every, offset=1, limit=1) == list_problems(database, every)[1:2]
    assert list_problems(database, every, offset=3) == []
    assert count_problems(database, every) == 3
    wrong = SolutionFilter(answer="wrong")
    assert [(one.id, one.solutions, one.before) for one in list_problems(database, wrong)] == [
        (2, (2,), 0),
        (3, (5,), 1),
    ]
    assert count_problems(database, wrong) == 2
    assert solution_ids(database, every, sort="problem")[2] == 2  # `before` is its place


def test_two_that_differ_only_after_some_steps(database: Database) -> None:
    ids = fill(database, 5)
    prm = machine(database, "prm", dict(zip(ids, (0, 2, 3, -1, 3), strict=True)))
    judge = machine(database, "judge", dict(zip(ids, (3, 3, -1, 5, 3), strict=True)))
    pair = (prm.id, judge.id)
    assert found(database, differ=pair) == ids[:4]
    assert found(database, differ=pair, differ_after=3) == ids[2:4]
    assert found(database, differ=pair, differ_after=2) == ids[1:4]
    assert found(database, differ=pair, differ_after=6) == []


def index_rows(database: Database) -> list[tuple[object, ...]]:
    with database.read() as session:
        return [
            tuple(one)
            for one in session.execute(select(SolutionIndex.__table__).order_by("solution_id"))
        ]


def made_anew(database: Database) -> list[tuple[object, ...]]:
    with database.write() as session:
        session.execute(text("DELETE FROM solution_index_state"))
    solution_index.ensure(database)
    return index_rows(database)


def test_the_solution_index_follows_what_is_added_and_what_is_hidden(database: Database) -> None:
    fill(database, 5)
    assert len(index_rows(database)) == 5
    machine(database, "mc", {1: 0, 2: -1})
    machine(database, "judge", {1: 1})
    machine(database, "mc", {3: 1})
    machine(database, "judge", {2: -1, 3: 0, 4: 1})
    kept = index_rows(database)
    assert kept == made_anew(database)
    rows = list_solutions(database, SolutionFilter())
    kinds = ["location", "agree", "location", "right_answer_flagged", None]
    assert [one.disagreement for one in rows] == kinds
    with database.write() as session:
        session.get_one(Annotator, 1).hidden = True
    solution_index.ensure(database)
    assert index_rows(database) == made_anew(database) != kept


def test_margins() -> None:
    assert prm_margin([0.9, 0.45, 0.5], 1, 0.5) == pytest.approx(0.05)
    assert prm_margin([0.9, None], -1, 0.5) == pytest.approx(0.4)
    assert prm_margin([0.9], None, 0.5) is None
    assert mc_margin([8, 1, 0], [8, 8, 8], 2) == pytest.approx(1 / 8)
    assert mc_margin([8, 4, 0], [8, 4, 2], 2) == pytest.approx(2 / 3)  # none of only two
    assert mc_margin([0, 1], [0, 1], -1) == 1  # a step that was not visited says nothing
    assert (vote_margin(0.75, 1), vote_margin(0.4, -1), vote_margin(1.0, None)) == (0.5, 0.0, None)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 8)), min_size=1), st.integers(-1, 8))
def test_a_margin_is_a_share(counts: list[tuple[int, int]], first: int) -> None:
    margin = mc_margin([min(k, n) for k, n in counts], [n for _, n in counts], first)
    assert margin is not None
    assert 0 < margin <= 1


def test_a_selection_as_json_can_be_imported(database: Database, tmp_path: Path) -> None:
    fill(database, 3)
    machine(database, "mc", {2: 1})
    ann = ensure_reviewer(database, "ann")
    append_corrections(database, [correction(2, ann.id, "t", note="Ärger", flags=("unsure",))])
    meta: Any = as_json(database, [2])[0]["meta"]
    assert meta["solution_id"] == 2
    assert meta["annotations"][0]["annotator"] == "mc:mc"
    assert meta["corrections"][0]["note"] == "Ärger"
    file = tmp_path / "some.jsonl"
    file.write_bytes(as_jsonl(database, [3, 2]))
    read = list(read_rows("jsonl", file))
    assert [getattr(one, "problem", one) for one in read] == ["What is 2 + 2?", "What is 1 + 1?"]
    # What was said comes along as a record; it makes no annotator of the project that reads it.
    (said,) = [one for one in read if isinstance(one, ImportRow) and one.meta["annotations"]]
    assert said.meta == json.loads(json.dumps(meta))
    assert said.labels == ()
