"""Final answers that nobody has graded yet, and storing their grades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update

from db.engine import Database
from db.lists import solution_index
from db.schema import Problem, Solution


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """A final answer without a grade, and the gold answer to compare it with."""

    solution_id: int
    answer: str
    gold: str


def open_answers(
    database: Database, dataset: str | None, *, after: int, limit: int
) -> list[OpenAnswer]:
    """The next `limit` open answers behind solution `after`, by id."""
    query = (
        select(Solution.id, Solution.final_answer, Problem.gold_answer)
        .join(Problem, Problem.id == Solution.problem_id)
        .where(*_open(dataset), Solution.id > after)
        .order_by(Solution.id)
        .limit(limit)
    )
    with database.read() as session:
        rows = session.execute(query)
        return [OpenAnswer(id_, answer or "", gold or "") for id_, answer, gold in rows]


def count_open(database: Database, dataset: str | None) -> int:
    """How many answers are open."""
    with database.read() as session:
        query = select(func.count(Solution.id)).join(Problem, Problem.id == Solution.problem_id)
        return session.scalar(query.where(*_open(dataset))) or 0


def save_grades(database: Database, grades: Mapping[int, bool]) -> None:
    """Store whether the final answers of these solutions are right, in one transaction.

    A grade that came meanwhile, from an import or another grader, stays.
    """
    with database.write() as session:
        for solution_id, is_correct in grades.items():
            session.execute(
                update(Solution)
                .where(Solution.id == solution_id, Solution.is_correct.is_(None))
                .values(is_correct=is_correct)
            )
        solution_index.update(session, grades)


def _open(dataset: str | None) -> list[ColumnElement[bool]]:
    """The conditions on Solution and Problem that an open answer meets."""
    conditions: list[ColumnElement[bool]] = [
        Solution.is_correct.is_(None),
        Solution.final_answer.is_not(None),
        Problem.gold_answer.is_not(None),
    ]
    return conditions if dataset is None else [*conditions, Solution.dataset == dataset]
