"""Grading what an import left open: answers that only math-verify can compare."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from db.engine import Database
from db.grades import count_open, open_answers, save_grades
from labeling.answers.grade import grade_all
from labeling.datasets import require_dataset
from labeling.jobs.context import JobContext, Report

CHUNK = 200  # answers in one transaction: what a kill -9 can cost


@dataclass(slots=True)
class Graded:
    """What became of the answers that were open; an unknown one is open still."""

    correct: int = 0
    wrong: int = 0
    unknown: int = 0


def run_grade(context: JobContext) -> dict[str, int]:
    """The job form of `grade_open`; params: dataset."""
    return asdict(grade_open(context.database, context.params.get("dataset"), context.report))


def grade_open(
    database: Database, dataset: str | None = None, report: Report | None = None
) -> Graded:
    """Grade every answer that has no grade but a gold answer to compare with, and store it.

    An import settles what comparing strings and exact numbers settles. A time-out, or a gold
    answer that cannot be read, leaves the answer open. Running it again does what is left.
    Raises ValueError for a data set that is not there.
    """
    require_dataset(database, dataset)
    result = Graded()
    total, done, after = count_open(database, dataset), 0, 0
    while chunk := open_answers(database, dataset, after=after, limit=CHUNK):
        verdicts = grade_all([(one.answer, one.gold) for one in chunk])
        grades = {
            one.solution_id: verdict == "correct"
            for one, verdict in zip(chunk, verdicts, strict=True)
            if verdict != "unknown"
        }
        save_grades(database, grades)
        result.correct += sum(grades.values())
        result.wrong += len(grades) - sum(grades.values())
        result.unknown += len(chunk) - len(grades)
        done, after = done + len(chunk), chunk[-1].solution_id
        if report is not None:
            report(done, total, f"{result.correct:,} right, {result.wrong:,} wrong")
    return result
