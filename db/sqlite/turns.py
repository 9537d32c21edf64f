"""Whose turn it is to write to a SQLite database, which takes one writer at a time."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

LOOK_MS = 3  # SQLite looks after 0, 1 and 3 ms; left alone it comes to look every 100 ms.
GAP = 0.005  # seconds in which everybody who waits looks at least once


class Turns:
    """Lets the writers of a process in one after the other, and those of other processes between.

    SQLite keeps no list of who waits: each looks now and then, and one that writes again at once,
    as jobs do, is always there first. So a process has a list of its own, only the first of it
    looks, often, and who has just written waits long enough for others to have looked.
    """

    def __init__(self) -> None:
        self._first = threading.Lock()
        self._mine = threading.local()

    @contextmanager
    def one(self, timeout: float, *, again: bool) -> Iterator[float]:
        """Be the first of this process; gives the moment (monotonic) up to which to wait.

        `again` says that this thread may come back at once, and has to let others look then.
        Raises OperationalError after `timeout` seconds.
        """
        until = time.monotonic() + timeout
        time.sleep(max(0.0, getattr(self._mine, "may_look", 0.0) - time.monotonic()))
        if not self._first.acquire(timeout=timeout):
            locked = sqlite3.OperationalError("database is locked")
            raise OperationalError("BEGIN IMMEDIATE", None, locked)
        try:
            yield until
        finally:
            self._first.release()
            self._mine.may_look = time.monotonic() + GAP if again else 0.0


def begin_immediate(session: Session, until: float, timeout_ms: int) -> None:
    """Begin a transaction that may write as soon as no other process writes.

    Raises OperationalError at the moment `until`. The connection's own time-out is `timeout_ms`.
    """
    session.execute(text(f"PRAGMA busy_timeout={LOOK_MS}"))
    try:
        while True:
            try:
                session.execute(text("BEGIN IMMEDIATE"))
                return
            except OperationalError as error:
                if not _is_busy(error) or time.monotonic() > until:
                    raise
    finally:
        session.execute(text(f"PRAGMA busy_timeout={timeout_ms}"))


def _is_busy(error: OperationalError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return bool(code & 0xFF == sqlite3.SQLITE_BUSY)  # Above are extended codes.
