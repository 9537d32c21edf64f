"""Reading solutions: by id, all of them in chunks, and those that a job must still annotate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from db.engine import IN_LIST, Database, DatabaseError
from db.records import FAILED, SolutionRecord
from db.schema import Annotation, Problem, Solution


def solution_query() -> Select[Any]:
    """The columns of a SolutionRecord, in its order; callers add their conditions."""
    return select(
        Solution.id,
        Problem.id,
        Problem.text,
        Problem.gold_answer,
        Solution.steps,
        Solution.dataset,
        Solution.generator,
        Solution.final_answer,
        Solution.is_correct,
        Solution.fingerprint,
        Solution.external_id,
        Solution.samples,
    ).join(Problem, Problem.id == Solution.problem_id)


def as_solution(row: Any) -> SolutionRecord:
    """The plain form of one row of `solution_query`."""
    values = list(row)
    values[4] = tuple(values[4])
    return SolutionRecord(*values)


def fingerprints(database: Database, solution_ids: Sequence[int]) -> list[str]:
    """The fingerprints of these solutions, in no order."""
    found: list[str] = []
    with database.read() as session:
        for start in range(0, len(solution_ids), IN_LIST):
            part = [int(one) for one in solution_ids[start : start + IN_LIST]]
            found += session.scalars(select(Solution.fingerprint).where(Solution.id.in_(part)))
    return found


def responses_per_problem(database: Database) -> list[int]:
    """How many responses each problem has, as often as they were sampled."""
    query = select(func.sum(Solution.samples)).group_by(Solution.problem_id)
    with database.read() as session:
        return [int(n) for n in session.scalars(query)]


def problem_texts(database: Database) -> Iterator[str]:
    """The texts of all problems, in chunks of one read each."""
    last = 0
    while True:
        query = select(Problem.id, Problem.text).where(Problem.id > last).order_by(Problem.id)
        with database.read() as session:
            rows = session.execute(query.limit(IN_LIST)).all()
        if not rows:
            return
        last = rows[-1][0]
        yield from (text for _, text in rows)


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


def each_solution(
    database: Database, *, dataset: str | None = None, chunk: int = 500, replaced: bool = False
) -> Iterator[list[SolutionRecord]]:
    """Every solution, in chunks by id, each chunk in a short session of its own.

    Those whose steps were cut anew are left out unless they are asked for (`replaced`).
    """
    after = 0
    while True:
        query = solution_query().where(Solution.id > after).order_by(Solution.id).limit(chunk)
        if dataset is not None:
            query = query.where(Solution.dataset == dataset)
        if not replaced:
            query = query.where(Solution.replaced_by.is_(None))
        with database.read() as session:
            rows = [as_solution(row) for row in session.execute(query)]
        if not rows:
            return
        yield rows
        after = rows[-1].id


def newest_solution_id(database: Database) -> int:
    """The largest solution id, 0 in an empty project: a job's work ends there."""
    with database.read() as session:
        return session.scalar(select(func.max(Solution.id))) or 0


def solutions_to_annotate(
    database: Database,
    annotator_id: int,
    job_id: int,
    *,
    up_to: int,
    after: int,
    limit: int,
    dataset: str | None = None,
    with_gold: bool = False,
    ids: Sequence[int] | None = None,
) -> list[SolutionRecord]:
    """The next `limit` solutions of a job's work list, in the order of their ids.

    The list holds every solution up to `up_to` that the annotator had not annotated BEFORE
    this job: what the job itself finished stays in it, so that a resumed job sees the same
    list again and can replay its waves. What people cut anew leaves it unannotated: the new cut
    is on it instead. `ids`, at most IN_LIST of them, narrow it.
    """
    query = solution_query().where(Solution.id > after).order_by(Solution.id).limit(limit)
    query = _work_list(query, annotator_id, job_id, up_to, dataset, with_gold)
    if ids is not None:
        query = query.where(Solution.id.in_(ids))
    with database.read() as session:
        return [as_solution(row) for row in session.execute(query)]


def count_to_annotate(
    database: Database,
    annotator_id: int,
    job_id: int,
    *,
    up_to: int,
    dataset: str | None = None,
    with_gold: bool = False,
) -> int:
    """How many solutions `solutions_to_annotate` would give in all."""
    query = (
        select(func.count()).select_from(Solution).join(Problem, Problem.id == Solution.problem_id)
    )
    query = _work_list(query, annotator_id, job_id, up_to, dataset, with_gold)
    with database.read() as session:
        return session.scalar(query) or 0


def _work_list(
    query: Select[Any],
    annotator_id: int,
    job_id: int,
    up_to: int,
    dataset: str | None,
    with_gold: bool,
) -> Select[Any]:
    """`query` (over Solution and Problem) for what a job began with: what lacks or failed."""
    query = query.outerjoin(
        Annotation,
        and_(Annotation.solution_id == Solution.id, Annotation.annotator_id == annotator_id),
    )
    open_to_it = or_(
        Annotation.id.is_(None), Annotation.job_id == job_id, Annotation.status == FAILED
    )
    standing = or_(Solution.replaced_by.is_(None), Annotation.job_id == job_id)
    query = query.where(Solution.id <= up_to, open_to_it, standing)
    if dataset is not None:
        query = query.where(Solution.dataset == dataset)
    if with_gold:
        query = query.where(Problem.gold_answer.is_not(None))
    return query
