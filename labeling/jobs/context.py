"""What a job is given: the database, its own row, and a way to report and be stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from db import jobs
from db.engine import Database
from db.records import JobRecord

REPORT_SECONDS = 1.0
Report = Callable[[int, int, str], None]


class JobCancelled(Exception):
    """Somebody asked the job to stop; what it had done is kept."""


class JobContext:
    """One start of a job: its database, parameters and state, progress, and cancellation."""

    def __init__(
        self,
        database: Database,
        job: JobRecord,
        echo: Report | None = None,
        say: Callable[[str], None] | None = None,
    ):
        self.database = database
        self.job = job
        self._echo = echo
        self._say = say
        self._last = 0.0

    @property
    def params(self) -> dict[str, Any]:
        """What was asked for."""
        return self.job.params

    def remember(self, **state: Any) -> None:
        """Store what a resumed job will find in `job.state`."""
        merged = {**self.job.state, **state}
        if merged != self.job.state:
            jobs.set_state(self.database, self.job, merged)
            self.job = replace(self.job, state=merged)

    def say(self, line: str) -> None:
        """Put a line into the job's log, whatever its progress is then."""
        if self._say is not None:
            self._say(line)

    def report(self, done: int, total: int, message: str = "") -> None:
        """Say how far the work is.

        Raises JobCancelled when somebody asked for it, and LostJobError when another process has
        taken the job over. Writes at most one row a second, so it may be called as often as one
        likes.
        """
        if self._echo is not None:
            self._echo(done, total, message)
        now = time.monotonic()
        if now - self._last < REPORT_SECONDS and done != total:
            return
        self._last = now
        if jobs.report(self.database, self.job, done, total, message):
            raise JobCancelled
