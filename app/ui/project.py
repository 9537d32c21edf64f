"""What every page shares: the open project, and counts that cost something."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from app.auth.identity import (  # noqa: F401 - older callers know these as state's
    NAME_LENGTH,
    clean_name,
    is_reviewer,
    known_reviewer,
    reviewer_name,
)
from db.engine import DEFAULT_URL, Database, DatabaseError, open_database
from db.lists import solution_index
from db.lists.comparison import Lineup, newest_lineup
from labeling.jobs.runner import data_folder

T = TypeVar("T")
COUNTS_KEPT = 500
KEEP_FACTOR = 20  # A count that took t seconds is shown for 20 t: at most 5% of time is counting.


def project() -> Database:
    """The project in STEPLENS_DB, opened once per server; stops the page when it cannot be."""
    try:
        database = _open(os.environ.get("STEPLENS_DB", DEFAULT_URL))
        solution_index.ensure(database)
        return database
    except DatabaseError as error:
        st.header("This project cannot be opened")
        st.text(str(error))
        st.stop()


@st.cache_resource(show_spinner=False)
def _open(url: str) -> Database:
    return open_database(url)


def project_name(database: Database) -> str:
    """A short name for the project: its file, or its database on a server."""
    file = database.file
    return file.name if file is not None else str(database.engine.url.database)


def artifacts(database: Database) -> Path:
    """The folder for exports and checkpoints made in the app."""
    return data_folder(database)


def lineup(database: Database) -> Lineup:
    """The annotators that comparisons are about."""
    return newest_lineup(database)


def complain(error: object) -> None:
    """Show an expected error; as plain text, because its message quotes what people typed."""
    with st.container(border=True):
        st.text(str(error))


@dataclass(slots=True)
class _Counted:
    value: Any
    at: float
    seconds: float


@st.cache_resource(show_spinner=False)
def _counts(url: str) -> dict[str, _Counted]:
    return {}


def counted(database: Database, name: str, count: Callable[[], T]) -> T:
    """`count()`, or its last value while that is younger than 20 times what it took.

    In a small project every page shows fresh numbers; in one with millions of rows a count of
    two seconds is repeated every forty.
    """
    return counted_at(database, name, count)[0]


def counted_at(database: Database, name: str, count: Callable[[], T]) -> tuple[T, float]:
    """`counted`, and how many seconds ago it was counted."""
    kept = _counts(database.url)
    known = kept.get(name)
    age = 0.0 if known is None else time.monotonic() - known.at
    if known is not None and age < KEEP_FACTOR * known.seconds:
        return known.value, age
    began = time.monotonic()
    value = count()
    now = time.monotonic()
    if len(kept) >= COUNTS_KEPT:
        kept.clear()
    kept[name] = _Counted(value, now, now - began)
    return value, 0.0
