"""What the pages look up: lists of solutions, the review queue, and the project at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, func, select

from db.annotations import as_solution, solution_query
from db.annotators import to_record
from db.engine import Database, DatabaseError
from db.lineup import Comparison, Lineup
from db.records import AnnotatorRecord, SolutionRecord
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

# The order in which disagreements are worth a reviewer's time: the most telling first.
QUEUE_ORDER = (
    "location",
    "mc_only",
    "judge_only",
    "prm_against",
    "right_answer_flagged",
    "no_verdict",
)


@dataclass(frozen=True, slots=True)
class SolutionFilter:
    """What Browse shows; None means any."""

    dataset: str | None = None
    generator: str | None = None
    is_correct: bool | None = None
    disagreement: str | None = None
    annotated_by: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class SolutionRow:
    """One line of Browse: a solution and what the lineup says of it."""

    id: int
    problem: str
    dataset: str
    generator: str
    n_steps: int
    final_answer: str | None
    is_correct: bool | None
    mc: int | None
    judge: int | None
    prm: int | None
    disagreement: str | None


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


def get_solution(database: Database, solution_id: int) -> SolutionRecord:
    """One solution; DatabaseError when there is none of that id."""
    with database.read() as session:
        row = session.execute(solution_query().where(Solution.id == solution_id)).first()
    if row is None:
        raise DatabaseError(f"there is no solution {solution_id} in this project")
    return as_solution(row)


def get_solutions(database: Database, solution_ids: Sequence[int]) -> list[SolutionRecord]:
    """These solutions in the order of `solution_ids`; ids that are gone are left out."""
    with database.read() as session:
        query = solution_query().where(Solution.id.in_(list(solution_ids)))
        found = {row[0]: as_solution(row) for row in session.execute(query)}
    return [found[one] for one in solution_ids if one in found]


def sibling_solutions(database: Database, problem_id: int) -> list[tuple[int, bool | None]]:
    """(id, is_correct) of every solution to the same problem, by id."""
    with database.read() as session:
        query = select(Solution.id, Solution.is_correct).where(Solution.problem_id == problem_id)
        return list(session.execute(query.order_by(Solution.id)).all())


def list_solutions(
    database: Database, wanted: SolutionFilter, lineup: Lineup, *, offset: int = 0, limit: int = 50
) -> list[SolutionRow]:
    """One page of Browse, by id."""
    comparison = Comparison(lineup)
    query = select(
        Solution.id,
        Problem.text,
        Solution.dataset,
        Solution.generator,
        Solution.n_steps,
        Solution.final_answer,
        Solution.is_correct,
        comparison.mc,
        comparison.judge,
        comparison.prm,
        comparison.kind,
    ).join(Problem, Problem.id == Solution.problem_id)
    query = _filtered(comparison.join(query), wanted, comparison)
    with database.read() as session:
        rows = session.execute(query.order_by(Solution.id).offset(offset).limit(limit))
        return [SolutionRow(*row) for row in rows]


def count_solutions(database: Database, wanted: SolutionFilter, lineup: Lineup) -> int:
    """How many solutions a filter leaves."""
    comparison = Comparison(lineup)
    query = select(func.count()).select_from(Solution)
    if wanted.text:
        query = query.join(Problem, Problem.id == Solution.problem_id)
    if wanted.disagreement:
        query = comparison.join(query)
    with database.read() as session:
        return session.scalar(_filtered(query, wanted, comparison)) or 0


def _filtered(query: Select[Any], wanted: SolutionFilter, comparison: Comparison) -> Select[Any]:
    if wanted.dataset is not None:
        query = query.where(Solution.dataset == wanted.dataset)
    if wanted.generator is not None:
        query = query.where(Solution.generator == wanted.generator)
    if wanted.is_correct is not None:
        query = query.where(Solution.is_correct.is_(wanted.is_correct))
    if wanted.disagreement is not None:
        query = query.where(comparison.kind == wanted.disagreement)
    if wanted.annotated_by is not None:
        query = query.where(
            select(Annotation.id)
            .where(
                Annotation.solution_id == Solution.id,
                Annotation.annotator_id == wanted.annotated_by,
            )
            .exists()
        )
    if wanted.text:
        query = query.where(Problem.text.icontains(wanted.text, autoescape=True))
    return query


def filter_choices(database: Database) -> tuple[list[str], list[str]]:
    """(data sets, generators) that occur, in alphabetical order."""
    with database.read() as session:
        datasets = session.scalars(select(Solution.dataset).distinct().order_by(Solution.dataset))
        generators = session.scalars(
            select(Solution.generator).distinct().order_by(Solution.generator)
        )
        return list(datasets), list(generators)


def review_queue(
    database: Database,
    lineup: Lineup,
    reviewer_id: int | None,
    *,
    kind: str | None = None,
    limit: int = 50,
) -> list[tuple[int, str]]:
    """(solution id, kind) of the next disagreements this reviewer has not dealt with.

    The most telling kinds first, then by id. Whatever has a label or a skip of the reviewer
    that was not undone is left out.
    """
    comparison = Comparison(lineup)
    order = case({name: place for place, name in enumerate(QUEUE_ORDER)}, value=comparison.kind)
    query = _queue_query(comparison, reviewer_id, kind, select(Solution.id, comparison.kind))
    with database.read() as session:
        rows = session.execute(query.order_by(order, Solution.id).limit(limit))
        return list(rows.all())


def count_queue(
    database: Database, lineup: Lineup, reviewer_id: int | None, *, kind: str | None = None
) -> int:
    """How many disagreements wait for this reviewer."""
    comparison = Comparison(lineup)
    base = select(func.count()).select_from(Solution)
    with database.read() as session:
        return session.scalar(_queue_query(comparison, reviewer_id, kind, base)) or 0


def _queue_query(
    comparison: Comparison, reviewer_id: int | None, kind: str | None, base: Select[Any]
) -> Select[Any]:
    query = comparison.join(base)
    wanted = (kind,) if kind is not None else QUEUE_ORDER
    query = query.where(comparison.kind.in_(wanted))
    if reviewer_id is not None:
        query = query.where(Solution.id.not_in(_dealt_with(reviewer_id)))
    return query


def _dealt_with(reviewer_id: int) -> Select[Any]:
    """Solutions with an act of the reviewer that no later undo took back."""
    undo = Correction.__table__.alias("undo")
    return select(Correction.solution_id).where(
        Correction.annotator_id == reviewer_id,
        Correction.action.in_(("label", "skip")),
        ~select(undo.c.id)
        .where(
            undo.c.annotator_id == reviewer_id,
            undo.c.action == "undo",
            undo.c.undoes == Correction.token,
        )
        .exists(),
    )


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


def first_error_cells(database: Database, one: int, other: int) -> list[tuple[int, int, int]]:
    """(first error by `one`, by `other`, solutions) where both have a verdict, 0-based, -1 none."""
    a, b = Annotation.__table__.alias("a"), Annotation.__table__.alias("b")
    query = (
        select(a.c.first_error, b.c.first_error, func.count())
        .join(b, and_(a.c.solution_id == b.c.solution_id, b.c.annotator_id == other))
        .where(a.c.annotator_id == one, a.c.first_error.is_not(None), b.c.first_error.is_not(None))
        .group_by(a.c.first_error, b.c.first_error)
        .order_by(a.c.first_error, b.c.first_error)
    )
    with database.read() as session:
        return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


def project_counts(database: Database) -> ProjectCounts:
    """The numbers of the funnel on the Overview page."""
    with database.read() as session:

        def count(column: Any) -> int:
            return session.scalar(select(func.count(column))) or 0

        reviewers = select(Correction.annotator_id).distinct()
        reviewed = session.scalar(
            select(func.count(Annotation.solution_id.distinct())).where(
                Annotation.annotator_id.in_(reviewers)
            )
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


def each_solution(
    database: Database, *, dataset: str | None = None, chunk: int = 500
) -> Iterator[list[SolutionRecord]]:
    """Every solution, in chunks by id, each chunk in a short session of its own."""
    after = 0
    while True:
        query = solution_query().where(Solution.id > after).order_by(Solution.id).limit(chunk)
        if dataset is not None:
            query = query.where(Solution.dataset == dataset)
        with database.read() as session:
            rows = [as_solution(row) for row in session.execute(query)]
        if not rows:
            return
        yield rows
        after = rows[-1].id
