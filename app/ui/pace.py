"""How fast a running job is now, from the progress that pages saw of it."""

from __future__ import annotations

import time
from collections import deque

import streamlit as st

from app.ui.formatting import duration
from db.records import JobRecord

WINDOW = 30.0  # seconds; what a job did longer ago says little about what it does now
SHARE = 0.05  # of the work; before, the first waves (and a model being loaded) say nothing
JOBS_KEPT = 200


class Pace:
    """The moments at which a job's progress changed, in seconds of one clock."""

    def __init__(self) -> None:
        self._changes: deque[tuple[float, int]] = deque()

    def saw(self, now: float, done: int) -> None:
        """Note what is done at `now`; less than before is a job that began anew."""
        if self._changes and done < self._changes[-1][1]:
            self._changes.clear()
        if not self._changes or done > self._changes[-1][1]:
            self._changes.append((now, done))
        # Of what is older than the window one change stays, to measure from.
        while len(self._changes) > 2 and now - self._changes[1][0] > WINDOW:
            self._changes.popleft()

    def seconds_left(self, now: float, total: int) -> float | None:
        """What is left at the pace of the last changes; None while that cannot be told."""
        if len(self._changes) < 2:
            return None
        (first, before), (last, done) = self._changes[0], self._changes[-1]
        if done < SHARE * total:
            return None
        return max(0.0, (total - done) * (last - first) / (done - before) - (now - last))


def time_left(job: JobRecord) -> str:
    """What a running job still needs, in words; empty while that cannot be told."""
    if not job.total or not 0 < job.done < job.total:
        return ""
    paces = _paces()
    if len(paces) > JOBS_KEPT:
        paces.clear()
    pace = paces.setdefault((job.id, job.claim), Pace())
    now = time.monotonic()
    pace.saw(now, job.done)
    seconds = pace.seconds_left(now, job.total)
    return "" if seconds is None else f"about {duration(seconds)} left"


@st.cache_resource(show_spinner=False)
def _paces() -> dict[tuple[int, str | None], Pace]:
    return {}
