"""Jobs: created once, claimed by one process at a time, followed by anybody."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import psutil
from sqlalchemy import select, update

from db.engine import Database, DatabaseError, stable_hash
from db.records import JobRecord
from db.schema import Job, utcnow

STALE_AFTER = timedelta(seconds=60)  # A worker beats every few seconds; see labeling.jobs.runner.


def create_job(database: Database, kind: str, params: dict[str, Any]) -> JobRecord:
    """A new queued job, or the unfinished one that was asked for in the same words.

    An unfinished job (queued, running, failed or cancelled) with the same kind and params is
    what "the same command again continues" continues.
    """
    digest = stable_hash([kind, params])
    with database.write() as session:
        row = session.scalar(
            select(Job)
            .where(Job.params_hash == digest, Job.status != "done")
            .order_by(Job.id.desc())
            .limit(1)
        )
        if row is None:
            row = Job(kind=kind, params=params, params_hash=digest, status="queued", state={})
            session.add(row)
            session.flush()
        return to_record(row)


def claim_job(database: Database, job_id: int) -> JobRecord:
    """Make this process the job's only worker. DatabaseError when another one lives."""
    with database.write() as session:
        row = session.get(Job, job_id)
        if row is None:
            raise DatabaseError(f"there is no job {job_id}")
        record = to_record(row)
        if record.status == "running" and record.pid != os.getpid() and is_alive(record):
            raise DatabaseError(
                f"job {job_id} ({record.kind}) is already running as process {record.pid}. "
                "Follow it on the Jobs page, or cancel it there first."
            )
        row.status = "running"
        row.pid = os.getpid()
        row.pid_started = psutil.Process().create_time()
        row.started_at = row.started_at or utcnow()
        row.heartbeat_at = utcnow()
        row.finished_at = None
        row.cancel_requested = False
        row.message = ""
        return to_record(row)


def is_alive(job: JobRecord) -> bool:
    """Whether the job's worker still lives.

    On the worker's own machine the process and its start time decide (a process number is
    reused); a heartbeat keeps a worker on another machine alive.
    """
    if job.status != "running" or job.pid is None:
        return False
    try:
        same = abs(psutil.Process(job.pid).create_time() - (job.pid_started or 0.0)) < 1.0
        if same:
            return psutil.Process(job.pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        pass
    if job.state.get("host", os.uname().nodename) == os.uname().nodename:
        return False
    return job.heartbeat_at is not None and utcnow() - job.heartbeat_at < STALE_AFTER


def beat(database: Database, job_id: int, done: int, total: int, message: str) -> bool:
    """Write progress and a heartbeat; returns whether somebody asked to cancel."""
    with database.write() as session:
        session.execute(
            update(Job)
            .where(Job.id == job_id)
            .values(done=done, total=total, message=message, heartbeat_at=utcnow())
        )
        return bool(session.scalar(select(Job.cancel_requested).where(Job.id == job_id)))


def set_state(database: Database, job_id: int, state: dict[str, Any]) -> None:
    """Remember what a resumed job must know (which solutions it began with, and the like)."""
    with database.write() as session:
        session.execute(update(Job).where(Job.id == job_id).values(state=state))


def finish_job(
    database: Database, job_id: int, status: str, message: str, result: dict[str, Any] | None
) -> None:
    """End a job as done, failed or cancelled."""
    with database.write() as session:
        session.execute(
            update(Job)
            .where(Job.id == job_id)
            .values(status=status, message=message, result=result, finished_at=utcnow(), pid=None)
        )


def request_cancel(database: Database, job_id: int) -> None:
    """Ask a job to stop after its current wave; a queued or dead one is cancelled at once."""
    job = get_job(database, job_id)
    if job.status == "queued" or (job.status == "running" and not is_alive(job)):
        finish_job(database, job_id, "cancelled", "cancelled before it ran on", job.result)
        return
    with database.write() as session:
        session.execute(update(Job).where(Job.id == job_id).values(cancel_requested=True))


def get_job(database: Database, job_id: int) -> JobRecord:
    """One job; DatabaseError when there is none."""
    with database.read() as session:
        row = session.get(Job, job_id)
        if row is None:
            raise DatabaseError(f"there is no job {job_id}")
        return to_record(row)


def list_jobs(database: Database, limit: int = 100) -> list[JobRecord]:
    """The newest jobs first."""
    with database.read() as session:
        rows = session.scalars(select(Job).order_by(Job.id.desc()).limit(limit)).all()
        return [to_record(row) for row in rows]


def to_record(row: Job) -> JobRecord:
    """The plain form of a row."""
    return JobRecord(
        id=row.id,
        kind=row.kind,
        params=dict(row.params),
        status=row.status,
        done=row.done or 0,
        total=row.total or 0,
        message=row.message or "",
        result=row.result,
        state=dict(row.state or {}),
        pid=row.pid,
        pid_started=row.pid_started,
        heartbeat_at=row.heartbeat_at,
        cancel_requested=bool(row.cancel_requested),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
