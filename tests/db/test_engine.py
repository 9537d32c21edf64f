"""Sessions: what is on disk when, reading as of one moment, and whose turn it is to write."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError, TimeoutError

from db import engine, jobs
from db.annotations import save_wave
from db.annotators import ensure_annotator, ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database, DatabaseError, Lock, create_database, open_database
from db.lists.browse import count_solutions
from db.lists.filters import SolutionFilter
from db.records import AnnotationRecord
from db.review.leases import next_items
from db.review.queues import Queue, chosen
from db.solutions import each_solution
from tests.support.rows import correction, fill

HOLDS = 0.03  # seconds of a busy writer's transaction
OFTEN = 40  # times: ten who look every 3 ms are in sooner; who looks every 100 ms is not


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


@contextmanager
def busy(database: Database) -> Iterator[list[int]]:
    """Somebody who writes one transaction after another; counts them in the list it gives."""
    ended, written = threading.Event(), [0]

    def write() -> None:
        for n in count(1):
            with database.write():
                time.sleep(HOLDS)
            written[0] = n
            if ended.is_set():
                return

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        try:
            yield written
        finally:
            ended.set()
            writer.result()


@pytest.mark.parametrize("process", ["this", "another"])
def test_a_writer_that_never_rests_lets_the_others_in(database: Database, process: str) -> None:
    """Another process has its own list of who waits, as another `Database` has."""
    other = database if process == "this" else create_database(database.url)

    def passed_over(_: int) -> int:
        before = written[0]
        with other.write(durable=True):
            return written[0] - before

    with busy(database) as written, ThreadPoolExecutor(10) as pool:
        assert max(pool.map(passed_over, range(10))) < OFTEN
    other.close()


@pytest.mark.parametrize("process", ["this", "another"])
def test_who_waits_too_long_to_write_is_told(
    database: Database, process: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = database if process == "this" else create_database(database.url)
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 200)

    def write() -> None:
        with other.write():
            pass

    with ThreadPoolExecutor(1) as pool:
        with database.write(), pytest.raises(OperationalError, match="lock"):
            pool.submit(write).result()
        pool.submit(write).result()  # Nothing is left of it.
    other.close()


def test_writers_that_wait_leave_readers_their_connections(database: Database) -> None:
    """On SQLite any number may wait; a server has locks and connections for each."""
    ids = fill(database, 1)

    def write(_: int) -> None:
        with database.write():
            pass

    with ThreadPoolExecutor(60) as pool:
        with database.write():
            waiting = [pool.submit(write, n) for n in range(60 if database.is_sqlite else 20)]
            wait(waiting, 0.5)
            assert count_solutions(database, SolutionFilter()) == len(ids)
        for one in waiting:
            one.result()


def test_a_process_has_as_many_connections_as_it_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once(opened: Database, many: int) -> None:
        with ExitStack() as held:
            for _ in range(many):
                held.enter_context(opened.read()).execute(text("SELECT 1"))

    at_once(database, 40)
    monkeypatch.setenv("STEPLENS_CONNECTIONS", "3")
    few = open_database(database.url)
    at_once(few, 3)
    monkeypatch.setattr(few.engine.pool, "_timeout", 0.1)
    with pytest.raises(TimeoutError):
        at_once(few, 4)
    few.close()
    monkeypatch.setenv("STEPLENS_CONNECTIONS", "many")
    with pytest.raises(DatabaseError, match="2 or more"):
        open_database(database.url)
