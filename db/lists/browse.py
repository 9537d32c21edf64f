"""Lists of solutions as Browse shows them: filtered, in an order, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import aliased

from db.engine import Database, DatabaseError
from db.lists.filters import SolutionFilter, narrow
from db.records import COMPARISONS
from db.schema import Annotation, ListedSolution, Problem, Solution, SolutionIndex

# Orders of a list; "problem" has the solutions of a problem together.
SORTS = ("oldest", "newest", "fewest_steps", "most_steps", "disagreement", "problem")
# Orders by what one annotator says, which leave out what it has not scored: its lowest score, low
# or high first, and how far its verdict is from another one. Written "lowest:12" with its id.
SORTS_BY = ("lowest", "highest", "margin")
# The order of a kept list, which leaves out what is not in it. Written "listed:12" with its id.
LISTED = "listed"


@dataclass(frozen=True, slots=True)
class SolutionRow:
    """One line of Browse.

    `disagreement` is the first of COMPARISONS that the solution is, None where nothing is
    compared; `said` has the first error and the lowest score by annotator id, of those that
    annotated it.
    """

    id: int
    problem_id: int
    problem: str
    dataset: str
    generator: str
    n_steps: int
    final_answer: str | None
    is_correct: bool | None
    disagreement: str | None
    said: dict[int, tuple[int | None, float | None]]


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """A problem with the `solutions` (ids) that a filter leaves of it, in ascending order.

    `right` of the `graded` have a right answer; `before` is how many solutions of other problems
    come before them in the order "problem".
    """

    id: int
    text: str
    solutions: tuple[int, ...]
    right: int
    graded: int
    before: int


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

    The ids come from the solution index alone; only the rows of the page are read.
    """
    ids = solution_ids(database, wanted, sort=sort, offset=offset, limit=limit)
    query = (
        select(
            Solution.id,
            Problem.id,
            Problem.text,
            Solution.dataset,
            Solution.generator,
            Solution.n_steps,
            Solution.final_answer,
            Solution.is_correct,
            SolutionIndex.place,
        )
        .join(Problem, Problem.id == Solution.problem_id)
        .join(SolutionIndex, SolutionIndex.solution_id == Solution.id)
        .where(Solution.id.in_(ids))
    )
    words = select(
        Annotation.solution_id,
        Annotation.annotator_id,
        Annotation.first_error,
        Annotation.lowest,
    ).where(Annotation.solution_id.in_(ids))
    wanted_annotators = set(annotators)
    said: dict[int, dict[int, tuple[int | None, float | None]]] = {one: {} for one in ids}
    with database.read() as session:
        for solution_id, annotator_id, first_error, least in session.execute(words):
            # Asked for in the query, SQLite would read all that these annotators ever said.
            if annotator_id in wanted_annotators:
                said[solution_id][annotator_id] = (first_error, least)
        rows = {
            row[0]: SolutionRow(*row[:-1], _first_kind(row.place), said[row[0]])
            for row in session.execute(query)
        }
    return [rows[one] for one in ids if one in rows]


def _first_kind(place: int) -> str | None:
    kinds = list(COMPARISONS)
    return kinds[place] if place < len(kinds) else None


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
    query = sorted_by(query, sort).offset(offset)
    with database.read() as session:
        return list(session.scalars(query if limit is None else query.limit(limit)))


def count_solutions(database: Database, wanted: SolutionFilter, sort: str = "oldest") -> int:
    """How many solutions a filter leaves in this order."""
    query = _found(database, wanted)
    query = sorted_by(query, sort).order_by(None)
    with database.read() as session:
        return session.scalar(query.with_only_columns(func.count())) or 0


def count_problems(database: Database, wanted: SolutionFilter) -> int:
    """How many problems have a solution that a filter leaves."""
    query = _found(database, wanted)
    with database.read() as session:
        problems = func.count(SolutionIndex.problem_id.distinct())
        return session.scalar(query.with_only_columns(problems)) or 0


def list_problems(
    database: Database, wanted: SolutionFilter, *, offset: int = 0, limit: int = 50
) -> list[ProblemGroup]:
    """A page of the problems that have a solution that a filter leaves, in order of their ids."""
    query, problem = _found(database, wanted), SolutionIndex.problem_id
    page = query.with_only_columns(problem).distinct().order_by(problem)
    here = query.with_only_columns(
        problem, SolutionIndex.solution_id, SolutionIndex.is_correct
    ).order_by(problem, SolutionIndex.solution_id)
    with database.read() as session:
        ids = list(session.scalars(page.offset(offset).limit(limit)))
        if not ids:
            return []
        earlier = query.with_only_columns(func.count()).where(problem < ids[0])
        before = session.scalar(earlier) or 0
        words = select(Problem.id, Problem.text).where(Problem.id.in_(ids))
        texts = {row.id: row.text for row in session.execute(words)}
        rows = session.execute(here.where(problem.in_(ids))).all()
    groups = []
    for id, members in groupby(rows, key=lambda row: row[0]):
        solutions, answers = zip(*((row[1], row[2]) for row in members), strict=True)
        graded = [answer for answer in answers if answer is not None]
        groups.append(ProblemGroup(id, texts[id], solutions, sum(graded), len(graded), before))
        before += len(solutions)
    return groups


def _found(database: Database, wanted: SolutionFilter) -> Select[int]:
    query = select(SolutionIndex.solution_id).select_from(SolutionIndex)
    return narrow(query, wanted, database.engine.dialect.name)


def sorted_by(query: Select[int], sort: str) -> Select[int]:
    """`query` (over SolutionIndex) in one of SORTS, of SORTS_BY with an annotator's id, or LISTED.

    Raises DatabaseError for another word.
    """
    by_id = SolutionIndex.solution_id
    plain = {
        "oldest": (by_id,),
        "newest": (by_id.desc(),),
        "fewest_steps": (SolutionIndex.n_steps, by_id),
        "most_steps": (SolutionIndex.n_steps.desc(), by_id.desc()),
        "disagreement": (SolutionIndex.place, by_id),
        "problem": (SolutionIndex.problem_id, by_id),
    }
    if sort in plain:
        return query.order_by(*plain[sort])
    what, _, number = sort.partition(":")
    if what not in (*SORTS_BY, LISTED) or not number.isdecimal():
        by = [*(f"{word}:ANNOTATOR_ID" for word in SORTS_BY), f"{LISTED}:LIST_ID"]
        raise DatabaseError(f"a list cannot be sorted by {sort!r}; choose one of {[*SORTS, *by]}")
    if what == LISTED:
        at = aliased(ListedSolution, name="at")
        here = and_(at.solution_id == by_id, at.list_id == int(number))
        return query.join(at, here).order_by(at.place)
    scored = aliased(Annotation, name="scored")
    column = scored.margin if what == "margin" else scored.lowest
    query = query.join(scored, scored.solution_id == SolutionIndex.solution_id).where(
        scored.annotator_id == int(number), column.is_not(None)
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
