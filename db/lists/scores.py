"""The step scores of an annotator beside a reference's verdicts, for evaluations of a project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import and_, select

from db.engine import Database
from db.lists.filters import SolutionFilter, narrow
from db.schema import Annotation, Problem, Solution, SolutionIndex


class ScoredRow(NamedTuple):
    """A solution that both have annotated, the reference with a verdict."""

    solution_id: int
    problem_id: int
    dataset: str
    generator: str
    is_correct: bool | None
    scores: list[float | None]
    expected: int


def scored_rows(
    database: Database, annotator: int, reference: int, wanted: SolutionFilter
) -> Iterator[ScoredRow]:
    """Every solution that both annotators (ids) and the filter have, by id, streamed."""
    mine, other = Annotation.__table__.alias("mine"), Annotation.__table__.alias("reference")
    here = SolutionIndex.solution_id
    ids = narrow(select(here).select_from(SolutionIndex), wanted, database.engine.dialect.name)
    query = (
        select(
            here,
            Solution.problem_id,
            SolutionIndex.dataset,
            SolutionIndex.generator,
            SolutionIndex.is_correct,
            mine.c.scores,
            other.c.first_error,
        )
        .join(Solution, Solution.id == here)
        .join(mine, and_(mine.c.solution_id == here, mine.c.annotator_id == annotator))
        .join(other, and_(other.c.solution_id == here, other.c.annotator_id == reference))
        .where(other.c.first_error.is_not(None))
        .order_by(here)
    )
    if wanted != SolutionFilter():
        query = query.where(here.in_(ids))
    with database.read() as session:
        for row in session.execute(query.execution_options(yield_per=2000)):
            yield ScoredRow(*row)


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
