"""What annotators said of the same solutions, as counts; and what people did, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from statistics import median, quantiles
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import aliased

from db.annotators import to_record
from db.engine import Database
from db.records import AnnotatorRecord
from db.schema import Annotation, Annotator, Correction, SolutionIndex


@dataclass(frozen=True, slots=True)
class Work:
    """What one person did: solutions dealt with, and seconds for a label."""

    person: AnnotatorRecord
    labelled: int
    skipped: int
    flagged: int
    today: int
    median: float | None
    quartiles: tuple[float, float] | None


def first_error_cells(
    database: Database, one: int, other: int, dataset: str | None = None
) -> list[tuple[int, int, int]]:
    """(first error by `one`, by `other`, solutions) where both have a verdict, 0-based, -1 none."""
    a, b = aliased(Annotation, name="a"), aliased(Annotation, name="b")
    query = (
        select(a.first_error, b.first_error, func.count())
        .join(b, and_(a.solution_id == b.solution_id, b.annotator_id == other))
        .where(a.annotator_id == one, a.first_error.is_not(None), b.first_error.is_not(None))
        .group_by(a.first_error, b.first_error)
        .order_by(a.first_error, b.first_error)
    )
    with database.read() as session:
        return [tuple(row) for row in session.execute(_of(query, a, dataset))]  # type: ignore[misc]


def first_error_pairs(database: Database, one: int, other: int) -> tuple[int, int]:
    """(solutions where both have a verdict, those where the first error is the same)."""
    a, b = Annotation.__table__.alias("a"), Annotation.__table__.alias("b")
    query = select(
        func.count(), func.sum(case((a.c.first_error == b.c.first_error, 1), else_=0))
    ).select_from(
        a.join(
            b,
            and_(
                a.c.solution_id == b.c.solution_id,
                a.c.annotator_id == one,
                b.c.annotator_id == other,
                a.c.first_error.is_not(None),
                b.c.first_error.is_not(None),
            ),
        )
    )
    with database.read() as session:
        both, same = session.execute(query).one()
        return both, same or 0


def verdicts_together(
    database: Database, annotators: Sequence[int], dataset: str | None = None
) -> Counter[tuple[int, ...]]:
    """(the first errors these annotators give to one solution, sorted) -> solutions."""
    query = (
        select(Annotation.solution_id, Annotation.first_error)
        .where(Annotation.annotator_id.in_(annotators), Annotation.first_error.is_not(None))
        .order_by(Annotation.solution_id)
    )
    units: Counter[tuple[int, ...]] = Counter()
    with database.read() as session:
        rows = session.execute(_of(query, Annotation, dataset).execution_options(yield_per=5000))
        for _, said in groupby(rows, key=lambda row: row[0]):
            units[tuple(sorted(row[1] for row in said))] += 1
    return units


def work_of_people(database: Database, since: datetime) -> list[Work]:
    """What each person's acts amount to now, by name; `since` is where today begins."""
    query = (
        select(
            Correction.annotator_id,
            Correction.action,
            Correction.flags,
            Correction.seconds,
            Correction.created_at,
        )
        .where(Correction.is_current)
        .order_by(Correction.annotator_id)
    )
    with database.read() as session:
        people = {one.id: to_record(one) for one in session.scalars(select(Annotator))}
        acts = session.execute(query).all()
    made = []
    for annotator_id, rows in groupby(acts, key=lambda row: row.annotator_id):
        mine = list(rows)
        labels = [row for row in mine if row.action == "label"]
        seconds = [row.seconds for row in labels if row.seconds is not None]
        quarters = quantiles(seconds, method="inclusive") if len(seconds) > 1 else None
        made.append(
            Work(
                person=people[annotator_id],
                labelled=len(labels),
                skipped=len(mine) - len(labels),
                flagged=sum(bool(row.flags) for row in mine),
                today=sum(row.created_at >= since for row in mine),
                median=median(seconds) if seconds else None,
                quartiles=None if quarters is None else (quarters[0], quarters[2]),
            )
        )
    return sorted(made, key=lambda one: one.person.name)


def _of(query: Any, said: Any, dataset: str | None) -> Any:
    """`query` over `said` for one data set, or for all."""
    if dataset is None:
        return query
    of_set = query.join(SolutionIndex, SolutionIndex.solution_id == said.solution_id)
    return of_set.where(SolutionIndex.dataset == dataset)
