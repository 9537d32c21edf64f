"""Saving what a page shows as a queue under a name, for those who manage the project."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app.auth import identity
from app.components.data_table import data_table
from app.components.follow.follow import follow
from app.ui import project
from db.annotators import list_annotators
from db.engine import Database, DatabaseError
from db.review.saved_queues import (
    MOST_INSTRUCTIONS,
    MOST_NAME,
    Contents,
    SavedQueue,
    Settings,
    save_queue,
    saved_queues,
)

PER_ITEM = {"1": 1, "2": 2, "3": 3, "everybody": None}


def save_as_queue(
    database: Database, contents: Callable[[], Contents], what: str, *, key: str = "save"
) -> None:
    """The button that asks for a name and saves; nothing for somebody who is no manager.

    `what` says what the queue is going to hold; `contents` is asked for when it is saved.
    """
    if not identity.is_manager():
        return
    with st.popover("Save as a queue", icon=":material/bookmark_add:", type="tertiary"):
        with st.form(f"{key} queue", border=False):
            st.text(what)
            settings = ask_settings(database, None, key)
            asked = st.form_submit_button("Save", type="primary")
        if not asked:
            return
        try:
            saved = save_queue(database, contents(), identity.reviewer_name(), **settings)
        except DatabaseError as error:
            project.complain(error)
            return
    follow(data_table.page_href("queues", queue=saved.token))


def ask_settings(database: Database, saved: SavedQueue | None, key: str) -> Settings:
    """The fields of a queue's name and of how it is to be worked on, as they are now."""
    name = st.text_input(
        "Name", saved.name or "" if saved else "", max_chars=MOST_NAME, key=f"{key} name"
    )
    assigned = st.multiselect(
        "Assigned to",
        people(database, saved),
        default=list(saved.assigned) if saved else [],
        accept_new_options=True,
        placeholder="anybody",
        key=f"{key} assigned",
        help="Review opens by itself with a queue that is assigned to its reader. A name that is "
        "not offered yet is typed as the person signs.",
    )
    instructions = st.text_area(
        "Instructions",
        saved.instructions if saved else "",
        max_chars=MOST_INSTRUCTIONS,
        placeholder="What to look at, and what counts as an error here",
        key=f"{key} instructions",
        help="Shown above every solution of the queue, as plain text.",
    )
    left, right = st.columns([1, 1.4], vertical_alignment="bottom")
    chosen = saved.per_item if saved else 1
    per_item = left.selectbox(
        "People per item",
        list(PER_ITEM),
        index=list(PER_ITEM.values()).index(chosen) if chosen in PER_ITEM.values() else 0,
        key=f"{key} per item",
    )
    blind = right.checkbox(
        "Blind",
        saved.blind if saved else False,
        key=f"{key} blind",
        help="Nobody sees scores, the gold answer or what the queue holds before saying where "
        "the first error is. In Review it is called by a number.",
    )
    return {
        "name": name,
        "assigned": tuple(assigned),
        "instructions": instructions,
        "per_item": PER_ITEM[per_item],
        "blind": blind,
    }


def people(database: Database, saved: SavedQueue | None) -> Sequence[str]:
    """Who may be assigned: whoever has labelled, or is to work on some queue."""
    known = {one.name for one in list_annotators(database) if identity.is_reviewer(one)}
    known |= {name for one in saved_queues(database, archived=True) for name in one.assigned}
    return sorted(known | {identity.reviewer_name()} | set(saved.assigned if saved else ()))
