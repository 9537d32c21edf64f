"""Counts that cost something, kept for a time that grows with what they took."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from db.engine import Database

T = TypeVar("T")
COUNTS_KEPT = 500
KEEP_FACTOR = 20  # A count that took t seconds is shown for 20 t: at most 5% of time is counting.


@dataclass(slots=True)
class _Counted:
    value: Any
    at: float
    seconds: float


@st.cache_resource(show_spinner=False)
def _counts(url: str) -> dict[str, _Counted]:
    return {}


def forget(database: Database) -> None:
    """Count everything anew: somebody has changed what the counts are of."""
    _counts(database.url).clear()


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
