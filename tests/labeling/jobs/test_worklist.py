"""The work list: the same segments for a resumed job, and what came since behind them."""

from __future__ import annotations

from typing import Any

from db.annotations import save_wave
from db.annotators import ensure_annotator, ensure_reviewer
from db.engine import Database
from db.ingest import insert_rows
from db.jobs import claim_job, create_job, finish_job
from db.lists.filters import SolutionFilter
from db.records import AnnotationRecord, AnnotatorRecord
from db.review.recuts import recut
from db.solutions import get_solution
from labeling.jobs.context import JobContext
from labeling.jobs.tally import Tally
from labeling.jobs.worklist import WorkList, job_list, work_list
from tests.support.rows import fill, row


class Job:
    """An annotation job that is stopped and started again."""

    def __init__(self, database: Database, **params: Any):
        self.database, self.params = database, params
        self.annotator = ensure_annotator(database, "prm", "p", {})

    def start(self) -> WorkList:
        job = create_job(self.database, "annotate_prm", self.params)
        self.context = JobContext(self.database, claim_job(self.database, job.id))
        return job_list(self.context, self.annotator)

    def store(self, *ids: int) -> None:
        said = [AnnotationRecord(one, 0, (1.0, 1.0), -1, "ok", {}) for one in ids]
        save_wave(self.database, self.annotator.id, self.context.job, said)

    def stop(self) -> None:
        finish_job(self.database, self.context.job, "cancelled", "", None)


def segments(work: WorkList, size: int) -> list[tuple[int, int, list[int]]]:
    return [(done, total, [s.id for s in part]) for done, total, part in work.segments(size)]


def result(annotator: AnnotatorRecord, work: WorkList) -> dict[str, Any]:
    return Tally().result(annotator, work, "solutions")


def test_a_resumed_job_takes_what_came_since_behind_its_list(database: Database) -> None:
    fill(database, 3)
    job = Job(database)
    work = job.start()
    assert segments(work, 2) == [(0, 3, [1, 2]), (2, 3, [3])]
    assert "came_later" not in result(job.annotator, work)
    job.store(1, 2)
    job.stop()
    insert_rows(database, [row(number) for number in range(3, 6)])
    for _ in range(2):  # However often it is started again.
        work = job.start()
        assert segments(work, 2) == [(0, 6, [1, 2]), (2, 6, [3]), (3, 6, [4, 5]), (5, 6, [6])]
        assert result(job.annotator, work)["came_later"] == 3
        job.stop()


def test_a_chosen_list_grows_by_what_the_filter_chooses_and_nobody_annotated(
    database: Database,
) -> None:
    fill(database, 4)
    annotator = ensure_annotator(database, "prm", "p", {})
    wanted = SolutionFilter(dataset="unit", annotator=annotator.id, verdict="not_annotated")
    job = Job(database, only=wanted.to_json())  # the job itself changes what this chooses
    assert segments(job.start(), 3) == [(0, 4, [1, 2, 3]), (3, 4, [4])]
    job.store(1, 2, 3)
    job.stop()
    insert_rows(database, [row(4), row(5, dataset="other")])
    work = job.start()
    assert segments(work, 3) == [(0, 5, [1, 2, 3]), (3, 5, [4]), (4, 5, [5])]
    assert result(job.annotator, work)["came_later"] == 1


def test_a_list_without_a_job_leaves_out_what_is_annotated(database: Database) -> None:
    fill(database, 3)
    job = Job(database)
    job.start()
    job.store(2)
    assert segments(work_list(database, job.annotator.id, {}), 5) == [(0, 2, [1, 3])]


def test_a_list_has_the_new_cut_of_a_solution_and_not_the_old(database: Database) -> None:
    fill(database, 3)
    ann = ensure_reviewer(database, "ann")
    job = Job(database)
    assert segments(job.start(), 5) == [(0, 3, [1, 2, 3])]
    job.store(1)
    job.stop()
    for solution in (
        1,
        2,
    ):  # one that this job has annotated, which counts as its work, and one not
        steps = [" ".join(get_solution(database, solution).steps)]
        recut(database, solution, steps, ann, f"cut {solution}")
    assert segments(job.start(), 5) == [(0, 4, [1, 3]), (2, 4, [4, 5])]
    assert segments(work_list(database, job.annotator.id, {}), 5) == [(0, 3, [3, 4, 5])]


def test_a_chosen_solution_that_was_cut_anew_is_not_annotated(database: Database) -> None:
    fill(database, 3)
    ann = ensure_reviewer(database, "ann")
    job = Job(database, only=SolutionFilter(dataset="unit").to_json())
    assert segments(job.start(), 5) == [(0, 3, [1, 2, 3])]
    job.stop()
    recut(database, 2, [" ".join(get_solution(database, 2).steps)], ann, "cut")
    assert [ids for _, _, ids in segments(job.start(), 5)] == [[1, 3], [4]]
