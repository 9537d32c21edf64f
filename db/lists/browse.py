"""What the pages look up: solutions, lists of them, and the project at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import aliased

from db.annotations import as_solution, solution_query
from db.annotators import to_record
from db.engine import Database, DatabaseError
from db.lists.comparison import newest_lineup
from db.lists.filters import SolutionFilter, narrow
from db.records import AnnotatorRecord, SolutionRecord
from db.schema import (
    Annotation,
    Annotator,
    Consensus,
    Correction,
    Digest,
    Evaluation,
    Export,
    Problem,
    Solution,
)

# Orders of a list. Those with a kind go by what the lineup's annotator of that kind says, and
# leave out what it has not scored.
SORTS = (
    "oldest",
    "newest",
    "fewest_steps",
    "most_steps",
    "disagreement",
    "mc_margin",
    "prm_margin",
    "prm_lowest",
    "prm_highest",
)


@dataclass(frozen=True, slots=True)
class SolutionRow:
    """One line of Browse. `said`: first error by annotator id, of those that annotated it."""

    id: int
    problem: str
    dataset: str
    generator: str
    n_steps: int
    final_answer: str | None
    is_correct: bool | None
    disagreement: str | None
    said: dict[int, int | None]


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
    database: Database,
    wanted: SolutionFilter,
    *,
    sort: str = "oldest",
    offset: int = 0,
    limit: int = 50,
    annotators: Sequence[int] = (),
) -> list[SolutionRow]:
    """One page of Browse, with what `annotators` said of each.

    The ids come from the digest alone; only the rows of the page are read.
    """
    ids = solution_ids(database, wanted, sort=sort, offset=offset, limit=limit)
    query = (
        select(
            Solution.id,
            Problem.text,
            Solution.dataset,
            Solution.generator,
            Solution.n_steps,
            Solution.final_answer,
            Solution.is_correct,
            Digest.disagreement,
        )
        .join(Problem, Problem.id == Solution.problem_id)
        .join(Digest, Digest.solution_id == Solution.id)
        .where(Solution.id.in_(ids))
    )
    words = select(Annotation.solution_id, Annotation.annotator_id, Annotation.first_error).where(
        Annotation.solution_id.in_(ids)
    )
    wanted_annotators = set(annotators)
    said: dict[int, dict[int, int | None]] = {one: {} for one in ids}
    with database.read() as session:
        for solution_id, annotator_id, first_error in session.execute(words):
            # Asked for in the query, SQLite would read all that these annotators ever said.
            if annotator_id in wanted_annotators:
                said[solution_id][annotator_id] = first_error
        rows = {row[0]: SolutionRow(*row, said[row[0]]) for row in session.execute(query)}
    return [rows[one] for one in ids if one in rows]


def solution_ids(
    database: Database,
    wanted: SolutionFilter,
    *,
    sort: str = "oldest",
    offset: int = 0,
    limit: int | None = None,
) -> list[int]:
    """The ids that a filter leaves, in the order of `sort`."""
    query = _found(database, wanted)
    query = sorted_by(database, query, sort).offset(offset)
    with database.read() as session:
        return list(session.scalars(query if limit is None else query.limit(limit)))


def count_solutions(database: Database, wanted: SolutionFilter, sort: str = "oldest") -> int:
    """How many solutions a filter leaves in this order."""
    query = _found(database, wanted)
    query = sorted_by(database, query, sort).order_by(None)
    with database.read() as session:
        return session.scalar(query.with_only_columns(func.count())) or 0


def _found(database: Database, wanted: SolutionFilter) -> Select[Any]:
    query = select(Digest.solution_id).select_from(Digest)
    return narrow(query, wanted, database.engine.dialect.name)


def sorted_by(database: Database, query: Select[Any], sort: str) -> Select[Any]:
    """`query` (over Digest) in one of SORTS; DatabaseError for another word."""
    by_id = Digest.solution_id
    plain = {
        "oldest": (by_id,),
        "newest": (by_id.desc(),),
        "fewest_steps": (Digest.n_steps, by_id),
        "most_steps": (Digest.n_steps.desc(), by_id.desc()),
        "disagreement": (Digest.place, by_id),
    }
    if sort in plain:
        return query.order_by(*plain[sort])
    if sort not in SORTS:
        raise DatabaseError(f"a list cannot be sorted by {sort!r}; choose one of {SORTS}")
    kind, _, what = sort.partition("_")
    by = getattr(newest_lineup(database), kind)
    scored = aliased(Annotation, name="scored")
    column = scored.margin if what == "margin" else scored.lowest
    query = query.join(scored, scored.solution_id == Digest.solution_id).where(
        scored.annotator_id == (None if by is None else by.id), column.is_not(None)
    )
    if what == "highest":
        return query.order_by(column.desc(), by_id.desc())
    return query.order_by(column, by_id)


def filter_choices(database: Database) -> tuple[list[str], list[str]]:
    """(data sets, generators) that occur, in alphabetical order."""
    with database.read() as session:
        datasets = session.scalars(select(Solution.dataset).distinct().order_by(Solution.dataset))
        generators = session.scalars(
            select(Solution.generator).distinct().order_by(Solution.generator)
        )
        return list(datasets), list(generators)


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
