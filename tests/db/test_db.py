"""The database: schema, idempotent ingest, annotators, jobs, the correction log."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select, text

from db import jobs
from db.annotations import annotations_of, rollouts_of, save_wave, stored_rollouts
from db.annotators import ensure_annotator, ensure_reviewer, find_annotator
from db.corrections import append_corrections, correction_log, rebuild_projections
from db.engine import (
    Database,
    DatabaseError,
    NoDatabaseError,
    create_database,
    open_database,
    schema_versions,
    upgrade,
)
from db.ingest import insert_rows
from db.lists.browse import list_solutions
from db.lists.comparison import Compared, compared_annotators
from db.lists.counts import coverage, project_counts
from db.lists.filters import SolutionFilter
from db.lists.search import is_search_table
from db.records import (
    AnnotationRecord,
    RolloutRecord,
    SourceLabel,
)
from db.review.leases import next_items, queue_state
from db.review.queues import Queue
from db.schema import Annotation, Base
from db.solutions import solutions_to_annotate
from tests.support.rows import correction, fill, machine, row


def test_migrations_give_the_schema_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        opts = {
            "render_as_batch": True,
            "include_name": lambda name, kind, _: kind != "table" or not is_search_table(name),
        }
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def test_upgrade_is_repeatable_and_refuses_a_newer_database(database: Database) -> None:
    before, head = upgrade(database)
    assert before == head == schema_versions(database)[0]
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(DatabaseError, match="db upgrade"):
        open_database(database.url)
    with pytest.raises(DatabaseError, match="newer StepLens"):
        upgrade(database)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "not a database URL"),
        ("oracle9://x/y", "not a database URL"),
        ("sqlite:////no/such/folder/x.db", "cannot open the database"),
    ],
)
def test_a_bad_url_says_what_to_do(url: str, message: str) -> None:
    with pytest.raises(DatabaseError, match=message):
        create_database(url)


def test_opening_creates_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mistyped.db"
    with pytest.raises(NoDatabaseError, match=f"no database {file}.*db upgrade"):
        open_database(f"sqlite:///{file}")
    assert list(tmp_path.iterdir()) == []
    file.touch()
    with pytest.raises(NoDatabaseError, match="has no tables of StepLens.*db upgrade"):
        open_database(f"sqlite:///{file}")
    create_database(f"sqlite:///{file}").close()
    open_database(f"sqlite:///{file}").close()


def test_inserting_twice_adds_nothing_and_fills_in_gold(database: Database) -> None:
    label = SourceLabel("teacher", (1.0, -1.0), 1)
    first = insert_rows(database, [row(1, gold_answer=None, labels=(label,)), row(2)])
    assert (first.problems, first.solutions, first.annotations) == (2, 2, 1)
    again = insert_rows(database, [row(1, labels=(label,)), row(2), row(2)])
    assert (again.problems, again.solutions, again.annotations, again.duplicates) == (0, 0, 0, 3)
    rows = solutions_to_annotate(database, 99, 1, up_to=10, after=0, limit=10, with_gold=True)
    assert [solution.gold_answer for solution in rows] == ["2", "4"]
    assert find_annotator(database, "human:teacher").config == {
        "source": "dataset",
        "name": "teacher",
    }


def test_annotators_are_one_per_configuration(database: Database) -> None:
    one = ensure_annotator(database, "mc", None, {"k": 8}, default_name="policy-k8")
    assert ensure_annotator(database, "mc", None, {"k": 8}, default_name="other") == one
    two = ensure_annotator(database, "mc", None, {"k": 4}, default_name="policy-k8")
    assert two.name.startswith("policy-k8-")
    with pytest.raises(DatabaseError, match="another configuration"):
        ensure_annotator(database, "mc", "policy-k8", {"k": 2})
    with pytest.raises(DatabaseError, match="already the annotator mc:policy-k8"):
        ensure_annotator(database, "mc", "new-name", {"k": 8})
    with pytest.raises(DatabaseError, match="Known: mc:policy-k8, "):
        find_annotator(database, "mc:nobody")


def test_a_resumed_job_sees_the_same_work_list(database: Database) -> None:
    ids = fill(database, 4)
    annotator = ensure_annotator(database, "mc", "m", {})
    old = jobs.claim_job(database, jobs.create_job(database, "annotate_mc", {"run": 1}).id)
    job = jobs.claim_job(database, jobs.create_job(database, "annotate_mc", {"run": 2}).id)
    done = AnnotationRecord(ids[0], 0, (1.0, 1.0), -1, "ok", {})
    save_wave(database, annotator.id, old, [done])
    save_wave(database, annotator.id, job, [AnnotationRecord(ids[1], 0, (1.0,), -1, "ok", {})])
    listed = solutions_to_annotate(database, annotator.id, job.id, up_to=ids[-1], after=0, limit=10)
    assert [solution.id for solution in listed] == ids[1:]


def test_a_wave_stored_twice_is_stored_once(database: Database) -> None:
    (only,) = fill(database, 1)
    annotator = ensure_annotator(database, "mc", "m", {})
    annotation = AnnotationRecord(only, 0, (0.5, None), 1, "ok", {"trials": [2, 0]})
    hostile = RolloutRecord(only, 0, 0, "bad\x00 and \ud800", "4\x00", "correct", 3)
    for _ in range(2):
        save_wave(database, annotator.id, None, [annotation], [hostile])
    assert len(annotations_of(database, [only])) == 1
    (rollout,) = rollouts_of(database, only, annotator.id)
    assert "\x00" not in rollout.text
    assert stored_rollouts(database, annotator.id, [only]) == {(only, 0, 0): "correct"}


def test_corrections_are_kept_once_undone_and_rebuilt(database: Database) -> None:
    (only,) = fill(database, 1)
    ann = ensure_reviewer(database, "ann")
    first = correction(only, ann.id, "a")
    assert append_corrections(database, [first, first]) == ["a", "a"]
    append_corrections(database, [correction(only, ann.id, "b", labels=(1, 1), first_error=-1)])
    assert [a.first_error for a in annotations_of(database, [only])] == [-1]
    undo = correction(only, ann.id, "c", action="undo", undoes="b", labels=None, first_error=None)
    append_corrections(database, [undo])
    (now,) = annotations_of(database, [only])
    assert (now.first_error, now.scores) == (1, (1, -1))
    assert [act.token for act in correction_log(database, only)] == ["a", "b", "c"]
    with database.write() as session:
        session.execute(text("DELETE FROM annotation"))
    assert rebuild_projections(database, ann.id) == 1
    assert annotations_of(database, [only])[0].first_error == 1
    append_corrections(
        database, [correction(only, ann.id, "d", action="undo", undoes="a", labels=None)]
    )
    assert annotations_of(database, [only]) == []


def test_the_queue_forgets_what_was_dealt_with_until_it_is_undone(database: Database) -> None:
    ids = fill(database, 3)
    machine(database, "mc", {ids[0]: 1, ids[1]: 1, ids[2]: -1})
    machine(database, "judge", {ids[0]: -1, ids[1]: 0, ids[2]: -1})
    ann, bob = ensure_reviewer(database, "ann"), ensure_reviewer(database, "bob")
    everybody = Queue(per_item=None)
    assert next_items(database, everybody, ann, 9) == [ids[1], ids[0]]
    append_corrections(database, [correction(ids[1], ann.id, "a")])
    append_corrections(database, [correction(ids[0], ann.id, "b", action="skip", labels=None)])
    assert queue_state(database, everybody, ann).left == 0
    assert queue_state(database, everybody, bob).left == 2
    append_corrections(database, [correction(ids[0], ann.id, "c", action="undo", undoes="b")])
    assert next_items(database, everybody, ann, 9) == [ids[0]]
    assert project_counts(database).reviewed == 1
    told = {line.annotator.label: line for line in coverage(database)}
    assert (told["mc:mc"].annotated, told["mc:mc"].with_error) == (3, 2)


def test_an_empty_project_compares_nobody(database: Database) -> None:
    assert compared_annotators(database) == Compared()
    assert next_items(database, Queue(), None, 9) == []
    assert list_solutions(database, SolutionFilter()) == []


def test_writers_in_threads_lose_nothing(database: Database) -> None:
    """Read-then-write transactions of six threads at once, as several pages and jobs make."""
    (only,) = fill(database, 1)
    annotator = ensure_annotator(database, "mc", "m", {})
    errors: list[Exception] = []

    def work(thread: int) -> None:
        try:
            for turn in range(20):
                rollout = RolloutRecord(only, thread, turn, "x", None, "wrong", 1)
                save_wave(database, annotator.id, None, [], [rollout])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(rollouts_of(database, only, annotator.id)) == 120


def test_times_come_back_in_utc(database: Database, tmp_path: Path) -> None:
    job = jobs.create_job(database, "import", {})
    assert job.created_at.tzinfo is not None
    assert abs((datetime.now(UTC) - jobs.get_job(database, job.id).created_at).total_seconds()) < 60


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(Exception, match="(?i)foreign key"):
        save_wave(database, 12345, None, [AnnotationRecord(1, 0, (), -1, "ok", {})])
    with database.read() as session:
        assert session.scalar(select(func.count(Annotation.id))) == 0
