"""Sessions: what is on disk when, and reading as of one moment."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from sqlalchemy import Connection, event

from db import jobs
from db.annotations import save_wave
from db.annotators import ensure_annotator, ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database, Lock
from db.lists.browse import count_solutions
from db.lists.filters import SolutionFilter
from db.records import AnnotationRecord
from db.review.leases import next_items
from db.review.queues import Queue, chosen
from db.solutions import each_solution
from tests.support.rows import correction, fill


def test_a_correction_is_on_disk_when_it_is_acknowledged(database: Database) -> None:
    """SQLite waits for the disk at its commit. A wave of a job, which is done again, need not."""
    (only,) = fill(database, 1)
    ann, machine = ensure_reviewer(database, "ann"), ensure_annotator(database, "mc", "mc", {})
    waits: list[bool] = []

    def note(connection: Connection) -> None:
        if database.is_sqlite:
            waits.append(connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2)
        else:
            waits.append(connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on")

    event.listen(database.engine, "commit", note)
    append_corrections(database, [correction(only, ann.id, "a")])
    save_wave(database, machine.id, None, [AnnotationRecord(only, 0, (1.0, 1.0), -1, "ok", {})])
    append_corrections(database, [correction(only, ann.id, "b")])
    assert waits == [True, not database.is_sqlite, True]


def test_a_snapshot_is_of_one_moment(database: Database) -> None:
    ids = fill(database, 3)
    with database.snapshot() as now:
        assert count_solutions(now, SolutionFilter()) == 3
        fill(database, 5)  # Writers do not wait for it.
        with now.snapshot() as same:
            assert [one.id for part in each_solution(same, chunk=2) for one in part] == ids
        assert count_solutions(now, SolutionFilter()) == 3
        with pytest.raises(TypeError, match="for reading"), now.write():
            pass
    assert count_solutions(database, SolutionFilter()) == 5


def test_on_postgres_writers_wait_only_for_those_that_need_the_same(database: Database) -> None:
    only, other = fill(database, 2)
    ann, bob = ensure_reviewer(database, "ann"), ensure_reviewer(database, "bob")
    machine = ensure_annotator(database, "mc", "mc", {})
    job = jobs.claim_job(database, jobs.create_job(database, "annotate_mc", {}).id)
    wave = [AnnotationRecord(only, 0, (1.0, 1.0), -1, "ok", {})]
    with ThreadPoolExecutor(6) as pool:
        with database.write(among=[(Lock.ANNOTATOR, bob.id)]):
            same: Future[Any] = pool.submit(
                append_corrections, database, [correction(only, bob.id, "b")]
            )
            others: list[Future[Any]] = [
                pool.submit(append_corrections, database, [correction(only, ann.id, "a")]),
                pool.submit(next_items, database, Queue(chosen), ann, 1),
                pool.submit(save_wave, database, machine.id, job, wave),
                pool.submit(jobs.report, database, job, 1, 2, ""),
            ]
            if not database.is_sqlite:
                for one in others:
                    one.result(60)
            everybody: Future[Any] = pool.submit(fill, database, 3)  # An import excludes all.
            assert not wait([same, everybody], 0.5).done
        for one in (*others, same, everybody):
            one.result(60)
