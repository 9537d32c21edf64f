"""Jobs: one worker at a time, and nothing written by one that lost its claim."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psutil
import pytest
from sqlalchemy import text

from db import jobs
from db.annotations import annotated_ids, save_wave
from db.annotators import ensure_annotator
from db.engine import Database, DatabaseError
from db.ingest import insert_rows
from db.records import AnnotationRecord, JobRecord
from db.solutions import newest_solution_id
from tests.support.rows import fill, row


def new_job(database: Database) -> JobRecord:
    return jobs.create_job(database, "import", {"files": ["x"]})


def change(database: Database, values: str) -> None:
    """Set columns of every job."""
    with database.write() as session:
        session.execute(text(f"UPDATE job SET {values}"))


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Go on as another machine."""
    return lambda host: monkeypatch.setattr(jobs, "_host", lambda: host)


def test_a_job_is_claimed_once_and_resumed_by_the_same_words(database: Database) -> None:
    job = new_job(database)
    assert new_job(database).id == job.id
    claimed = jobs.claim_job(database, job.id)
    assert jobs.is_alive(claimed)
    assert jobs.report(database, claimed, 1, 2, "half") is False
    jobs.request_cancel(database, job.id)
    assert jobs.report(database, claimed, 1, 2, "half") is True
    jobs.finish_job(database, claimed, "done", "", {"rows": 2})
    assert jobs.get_job(database, job.id).result == {"rows": 2}
    assert new_job(database).id != job.id


def test_a_second_process_cannot_take_a_living_job(database: Database) -> None:
    job = new_job(database)
    change(database, f"status='running', pid=1, pid_started={psutil.Process(1).create_time()}")
    with pytest.raises(DatabaseError, match="already running as process 1"):
        jobs.claim_job(database, job.id)
    change(database, "pid_started=1")  # The number was reused.
    assert jobs.claim_job(database, job.id).status == "running"


def test_a_machine_that_lost_its_job_writes_nothing_more_of_it(
    database: Database, on: Callable[[str], None]
) -> None:
    ids = fill(database, 1)
    annotator = ensure_annotator(database, "prm", "p", {})
    said = [AnnotationRecord(ids[0], 0, (1.0, 1.0), -1, "ok", {})]
    job = new_job(database)
    on("a")
    first = jobs.claim_job(database, job.id)
    change(database, "heartbeat_at='2020-01-01 00:00:00'")  # It was suspended.
    on("b")
    assert not jobs.is_alive(jobs.get_job(database, job.id))
    second = jobs.claim_job(database, job.id)
    on("a")
    assert jobs.is_alive(jobs.get_job(database, job.id))
    change(database, "pid=1")  # Another process on b than this one.
    with pytest.raises(DatabaseError, match="already running as process 1 on b"):
        jobs.claim_job(database, job.id)
    for write in (
        lambda: jobs.beat(database, first),
        lambda: jobs.report(database, first, 1, 2, "half"),
        lambda: jobs.set_state(database, first, {"list": 1}),
        lambda: jobs.finish_job(database, first, "failed", "no", None),
        lambda: save_wave(database, annotator.id, first, said),
        lambda: insert_rows(database, [row(7)], job=first),
    ):
        with pytest.raises(jobs.LostJobError, match="resumed by process 1 on b"):
            write()
    assert annotated_ids(database, annotator.id, ids) == set()
    assert newest_solution_id(database) == ids[0]
    save_wave(database, annotator.id, second, said)
    assert annotated_ids(database, annotator.id, ids) == set(ids)
    jobs.finish_job(database, second, "done", "", {})
    with pytest.raises(jobs.LostJobError, match="is done"):
        jobs.finish_job(database, first, "failed", "no", None)
    assert jobs.get_job(database, job.id).status == "done"


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_wrong_ends_no_job_of_another_machine(
    database: Database,
    on: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
) -> None:
    right = jobs.utcnow
    on("a")
    claimed = jobs.claim_job(database, new_job(database).id)
    jobs.beat(database, claimed)
    on("b")
    monkeypatch.setattr(jobs, "utcnow", lambda: right() + timedelta(minutes=minutes))
    assert jobs.is_alive(jobs.get_job(database, claimed.id))
    change(database, "pid=1")  # Another process on a than this one.
    with pytest.raises(DatabaseError, match="already running"):
        jobs.claim_job(database, claimed.id)
    # Nor is it kept alive by one: without heartbeats it is dead.
    change(database, "heartbeat_at='2020-01-01 00:00:00'")
    assert not jobs.is_alive(jobs.get_job(database, claimed.id))


def test_what_nobody_works_on_is_cancelled_at_once_and_cannot_write(
    database: Database, on: Callable[[str], None]
) -> None:
    on("a")
    claimed = jobs.claim_job(database, new_job(database).id)
    change(database, "heartbeat_at='2020-01-01 00:00:00'")
    on("b")
    jobs.request_cancel(database, claimed.id)
    assert jobs.get_job(database, claimed.id).status == "cancelled"
    with pytest.raises(jobs.LostJobError, match="is cancelled"):
        jobs.beat(database, claimed)


def test_a_job_cancelled_while_it_waits_for_its_process_is_cancelled(database: Database) -> None:
    job = new_job(database)
    jobs.queue_job(database, job.id)
    jobs.request_cancel(database, job.id)
    claimed = jobs.claim_job(database, job.id)
    assert jobs.report(database, claimed, 0, 1, "") is True
    jobs.finish_job(database, claimed, "cancelled", "", None)
    again = jobs.claim_job(database, job.id)  # Whoever resumes it means it.
    assert jobs.report(database, again, 0, 1, "") is False


def test_a_job_that_waits_for_nobody_is_not_alive(database: Database) -> None:
    job = new_job(database)
    jobs.queue_job(database, job.id)
    assert jobs.is_alive(jobs.get_job(database, job.id))
    change(database, "heartbeat_at='2020-01-01 00:00:00'")  # Nobody started a process for it.
    assert not jobs.is_alive(jobs.get_job(database, job.id))
    jobs.wait_for_process(database, job.id, 2**22 + 1)  # No machine has this process.
    assert not jobs.is_alive(jobs.get_job(database, job.id))
