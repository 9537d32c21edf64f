"""All that a project holds, without its ids and the times at which it was stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from db.engine import Database
from db.schema import (
    Annotation,
    Annotator,
    Base,
    Correction,
    ErrorType,
    FormerName,
    HeldOut,
    Problem,
    Rollout,
    Solution,
    SolutionIndex,
)

NOT_SAID = {"id", "problem_id", "solution_id", "annotator_id", "job_id", "created_at"}


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
                one.fingerprint: (problems[one.problem_id], _values(one))
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
        }


def _values(row: Base) -> dict[str, Any]:
    names = [column.key for column in row.__table__.columns]
    return {name: getattr(row, name) for name in names if name not in NOT_SAID}


def _annotator(row: Annotator) -> dict[str, Any]:
    """Without the mark that it came out of a file, which a machine's alone is given."""
    config = {**row.config}
    if row.kind != "human" and config.get("source") == "file":
        del config["source"]
    return {**_values(row), "config": config, "config_hash": None}
