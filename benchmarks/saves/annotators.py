"""People who label while two jobs store one wave after another: saves a second, and none lost.

    python -m benchmarks.saves.annotators [--people 10 20] [--seconds 20] [--rest 0.25]

On SQLite and, where STEPLENS_TEST_POSTGRES names a server, on PostgreSQL, in a database of its own.
People are threads of one process, as in the app's server, who take the next solution and save a
label at once; jobs are processes that store a wave of 50 annotations and rest for `--rest` seconds,
as a fast model makes them. Beside it stands the rate of bare inserts into the same table, by one
writer, a transaction a row that waits for the disk.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from multiprocessing.synchronize import Event
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

from sqlalchemy import func, insert, select, text

from benchmarks.million import own_database
from db.annotations import save_wave
from db.annotators import ensure_annotator, ensure_reviewer
from db.engine import Database, create_database, open_database
from db.ingest import insert_rows
from db.records import AnnotationRecord, AnnotatorRecord, ImportRow
from db.review.leases import next_items
from db.review.queues import Queue, chosen
from db.schema import Annotation, Annotator, Correction, utcnow
from labeling.review.commits import accept_commits

SOLUTIONS, WAVE, STEPS = 20_000, 50, 8
BARE_SECONDS = 5.0


def main() -> None:
    """Print saves a second and how long they took, and the bare rate, for each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[10, 20])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rest", type=float, default=0.25, help="seconds of a job between waves")
    parser.add_argument("--folder", help="of the SQLite file: the disk below it decides")
    given = parser.parse_args()
    for people in given.people:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            measure(f"sqlite:///{folder}/project.db", people, given.seconds, given.rest)
        if server := os.environ.get("STEPLENS_TEST_POSTGRES"):
            with own_database(server) as url:
                measure(url, people, given.seconds, given.rest)


def measure(url: str, people: int, lasts: float, rest: float) -> None:
    """Fill an empty project, have everybody work on it at once, and look what is there."""
    database = create_database(url)
    steps = tuple(f"step {n}" for n in range(STEPS))
    rows = [ImportRow(f"problem {n}", steps, "g", "d") for n in range(SOLUTIONS)]
    for start in range(0, SOLUTIONS, 500):
        insert_rows(database, rows[start : start + 500])
    reviewers = [ensure_reviewer(database, f"person {n}") for n in range(people)]
    machines = [ensure_annotator(database, "mc", name, {"name": name}).id for name in ("a", "b")]
    bare = bare_inserts(database, reviewers[0].id)
    spawn = multiprocessing.get_context("spawn")
    ended, ready = spawn.Event(), [spawn.Event() for _ in machines]
    jobs = [
        spawn.Process(target=job, args=(url, who, rest, begun, ended))
        for who, begun in zip(machines, ready, strict=True)
    ]
    try:
        for one in jobs:
            one.start()
        for begun in ready:
            assert begun.wait(120)
        before = stored_by(database, machines)
        began = time.perf_counter()
        with ThreadPoolExecutor(people) as pool:
            took = list(pool.map(lambda who: label(database, who, lasts), reviewers))
        seconds = time.perf_counter() - began
        waves = (stored_by(database, machines) - before) / WAVE / seconds
    finally:
        ended.set()
        for one in jobs:
            one.join()
    saves = [one for mine in took for one in mine]
    check(database, len(saves))
    rate = len(saves) / seconds
    print(
        f"{database.engine.dialect.name:10} {people:3} people: {rate:6.1f} saves/s "
        f"({min(map(len, took))} to {max(map(len, took))} a person), median "
        f"{1000 * median(saves):5.0f} ms, 95% {1000 * quantiles(saves, n=20)[-1]:5.0f} ms; "
        f"{waves:5.1f} waves/s; bare inserts {bare:6.0f}/s, ratio {rate / bare:.3f}",
        flush=True,
    )
    database.close()


def label(database: Database, person: AnnotatorRecord, lasts: float) -> list[float]:
    """Take the next solution and save a label for so many seconds; how long each save took."""
    took, until = [], time.monotonic() + lasts
    while time.monotonic() < until:
        (one,) = next_items(database, Queue(chosen), person, 1)
        verdict = {"labels": [1] * STEPS, "first_error": -1, "seconds": 1.0}
        act = {"token": uuid4().hex, "solution_id": one, "action": "label", **verdict}
        began = time.perf_counter()
        assert accept_commits(database, person, [act]).acked == [act["token"]]
        took.append(time.perf_counter() - began)
    return took


def job(url: str, annotator_id: int, rest: float, begun: Event, ended: Event) -> None:
    """Store waves until the others are done."""
    database = open_database(url)
    for wave in count():
        first = 1 + wave * WAVE % SOLUTIONS
        said = [
            AnnotationRecord(one, annotator_id, (1.0,) * STEPS, -1, "ok", {})
            for one in range(first, first + WAVE)
        ]
        save_wave(database, annotator_id, None, said)
        begun.set()
        if ended.wait(rest):
            break
    database.close()


def stored_by(database: Database, annotators: list[int]) -> int:
    """How many annotations they have."""
    query = select(func.count()).where(Annotation.annotator_id.in_(annotators))
    with database.read() as session:
        return session.scalar(query) or 0


def check(database: Database, saves: int) -> None:
    """Nothing is lost and nothing doubled: acts, annotations, and the counts kept of them."""
    with database.read() as session:
        acts = session.scalar(select(func.count()).where(Correction.action == "label"))
        current = session.scalar(select(func.count()).where(Correction.is_current))
        stored = select(Annotation.annotator_id, func.count()).group_by(Annotation.annotator_id)
        told = select(Annotator.id, Annotator.n_annotations).where(Annotator.n_annotations > 0)
        assert (acts, current) == (saves, saves)
        assert dict(session.execute(stored).all()) == dict(session.execute(told).all())


def bare_inserts(database: Database, annotator_id: int) -> float:
    """Rows into the table of corrections a second, each in a transaction of its own."""
    values: dict[str, Any] = {
        "solution_id": 1,
        "annotator_id": annotator_id,
        "action": "undo",
        "flags": [],
        "is_current": False,
        "scores_visible": False,
        "created_at": utcnow(),
    }
    began = time.perf_counter()
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.execute(text("PRAGMA synchronous=FULL"))
        n = 0
        while time.perf_counter() - began < BARE_SECONDS:
            connection.execute(insert(Correction), {**values, "token": uuid4().hex})
            connection.commit()
            n += 1
    return n / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
