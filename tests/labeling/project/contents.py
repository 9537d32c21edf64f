"""All that a project holds, without its ids and the times at which it was stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.engine import Database
from db.results import list_evaluations
from db.review.tables import Recut, SavedQueue
from db.schema import (
    Annotation,
    Annotator,
    Base,
    Consensus,
    Correction,
    ErrorType,
    FormerName,
    HeldOut,
    ListedSolution,
    Problem,
    Rollout,
    Solution,
    SolutionIndex,
    SolutionList,
    TrainingSet,
)

NOT_SAID = {
    *("id", "problem_id", "solution_id", "made_id", "annotator_id", "reference_id", "job_id"),
    *("created_at", "replaced_by"),
}


def processbench(f1: object = None) -> dict[str, Any]:
    """A stored result of the kind processbench, with fields of nobody's."""
    figures = {
        **{"error_accuracy": f1, "correct_accuracy": None, "f1": f1},
        **{"n_error": 3, "n_correct": 1, "n_unparsed": 0},
        "intervals": {"f1": {"low": 0, "high": None}},
    }
    report: dict[str, Any] = {
        **figures,
        "datasets": {"": {**figures, "mine": [None]}},
        "policies": [],
    }
    about = {"annotator": "prm:new", "reference": "judge:critic", "dataset": None}
    return {**about, "threshold": 0.5, "all": report, "held_out": None}


def contents(database: Database) -> dict[str, Any]:
    """Every table that says something, its rows by what they are about."""
    with database.read() as session:
        solutions = {one.id: one.fingerprint for one in session.scalars(select(Solution))}
        people = {one.id: f"{one.kind}:{one.name}" for one in session.scalars(select(Annotator))}
        problems = {one.id: one.fingerprint for one in session.scalars(select(Problem))}

        def said(table: type[Annotation] | type[Rollout] | type[Correction]) -> list[Any]:
            """The rows of each solution and annotator, in the order in which they were stored."""
            rows: Iterable[Any] = session.scalars(select(table).order_by(table.id))
            found = [
                (
                    solutions[one.solution_id],
                    people[one.annotator_id],
                    _values(one),
                    one.created_at if isinstance(one, Correction) else None,
                )
                for one in rows
            ]
            return sorted(found, key=lambda one: one[:2])

        return {
            "problems": sorted(
                (one.fingerprint, one.text, one.gold_answer)
                for one in session.scalars(select(Problem))
            ),
            "solutions": {
                one.fingerprint: (
                    problems[one.problem_id],
                    _values(one),
                    solutions.get(one.replaced_by or 0),
                )
                for one in session.scalars(select(Solution))
            },
            "annotators": [
                _annotator(one) for one in session.scalars(select(Annotator).order_by(Annotator.id))
            ],
            "former names": sorted(
                (people[one.annotator_id], one.name) for one in session.scalars(select(FormerName))
            ),
            "annotations": said(Annotation),
            "rollouts": sorted(
                said(Rollout), key=lambda one: (*one[:2], one[2]["step"], one[2]["sample"])
            ),
            "corrections": said(Correction),
            "index": {
                solutions[one.solution_id]: _values(one)
                for one in session.scalars(select(SolutionIndex))
            },
            "error types": sorted(session.scalars(select(ErrorType.name))),
            "held out": [(one.share, one.seed) for one in session.scalars(select(HeldOut))],
            "consensus": [
                (_values(one), one.created_at) for one in session.scalars(select(Consensus))
            ][-1:],
            "training sets": sorted(
                (one.revision, one.n_problems, one.problems, one.n_solutions, one.export)
                for one in session.scalars(select(TrainingSet))
            ),
            "recuts": sorted(
                (solutions[one.solution_id], solutions[one.made_id], people[one.annotator_id])
                + (one.token, one.undoes, one.created_at)
                for one in session.scalars(select(Recut))
            ),
            "lists": [
                (one.words, one.origin, _listed(session, one.id, solutions))
                for one in session.scalars(select(SolutionList).order_by(SolutionList.id))
            ],
            "queues": [
                (_queue(session, one, solutions, people), one.created_at)
                for one in session.scalars(select(SavedQueue).order_by(SavedQueue.id))
            ],
            "evaluations": [
                (
                    one.kind,
                    people[one.annotator_id],
                    people.get(one.reference_id or 0),
                    one.measured,
                    one.result,
                    one.created_at,
                )
                for one in list_evaluations(database)
            ],
        }


def _listed(session: Session, list_id: int, solutions: dict[int, str]) -> list[str]:
    places = select(ListedSolution.solution_id).where(ListedSolution.list_id == list_id)
    return [solutions[one] for one in session.scalars(places.order_by(ListedSolution.place))]


def _queue(
    session: Session, row: SavedQueue, solutions: dict[int, str], people: dict[int, str]
) -> dict[str, Any]:
    """Its filter in names; the token of one without a name follows from the ids in it."""
    wanted = {**row.wanted}
    for name in ("ids", "among"):
        if name in wanted:
            wanted[name] = [solutions[one] for one in wanted[name]]
    if "listed" in wanted:
        wanted["listed"] = _listed(session, wanted["listed"], solutions)
    if "annotator" in wanted:
        wanted["annotator"] = people[wanted["annotator"]]
    for name, places in (("differ", 2), ("outcome", 2), ("cell", 2), ("did", 1)):
        if name in wanted:
            told = wanted[name]
            wanted[name] = [*told[:-places], *(people[one] for one in told[-places:])]
    reference = people.get(row.reference_id or 0)
    values = {**_values(row), "wanted": wanted, "reference": reference}
    return values if row.name else {**values, "token": None}


def _values(row: Base) -> dict[str, Any]:
    names = [column.key for column in row.__table__.columns]
    return {name: getattr(row, name) for name in names if name not in NOT_SAID}


def _annotator(row: Annotator) -> dict[str, Any]:
    """Without the mark that it came out of a file, which a machine's alone is given."""
    config = {**row.config}
    if row.kind != "human" and config.get("source") == "file":
        del config["source"]
    return {**_values(row), "config": config, "config_hash": None}
