"""Where a project's files go: the logs of its jobs, its exports and its checkpoints."""

from __future__ import annotations

import tempfile
from pathlib import Path

from db.engine import Database

LOG_TAIL_BYTES = 20_000


def data_folder(database: Database) -> Path:
    """Where a project's logs, exports and checkpoints go: beside its SQLite file."""
    file = database.file
    if file is not None:
        return file.resolve().with_name(file.name + ".d")
    name = database.engine.url.database or "memory"
    return Path(tempfile.gettempdir() if name == ":memory:" else ".").resolve() / f"{name}.d"


def log_file(database: Database, job_id: int) -> Path:
    """The file that a detached job's output goes to."""
    return data_folder(database) / "logs" / f"job-{job_id}.log"


def job_log(database: Database, job_id: int) -> str:
    """The end of a job's log, "" when it has none (it ran on the command line)."""
    file = log_file(database, job_id)
    if not file.exists():
        return ""
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - LOG_TAIL_BYTES))
        return stream.read().decode("utf-8", "replace")
