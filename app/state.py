"""What every page shares: the open project, who reviews, and counts that cost something."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import streamlit as st

from db.annotators import list_annotators
from db.engine import DEFAULT_URL, Database, DatabaseError, open_database
from db.lineup import Lineup, newest_lineup
from db.records import AnnotatorRecord
from labeling.runner import data_folder

T = TypeVar("T")
NAME_LENGTH = 60
COOKIE = "steplens_reviewer"
COUNTS_KEPT = 500
KEEP_FACTOR = 20  # A count that took t seconds is shown for 20 t: at most 5% of time is counting.

_remember = st.components.v2.component(
    "steplens_remember",
    js="export default ({ data }) => { document.cookie = data.cookie }",
)


def project() -> Database:
    """The project in STEPLENS_DB, opened once per server; stops the page when it cannot be."""
    try:
        return _open(os.environ.get("STEPLENS_DB", DEFAULT_URL))
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


def reviewer_name() -> str:
    """The name under which corrections are stored, editable in the sidebar."""
    if "reviewer" not in st.session_state:
        st.session_state.reviewer = _remembered() or _os_user()
    return clean_name(st.session_state.reviewer)


def ask_reviewer() -> None:
    """The sidebar's field for the name, remembered by the browser in a cookie."""
    reviewer_name()
    st.text_input(
        "Reviewer",
        key="reviewer",
        max_chars=NAME_LENGTH,
        help="Corrections are stored under this name.",
    )
    name = reviewer_name()
    if name and name != _remembered():
        cookie = f"{COOKIE}={quote(name, safe='')}; path=/; max-age=31536000; SameSite=Lax"
        with st.container(height=1, border=False):
            _remember(key="remember", data={"cookie": cookie})


def _remembered() -> str:
    return clean_name(unquote(st.context.cookies.get(COOKIE, "")))


def _os_user() -> str:
    try:
        return clean_name(getpass.getuser())
    except (OSError, KeyError):  # A container's user may have no name.
        return "reviewer"


def clean_name(name: str) -> str:
    """A name without anything that does not print, and no longer than a name."""
    return "".join(c for c in name if c.isprintable()).strip()[:NAME_LENGTH]


def known_reviewer(database: Database, name: str) -> AnnotatorRecord | None:
    """The annotator of this reviewer, or None before the first correction."""
    return next(
        (
            annotator
            for annotator in list_annotators(database)
            if annotator.kind == "human" and annotator.name == name and is_reviewer(annotator)
        ),
        None,
    )


def is_reviewer(annotator: AnnotatorRecord) -> bool:
    """Whether this is a person who corrects in the app, not labels of a data set."""
    return annotator.kind == "human" and annotator.config.get("source") == "review"


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
    kept = _counts(database.url)
    known = kept.get(name)
    if known is not None and time.monotonic() - known.at < KEEP_FACTOR * known.seconds:
        return known.value  # type: ignore[no-any-return]
    began = time.monotonic()
    value = count()
    now = time.monotonic()
    if len(kept) >= COUNTS_KEPT:
        kept.clear()
    kept[name] = _Counted(value, now, now - began)
    return value
