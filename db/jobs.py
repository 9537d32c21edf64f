"""Jobs: created once, claimed by one process at a time, followed by anybody.

Whoever claims a job gets a token, and every write of the job is made by the holder of the newest
one: a process that lost its job, to another that resumed it or to a person who cancelled it, can
write nothing more of it.
"""

from __future__ import annotations

import os
import secrets
from datetime import datetime, timedelta
from typing import Any

import psutil
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.engine import Database, DatabaseError, stable_hash
from db.records import JobRecord
from db.schema import Job, UTCDateTime, utcnow

# How long a process on another machine is taken to live after its last heartbeat, of which
# labeling.jobs.runner sends one every ten seconds.
STALE_AFTER = timedelta(seconds=60)


class LostJobError(DatabaseError):
    """The job is no longer this process's; what it writes of it is refused."""


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
        return to_record(row, _now(session))


def queue_job(database: Database, job_id: int) -> None:
    """Let the job wait for a process that is about to be started for it.

    Raises DatabaseError when it is queued for one or worked on by one already.
    """
    with database.write() as session:
        row = _unworked(session, job_id)
        row.status, row.message = "queued", ""
        row.pid = row.pid_started = row.host = row.claim = None
        row.cancel_requested = False
        row.heartbeat_at = _now(session)


def wait_for_process(database: Database, job_id: int, pid: int) -> None:
    """Note which process was started for a queued job, so that its death is noticed."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.Error:
        started = 0.0  # gone already: no process with this number is the one
    with database.write() as session:
        session.execute(
            update(Job)
            .where(Job.id == job_id, Job.status == "queued", Job.pid.is_(None))
            .values(pid=pid, pid_started=started, host=_host(), heartbeat_at=_now(session))
        )


def claim_job(database: Database, job_id: int) -> JobRecord:
    """Make this process the job's only worker. DatabaseError when another one lives."""
    with database.write() as session:
        row = _unworked(session, job_id)
        # Who cancelled it while it waited finds it cancelled at its first report.
        row.cancel_requested = row.cancel_requested and row.status == "queued"
        row.status, row.message = "running", ""
        row.claim = secrets.token_hex(16)
        row.host, row.pid = _host(), os.getpid()
        row.pid_started = psutil.Process().create_time()
        row.started_at = row.started_at or utcnow()
        row.heartbeat_at = _now(session)
        row.finished_at = None
        return to_record(row, _now(session))


def is_alive(job: JobRecord) -> bool:
    """Whether somebody works on the job, or was started to.

    On the worker's own machine the process and its start time decide (a process number is
    reused); on another one its heartbeat does, as old as it was by the database's clock when the
    job was read: the clocks of two machines may differ by more than a heartbeat.
    """
    if job.status not in ("queued", "running"):
        return False
    if job.pid is not None and job.host in (None, _host()):
        try:
            process = psutil.Process(job.pid)
            same = abs(process.create_time() - (job.pid_started or 0.0)) < 1.0
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False
    return job.read_at - (job.heartbeat_at or job.created_at) < STALE_AFTER


def check_claim(session: Session, job: JobRecord) -> None:
    """Raise LostJobError unless `job` is the newest claim of its row."""
    row = session.execute(
        select(Job.claim, Job.status, Job.host, Job.pid).where(Job.id == job.id)
    ).one_or_none()
    if row is not None and job.claim is not None and row.claim == job.claim:
        return
    if row is not None and row.status == "running":
        what = f"was resumed by process {row.pid} on {row.host} and goes on there"
    else:
        what = f"is {row.status} and no longer this process's" if row is not None else "is gone"
    raise LostJobError(
        f"job {job.id} ({job.kind}) {what}, so this process stops. Nothing that it stored before "
        "is lost."
    )


def beat(database: Database, job: JobRecord) -> None:
    """Say that the job's process lives. Raises LostJobError."""
    _write(database, job)


def report(database: Database, job: JobRecord, done: int, total: int, message: str) -> bool:
    """Write progress; returns whether somebody asked to cancel. Raises LostJobError."""
    _write(database, job, done=done, total=total, message=message)
    with database.read() as session:
        return bool(session.scalar(select(Job.cancel_requested).where(Job.id == job.id)))


def set_state(database: Database, job: JobRecord, state: dict[str, Any]) -> None:
    """Remember what a resumed job must know (which solutions it began with, and the like).

    Raises LostJobError.
    """
    _write(database, job, state=state)


def finish_job(
    database: Database, job: JobRecord, status: str, message: str, result: dict[str, Any] | None
) -> None:
    """End a job as done, failed or cancelled. Raises LostJobError."""
    ended = {"status": status, "message": message, "result": result, "finished_at": utcnow()}
    _write(database, job, **ended, pid=None, claim=None)


def request_cancel(database: Database, job_id: int) -> None:
    """Ask a job to stop after its current wave; one that nobody works on is cancelled at once."""
    with database.write() as session:
        row = _existing(session, job_id)
        if is_alive(to_record(row, _now(session))):
            row.cancel_requested = True
        elif row.status in ("queued", "running"):
            row.status, row.message = "cancelled", "cancelled before it resumed"
            row.finished_at = utcnow()
            row.pid = row.claim = None


def get_job(database: Database, job_id: int) -> JobRecord:
    """One job; DatabaseError when there is none."""
    with database.read() as session:
        return to_record(_existing(session, job_id), _now(session))


def list_jobs(database: Database, limit: int = 100) -> list[JobRecord]:
    """The newest jobs first."""
    with database.read() as session:
        rows = session.scalars(select(Job).order_by(Job.id.desc()).limit(limit)).all()
        now = _now(session)
        return [to_record(row, now) for row in rows]


def to_record(row: Job, read_at: datetime) -> JobRecord:
    """The plain form of a row that was read at `read_at`, by the database's clock."""
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
        claim=row.claim,
        host=row.host,
        pid=row.pid,
        pid_started=row.pid_started,
        heartbeat_at=row.heartbeat_at,
        cancel_requested=bool(row.cancel_requested),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        read_at=read_at,
    )


def _write(database: Database, job: JobRecord, **values: Any) -> None:
    with database.write(among=[]) as session:  # Whoever claims a job excludes everybody.
        check_claim(session, job)
        values["heartbeat_at"] = _now(session)
        session.execute(update(Job).where(Job.id == job.id).values(**values))


def _existing(session: Session, job_id: int) -> Job:
    row = session.get(Job, job_id)
    if row is None:
        raise DatabaseError(f"there is no job {job_id}")
    return row


def _unworked(session: Session, job_id: int) -> Job:
    """The job's row; DatabaseError when another process works on it or was started to."""
    row = _existing(session, job_id)
    job = to_record(row, _now(session))
    ours = job.pid == os.getpid() and job.host in (None, _host())
    if job.pid is not None and not ours and is_alive(job):
        raise DatabaseError(
            f"job {job.id} ({job.kind}) is already running as process {job.pid} on "
            f"{job.host or 'this machine'}. "
            "Follow it on the Jobs page, or cancel it there first."
        )
    return row


def _now(session: Session) -> datetime:
    """The time by the database's clock, which all machines share."""
    return session.execute(select(func.now(type_=UTCDateTime()))).scalar_one()


def _host() -> str:
    return os.uname().nodename
