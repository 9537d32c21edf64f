"""The project at a glance: the funnel from import to training, and how far each annotator got."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select

from db.annotators import to_record
from db.corrections import labelled
from db.engine import Database
from db.records import AnnotatorRecord
from db.schema import (
    Annotation,
    Annotator,
    Consensus,
    Correction,
    Evaluation,
    Export,
    Problem,
    Solution,
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far one annotator got: annotated solutions, those with a verdict, with an error."""

    annotator: AnnotatorRecord
    annotated: int
    with_verdict: int
    with_error: int


@dataclass(frozen=True, slots=True)
class ProjectCounts:
    """The funnel from import to training."""

    problems: int
    solutions: int
    reviewed: int
    corrections: int
    consensus_kept: int | None
    exports: int
    evaluations: int


def coverage(database: Database) -> list[Coverage]:
    """How far every annotator got, in the order of their ids."""
    query = (
        select(
            Annotator,
            func.count(Annotation.id),
            func.count(Annotation.first_error),
            func.sum(case((Annotation.first_error >= 0, 1), else_=0)),
        )
        .outerjoin(Annotation, Annotation.annotator_id == Annotator.id)
        .group_by(Annotator.id)
        .order_by(Annotator.id)
    )
    with database.read() as session:
        return [
            Coverage(to_record(row), annotated, verdicts, errors or 0)
            for row, annotated, verdicts, errors in session.execute(query)
        ]


def project_counts(database: Database) -> ProjectCounts:
    """The numbers of the funnel on the Overview page."""
    with database.read() as session:

        def count(column: Any) -> int:
            return session.scalar(select(func.count(column))) or 0

        reviewed = session.scalar(
            select(func.count()).select_from(labelled().distinct().subquery())
        )
        latest = session.scalar(select(Consensus.counts).order_by(Consensus.id.desc()).limit(1))
        return ProjectCounts(
            problems=count(Problem.id),
            solutions=count(Solution.id),
            reviewed=reviewed or 0,
            corrections=count(Correction.id),
            consensus_kept=None if latest is None else latest.get("kept"),
            exports=count(Export.id),
            evaluations=count(Evaluation.id),
        )
