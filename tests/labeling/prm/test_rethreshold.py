"""Another threshold: verdicts derived from stored scores are those of scoring anew with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from db import annotations as store
from db import jobs
from db.annotations import annotations_of
from db.annotators import ensure_annotator, find_annotator
from db.engine import Database, DatabaseError, stable_hash
from db.results import list_evaluations
from db.schema import Annotator, SolutionIndex
from labeling.consensus.rule import Rule
from labeling.consensus.run import export_consensus
from labeling.evaluation.processbench import evaluate_processbench
from labeling.jobs.runner import run_job
from labeling.prm import rethreshold
from labeling.prm.verdicts import annotation
from models.prm import load as prms
from models.prm.schemes import OWN
from tests.support.rows import fill, machine

SCORES: list[list[float | None]] = [
    [0.9, 0.8],
    [0.9, 0.45],
    [0.3, 0.95],
    [0.55, None],
    [0.4, None],
    [0.4999999, 0.7],  # 0.5 as it is stored
    [0.6, 0.2],
]


class Scripted:
    """A PRM that scores the solutions as they come."""

    scheme, revision, warning = OWN, "1", None

    def __init__(self) -> None:
        self.given = iter(SCORES)

    def score(self, solutions: Sequence[tuple[str, Sequence[str]]]) -> list[list[float | None]]:
        return [list(next(self.given)) for _ in solutions]


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prms, "load_scorer", lambda *_: Scripted())


def do(database: Database, kind: str, **params: Any) -> dict[str, Any]:
    return run_job(database, jobs.create_job(database, kind, params).id)


def said(database: Database, label: str) -> list[object]:
    """All that the annotator says, its id apart."""
    annotator = find_annotator(database, label)
    found = annotations_of(database, range(1, len(SCORES) + 1))
    mine = [one for one in found if one.annotator_id == annotator.id]
    return [
        (one.solution_id, one.scores, one.first_error, one.status, one.margin, one.evidence)
        for one in mine
    ]


def index(database: Database) -> list[object]:
    columns = (SolutionIndex.solution_id, SolutionIndex.prm, SolutionIndex.kinds)
    with database.read() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(columns[0]))]


@given(
    scores=st.lists(st.none() | st.floats(0, 1), max_size=6),
    before=st.floats(0, 1),
    threshold=st.floats(0, 1),
)
def test_deriving_is_scoring_anew(
    scores: list[float | None], before: float, threshold: float
) -> None:
    stored = annotation(1, 2, scores, before)
    assert annotation(1, 2, stored.scores, threshold) == annotation(1, 2, scores, threshold)


@pytest.mark.parametrize("threshold", [0.0, 0.42, 0.5, 0.6, 1.0])
def test_the_project_is_as_if_it_had_been_scored_with_it(
    threshold: float, database: Database
) -> None:
    fill(database, len(SCORES))
    do(database, "annotate_prm", model="prm", name="one", threshold=0.44)
    result = do(database, "rethreshold", annotator="prm:one", threshold=threshold)
    derived, listed = said(database, "prm:one"), index(database)
    assert result["solutions"] == len(SCORES)
    assert (result["threshold_before"], result["threshold"]) == (0.44, threshold)
    annotator = find_annotator(database, "prm:one")
    assert annotator.config["threshold"] == threshold
    with database.read() as session:
        row = session.get_one(Annotator, annotator.id)
        assert row.config_hash == stable_hash({"kind": "prm", "config": annotator.config})
    # The same, scored with it: verdicts, margins, and what lists are made of.
    do(database, "rethreshold", annotator="prm:one", threshold=0.123)
    do(database, "annotate_prm", model="prm", name="two", threshold=threshold)
    assert said(database, "prm:two") == derived
    assert index(database) == listed


def test_a_missing_score_never_becomes_a_verdict(database: Database) -> None:
    fill(database, len(SCORES))
    do(database, "annotate_prm", model="prm", name="one")
    do(database, "rethreshold", annotator="prm:one", threshold=0.1)
    by_solution = {one.solution_id: one for one in annotations_of(database, [4, 5])}
    assert [by_solution[n].first_error for n in (4, 5)] == [None, None]
    assert [by_solution[n].status for n in (4, 5)] == ["unfinished", "unfinished"]
    assert by_solution[5].evidence["steps_dropped"] == 1


def test_what_was_stopped_goes_on_and_begins_anew_after_another(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, len(SCORES))
    do(database, "annotate_prm", model="prm", name="one")
    monkeypatch.setattr(rethreshold, "SEGMENT", 2)
    whole = store.revise
    calls: list[object] = []

    def until_killed(*args: Any) -> None:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(args[2])
        whole(*args)

    def interrupted(threshold: float) -> None:
        calls.clear()
        monkeypatch.setattr(store, "revise", until_killed)
        with pytest.raises(KeyboardInterrupt):
            do(database, "rethreshold", annotator="prm:one", threshold=threshold)
        monkeypatch.setattr(store, "revise", whole)

    interrupted(0.42)
    again: list[int] = []

    def counted(*args: Any) -> None:
        again.append(len(args[2]))
        whole(*args)

    monkeypatch.setattr(store, "revise", counted)
    result = do(database, "rethreshold", annotator="prm:one", threshold=0.42)
    assert again == [2, 1]  # what was stored is not done again
    assert result["solutions"] == len(SCORES)
    assert result["threshold_before"] == 0.5
    assert said(database, "prm:one") == [
        said_at(n, scores, 0.42) for n, scores in enumerate(SCORES, start=1)
    ]
    # Another threshold between a job's two starts: the first is derived from the beginning.
    interrupted(0.7)
    do(database, "rethreshold", annotator="prm:one", threshold=0.3)
    result = do(database, "rethreshold", annotator="prm:one", threshold=0.7)
    assert result["threshold_before"] == 0.3
    assert said(database, "prm:one") == [
        said_at(n, scores, 0.7) for n, scores in enumerate(SCORES, start=1)
    ]


def said_at(number: int, scores: list[float | None], threshold: float) -> object:
    one = annotation(number, 0, scores, threshold)
    return (number, one.scores, one.first_error, one.status, one.margin, one.evidence)


def test_what_was_measured_and_exported_before_stays_true(
    database: Database, tmp_path: Any
) -> None:
    fill(database, len(SCORES))
    do(database, "annotate_prm", model="prm", name="one")
    reference = machine(database, "human", dict.fromkeys(range(1, len(SCORES) + 1), -1))
    evaluate_processbench(database, "prm:one", reference.label)
    rule = Rule(annotators=("prm:one", reference.label))
    manifest = export_consensus(database, tmp_path / "export", "jsonl", rule)
    do(database, "rethreshold", annotator="prm:one", threshold=0.1)
    evaluate_processbench(database, "prm:one", reference.label)
    thresholds = [one.result["threshold"] for one in list_evaluations(database)]
    assert thresholds == [0.1, 0.5]
    assert manifest["extra"]["annotators"]["prm:one"]["threshold"] == 0.5


def test_more_is_scored_with_the_threshold_that_the_annotator_has(database: Database) -> None:
    fill(database, 2)
    do(database, "annotate_prm", model="prm", name="one")
    do(database, "rethreshold", annotator="prm:one", threshold=0.85)
    fill(database, len(SCORES))
    do(database, "annotate_prm", model="prm", name="one")
    third = said(database, "prm:one")[2]
    assert third[1:3] == ((0.9, 0.8), 1)  # type: ignore[index]
    assert find_annotator(database, "prm:one").config["threshold"] == 0.85


def test_it_is_refused_where_it_would_be_wrong(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, len(SCORES))
    do(database, "annotate_prm", model="prm", name="one")
    do(database, "annotate_prm", model="prm", name="two", threshold=0.6)
    with pytest.raises(DatabaseError, match="prm:two is this model with the threshold 0.6 already"):
        do(database, "rethreshold", annotator="prm:one", threshold=0.6)
    assert find_annotator(database, "prm:one").config["threshold"] == 0.5
    judge = ensure_annotator(database, "judge", "judge", {"model": "judge"})
    with pytest.raises(ValueError, match="has no threshold"):
        do(database, "rethreshold", annotator=judge.label, threshold=0.6)
    with pytest.raises(ValueError, match="from 0 to 1"):
        do(database, "rethreshold", annotator="prm:one", threshold=1.5)
    jobs.claim_job(database, jobs.create_job(database, "annotate_prm", {"model": "prm"}).id)
    with pytest.raises(ValueError, match="scores with this model now"):
        do(database, "rethreshold", annotator="prm:one", threshold=0.7)
