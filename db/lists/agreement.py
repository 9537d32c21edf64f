"""What annotators said of the same solutions, as counts; and what people did, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Select, Text, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

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
    with database.read() as session:
        few, many = _fewer_first(session, one, other)
        said = (a, b) if few == one else (b, a)
        cell = [by.first_error for by in said]
        query = (
            select(*cell, func.count())
            .select_from(a)
            .join(b, and_(a.solution_id == b.solution_id, b.annotator_id == many))
            .where(a.annotator_id == few, *(first.is_not(None) for first in cell))
            .group_by(*cell)
            .order_by(*cell)
        )
        return [tuple(row) for row in session.execute(_of(query, a, dataset))]  # type: ignore[misc]


def first_error_pairs(database: Database, one: int, other: int) -> tuple[int, int]:
    """(solutions where both have a verdict, those where the first error is the same)."""
    a, b = aliased(Annotation, name="a"), aliased(Annotation, name="b")
    with database.read() as session:
        few, many = _fewer_first(session, one, other)
        query = (
            select(func.count(), func.sum(case((a.first_error == b.first_error, 1), else_=0)))
            .select_from(a)
            .join(b, and_(a.solution_id == b.solution_id, b.annotator_id == many))
            .where(a.annotator_id == few, a.first_error.is_not(None), b.first_error.is_not(None))
        )
        both, same = session.execute(query).one()
        return both, same or 0


def _fewer_first(session: Session, one: int, other: int) -> tuple[int, int]:
    """The two annotators, first whoever said less: SQLite reads all of the first, and looks up."""
    query = select(Annotator.id).where(Annotator.id.in_((one, other)))
    few = session.scalar(query.order_by(Annotator.n_annotations, Annotator.id).limit(1))
    return (one, other) if few == one else (other, one)


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
    """What each person's acts amount to now, by name; `since` is where today begins.

    The database counts: of each person come out the counts, and at most six times.
    """
    is_label, has_flags = Correction.action == "label", cast(Correction.flags, Text) != "[]"
    counts = (
        select(
            Annotator,
            *(
                func.sum(case((condition, 1), else_=0))
                for condition in (is_label, ~is_label, has_flags, Correction.created_at >= since)
            ),
        )
        .join(Correction, Correction.annotator_id == Annotator.id)
        .where(Correction.is_current)
        .group_by(Annotator.id)
    )
    with database.read() as session:
        times = {
            annotator_id: _quartiles({row.rank: row.seconds for row in rows}, count)
            for (annotator_id, count), rows in groupby(
                session.execute(_times_at_quartiles()), key=lambda row: row[:2]
            )
        }
        made = []
        for row, labelled, skipped, flagged, today in session.execute(counts):
            first, middle, third = times.get(row.id, (None, None, None))
            spread = None if first is None or third is None else (first, third)
            did = (labelled, skipped, flagged, today)
            made.append(Work(to_record(row), *did, median=middle, quartiles=spread))
    return sorted(made, key=lambda one: one.person.name)


def _times_at_quartiles() -> Select[int, int, int, float]:
    """(annotator, how many labels have a time, rank, seconds) on both sides of each quartile.

    Ranks count from 0 up to m; the quartiles lie at m/4, m/2 and 3m/4.
    """
    who, seconds = Correction.annotator_id, Correction.seconds
    timed = (
        select(
            who,
            seconds,
            func.count().over(partition_by=who).label("n"),
            (func.row_number().over(partition_by=who, order_by=seconds) - 1).label("rank"),
        )
        .where(Correction.is_current, Correction.action == "label", seconds.is_not(None))
        .subquery()
        .c
    )
    # Less than one rank away, in quarters of a rank.
    beside = (func.abs(4 * timed.rank - i * (timed.n - 1)) < 4 for i in (1, 2, 3))
    return (
        select(timed.annotator_id, timed.n, timed.rank, timed.seconds)
        .where(or_(*beside))
        .order_by(timed.annotator_id)
    )


def _quartiles(seconds: dict[int, float], n: int) -> tuple[float | None, float, float | None]:
    """The quartiles of `n` times, of which those beside them are given by rank.

    As `statistics.quantiles(method="inclusive")` draws the line between two; of a single time only
    the median.
    """

    def at(quarter: int) -> float:
        rank, over = divmod(quarter * (n - 1), 4)
        above = seconds[rank + 1] if over else seconds[rank]
        return (seconds[rank] * (4 - over) + above * over) / 4

    return (at(1), at(2), at(3)) if n > 1 else (None, at(2), None)


def _of(query: Any, said: Any, dataset: str | None) -> Any:
    """`query` over `said` for one data set, or for all."""
    if dataset is None:
        return query
    of_set = query.join(SolutionIndex, SolutionIndex.solution_id == said.solution_id)
    return of_set.where(SolutionIndex.dataset == dataset)
