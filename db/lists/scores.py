"""The step scores of an annotator beside a reference's verdicts, for evaluations of a project."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Text, and_, cast, func, select

from db.engine import Database
from db.lists.filters import SolutionFilter, narrow
from db.schema import Annotation, Annotator, Correction, Problem, Solution, SolutionIndex

# Where data sets say of what kind a problem is (the playground, MR-GSM8K, Math-Shepherd), of which
# subject (the playground, MR-Ben, MATH) and how hard (MATH).
PROBLEM_META = {
    "kind": ("kind", "question_type", "task"),
    "subject": ("subject",),
    "level": ("level", "difficulty"),
}

AT_ONCE = 2000  # rows in memory


class ScoredRows(NamedTuple):
    """Solutions that both have annotated, the reference with a verdict: a column for each fact.

    `scores` are lists as JSON text; `is_correct` is 1, 0 or None.
    """

    solution_ids: Sequence[int]
    problem_ids: Sequence[int]
    datasets: Sequence[str]
    generators: Sequence[str]
    is_correct: Sequence[int | None]
    expected: Sequence[int]
    scores: Sequence[str]


def scored_rows(
    database: Database, annotator: int, reference: int, wanted: SolutionFilter
) -> Iterator[ScoredRows]:
    """Every solution that both annotators (ids) and the filter have, by id, streamed in parts."""
    mine, other = Annotation.__table__.alias("mine"), Annotation.__table__.alias("reference")
    here = SolutionIndex.solution_id
    ids = narrow(select(here).select_from(SolutionIndex), wanted, database.engine.dialect.name)
    query = (
        select(
            here,
            SolutionIndex.problem_id,
            SolutionIndex.dataset,
            SolutionIndex.generator,
            cast(SolutionIndex.is_correct, Integer),
            other.c.first_error,
            cast(mine.c.scores, Text),
        )
        .select_from(SolutionIndex)
        .join(mine, and_(mine.c.solution_id == here, mine.c.annotator_id == annotator))
        .join(other, and_(other.c.solution_id == here, other.c.annotator_id == reference))
        .where(other.c.first_error.is_not(None))
        .order_by(here)
    )
    if wanted != SolutionFilter():
        query = query.where(here.in_(ids))
    with database.read() as session:
        # By the connection: the session would make every row twice.
        found = session.connection().execute(query.execution_options(yield_per=AT_ONCE))
        for rows in found.partitions():
            yield ScoredRows(*zip(*rows, strict=True))


def compared_solutions(database: Database, reference: int) -> dict[tuple[int, str], int]:
    """(annotator, data set) -> the solutions that it and the reference, with a verdict, share."""
    mine, other = Annotation.__table__.alias("mine"), Annotation.__table__.alias("reference")
    query = (
        select(mine.c.annotator_id, SolutionIndex.dataset, func.count())
        .join(other, other.c.solution_id == mine.c.solution_id)
        .join(SolutionIndex, SolutionIndex.solution_id == mine.c.solution_id)
        .where(other.c.annotator_id == reference, other.c.first_error.is_not(None))
        .where(mine.c.annotator_id != reference)
        .group_by(mine.c.annotator_id, SolutionIndex.dataset)
    )
    with database.read() as session:
        return {(who, dataset): n for who, dataset, n in session.execute(query)}


def problem_texts(database: Database, annotator: int) -> Iterator[tuple[int, str]]:
    """(problem id, text) of every problem of which the annotator has annotated a solution."""
    ids = (
        select(Solution.problem_id)
        .join(Annotation, Annotation.solution_id == Solution.id)
        .where(Annotation.annotator_id == annotator)
    )
    query = select(Problem.id, Problem.text).where(Problem.id.in_(ids))
    with database.read() as session:
        for row in session.execute(query.execution_options(yield_per=2000)):
            yield row.id, row.text


def annotated_solutions(database: Database, annotator: int) -> Iterator[tuple[int, int]]:
    """(solution id, problem id) of all that the annotator has annotated, by id, streamed."""
    query = (
        select(SolutionIndex.solution_id, SolutionIndex.problem_id)
        .join(Annotation, Annotation.solution_id == SolutionIndex.solution_id)
        .where(Annotation.annotator_id == annotator)
        .order_by(SolutionIndex.solution_id)
    )
    with database.read() as session:
        for row in session.execute(query.execution_options(yield_per=2000)):
            yield row[0], row[1]


class SolutionText(NamedTuple):
    """What a solution says, and the fingerprint by which every project knows it.

    `kind`, `subject` and `level` are its problem's, where the data said so when it was imported.
    """

    solution_id: int
    fingerprint: str
    steps: list[str]
    kind: str | None
    subject: str | None
    level: str | None


def solution_texts(database: Database, annotator: int) -> Iterator[SolutionText]:
    """Every solution that the annotator has annotated, by id, streamed."""
    query = (
        select(
            Solution.id,
            Solution.fingerprint,
            *(_of_meta(names) for names in PROBLEM_META.values()),
            cast(Solution.steps, Text),
        )
        .join(Annotation, Annotation.solution_id == Solution.id)
        .where(Annotation.annotator_id == annotator)
        .order_by(Solution.id)
    )
    with database.read() as session:
        found = session.connection().execute(query.execution_options(yield_per=AT_ONCE))
        for rows in found.partitions():
            for (id, fingerprint, *meta, _), steps in zip(rows, _parsed(rows), strict=True):
                yield SolutionText(id, fingerprint, steps, *meta)


def _parsed(rows: Sequence[Any]) -> list[Any]:
    """The JSON in the last column of each row; parsed together, which is several times as fast."""
    parsed: list[Any] = json.loads(f"[{','.join(row[-1] for row in rows)}]")
    return parsed


def _of_meta(names: Sequence[str]) -> ColumnElement[str | None]:
    """The first of these fields that a solution's meta has, as text."""
    return func.coalesce(*(Solution.meta[name].as_string() for name in names), None)


def verdicts_on_answers(
    database: Database, reference: int, *, right: bool
) -> Iterator[tuple[int, int, int | None]]:
    """(annotator id, solution id, first error) of everybody, streamed.

    On solutions with a right, or a wrong, answer that the reference (an id) has a verdict on.
    """
    mine, other = Annotation.__table__.alias("mine"), Annotation.__table__.alias("reference")
    here = SolutionIndex.solution_id
    query = (
        select(mine.c.annotator_id, here, mine.c.first_error)
        .select_from(SolutionIndex)
        .join(other, and_(other.c.solution_id == here, other.c.annotator_id == reference))
        .join(mine, mine.c.solution_id == here)
        .where(SolutionIndex.is_correct.is_(right), other.c.first_error.is_not(None))
    )
    with database.read() as session:
        for row in session.execute(query.execution_options(yield_per=2000)):
            yield row[0], row[1], row[2]


def paired_scores(
    database: Database, one: int, other: int, dataset: str | None = None
) -> Iterator[tuple[list[float | None], list[float | None]]]:
    """The step scores of two annotators (ids) on each solution that both have scored, streamed."""
    first, second = Annotation.__table__.alias("one"), Annotation.__table__.alias("other")
    here = SolutionIndex.solution_id
    query = (
        select(first.c.scores, second.c.scores)
        .select_from(SolutionIndex)
        .join(first, and_(first.c.solution_id == here, first.c.annotator_id == one))
        .join(second, and_(second.c.solution_id == here, second.c.annotator_id == other))
        .order_by(here)
    )
    if dataset is not None:
        query = query.where(SolutionIndex.dataset == dataset)
    with database.read() as session:
        for row in session.execute(query.execution_options(yield_per=2000)):
            yield row[0], row[1]


def scores_version(
    database: Database, annotator: int, reference: int, wanted: SolutionFilter
) -> tuple[int | None, ...]:
    """Another value whenever `scored_rows` may give other rows; it reads indexes alone."""
    said = [
        select(func.count(), func.max(Annotation.id)).where(Annotation.annotator_id == one)
        for one in (annotator, reference)
    ]
    corrections = select(func.max(Correction.id))
    if wanted.reviewed is None:  # Others' corrections do not matter then.
        corrections = corrections.where(Correction.annotator_id == reference)
    with database.read() as session:
        counts = [tuple(session.execute(query).one()) for query in said]
        newest = session.scalar(corrections)
        solutions = session.scalar(select(func.count()).select_from(SolutionIndex))
    return (*counts[0], *counts[1], newest, solutions)


class TypedError(NamedTuple):
    """A first error that a person gave a type, and where an annotator sees the first error.

    Both are 0-based; `said` is -1 for none and None for no verdict.
    """

    solution_id: int
    error_type: str
    expected: int
    said: int | None


def typed_errors(database: Database, annotator_id: int) -> Iterator[TypedError]:
    """The errors with a type on solutions that the annotator has annotated, by solution, streamed.

    What each person says now counts; an error that two people typed comes twice.
    """
    query = (
        select(
            Correction.solution_id,
            Correction.error_type,
            Correction.first_error,
            Annotation.first_error,
        )
        .join(
            Annotation,
            and_(
                Annotation.solution_id == Correction.solution_id,
                Annotation.annotator_id == annotator_id,
            ),
        )
        .where(Correction.is_current, Correction.error_type.is_not(None))
        .order_by(Correction.solution_id, Correction.id)
    )
    with database.read() as session:
        for row in session.execute(query.execution_options(yield_per=2000)):
            yield TypedError(*row)  # type: ignore[arg-type]  # a type is of an error


class LabelledScores(NamedTuple):
    """The step scores of a solution whose first error (0-based, -1 for none) a person names."""

    solution_id: int
    scores: list[float | None]
    first_error: int


def labelled_scores(database: Database, annotator_id: int, limit: int) -> list[LabelledScores]:
    """An annotator's scores of what people labelled, the newest `limit` solutions that it has.

    Labels that came with a data set are people's too; who labelled a solution last is heard.
    """
    mine, human = Annotation.__table__.alias("mine"), Annotation.__table__.alias("human")
    people = select(Annotator.id).where(Annotator.kind == "human")
    both = and_(mine.c.solution_id == human.c.solution_id, mine.c.annotator_id == annotator_id)
    named = and_(human.c.annotator_id.in_(people), human.c.first_error.is_not(None))
    newest = (
        select(human.c.solution_id)
        .join(mine, both)
        .where(named)
        .group_by(human.c.solution_id)
        .order_by(human.c.solution_id.desc())
        .limit(limit)
    )
    query = (
        select(human.c.solution_id, mine.c.scores, human.c.first_error)
        .join(mine, both)
        .where(named, human.c.solution_id.in_(newest))
        .order_by(human.c.solution_id, human.c.id)
    )
    with database.read() as session:
        found = {row[0]: LabelledScores(*row) for row in session.execute(query)}
    return list(found.values())
