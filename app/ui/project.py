"""The open project, and errors in it shown to people."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import streamlit as st

from app.ui.formatting import sentence
from db.engine import DEFAULT_URL, Database, DatabaseError, open_database
from db.lists import solution_index
from labeling.lessons.parts import folder_of


def project() -> Database:
    """The project in STEPLENS_DB, opened once per server; stops the page when it cannot be."""
    try:
        database = _open(os.environ.get("STEPLENS_DB", DEFAULT_URL))
        if not solution_index.is_current(database):
            with st.spinner("Other annotators are compared now: rebuilding the lists"):
                solution_index.ensure(database)
        return database
    except DatabaseError as error:
        st.header("This project cannot be opened")
        st.text(sentence(error))
        st.stop()


@st.cache_resource(show_spinner=False)
def _open(url: str) -> Database:
    return open_database(url)


def lessons_folder() -> Path | None:
    """The folder of the run of `steplens lessons` whose project this is, None for any other."""
    scheme, _, file = os.environ.get("STEPLENS_DB", DEFAULT_URL).partition(":///")
    return folder_of(Path(file)) if scheme == "sqlite" and file else None


def project_name(database: Database) -> str:
    """A short name for the project: its file, or its database on a server."""
    file = database.file
    return file.name if file is not None else str(database.engine.url.database)


def command(database: Database, words: str) -> str:
    """The command line `steplens WORDS` for this project, to be copied into a terminal.

    A URL with a password is not put on screen; it is left to STEPLENS_DB.
    """
    if database.file is not None:
        url = shlex.quote(f"sqlite:///{database.file.resolve()}")
    elif database.engine.url.password:
        url = '"$STEPLENS_DB"'
    else:
        url = shlex.quote(database.url)
    return f"steplens --db {url} {words}"


def complain(error: object) -> None:
    """Show an expected error; as plain text, because its message quotes what people typed."""
    with st.container(border=True):
        st.text(sentence(error))
