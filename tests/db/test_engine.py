"""Sessions: what is on disk when, and reading as of one moment."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, event

from db.annotations import save_wave
from db.annotators import ensure_annotator, ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database
from db.lists.browse import count_solutions
from db.lists.filters import SolutionFilter
from db.records import AnnotationRecord
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
