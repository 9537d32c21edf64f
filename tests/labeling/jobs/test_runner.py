"""Running a job: its heartbeats, and what becomes of one that lost its job."""

from __future__ import annotations

import time
from typing import Any

import pytest

from db.engine import Database
from db.jobs import LostJobError, claim_job, create_job, get_job
from labeling.jobs import runner
from labeling.jobs.context import JobContext

WAIT_SECONDS = 60


def taken_over(context: JobContext) -> dict[str, Any]:
    """Work during which another process resumes the job."""
    claim_job(context.database, context.job.id)
    context.report(1, 1)
    return {"reached": True}


def silent(context: JobContext) -> dict[str, Any]:
    """Work that reports nothing until a heartbeat was written."""
    deadline = time.monotonic() + WAIT_SECONDS
    while get_job(context.database, context.job.id).heartbeat_at == context.job.heartbeat_at:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return {}


def test_a_job_that_was_taken_over_stops_and_leaves_its_row_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(runner.WORK, "import", f"{__name__}:taken_over")
    job = create_job(database, "import", {})
    with pytest.raises(LostJobError, match="resumed by process .* so this process stops"):
        runner.run_job(database, job.id)
    now = get_job(database, job.id)
    assert (now.status, now.result) == ("running", None)


def test_a_job_beats_however_long_it_reports_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(runner.WORK, "import", f"{__name__}:silent")
    monkeypatch.setattr(runner, "HEARTBEAT_SECONDS", 0.05)
    job = create_job(database, "import", {})
    runner.run_job(database, job.id)
    assert get_job(database, job.id).status == "done"
