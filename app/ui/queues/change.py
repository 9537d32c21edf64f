"""Changing a saved queue, and what was changed of it, which can be taken back."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from app.auth import identity
from app.components.data_table import data_table
from app.ui import address, formatting, project
from app.ui.queues.save import ask_settings
from app.ui.queues.wording import browse_query
from db.engine import Database, DatabaseError
from db.review.saved_queues import Change, SavedQueue, Settings, change_queue, undo_change

WORDS = {
    "name": "the name",
    "instructions": "the instructions",
    "assigned": "who it is assigned to",
    "per_item": "people per item",
    "blind": "whether it is blind",
    "archived": "whether it is archived",
}


def show(database: Database, saved: SavedQueue) -> None:
    """The settings of a queue, to be changed, beside all that was changed of it."""
    st.subheader("Change this queue", anchor=False)
    left, right = st.columns([1, 1], gap="large")
    # Other fields after each change of one's own: they begin with what is now.
    key = f"change {saved.token} {st.session_state.get(saved.token, 0)}"
    if f"{key} name" not in st.session_state:
        st.session_state[f"{key} drawn"] = saved
    drawn: SavedQueue = st.session_state[f"{key} drawn"]
    with left, st.form(key, border=False):
        settings = ask_settings(database, drawn, key)
        if st.form_submit_button("Save changes", type="primary"):
            _change(database, drawn, settings)
    with right:
        _actions(database, saved)
        _history(saved)


def _change(database: Database, saved: SavedQueue, asked: Settings) -> None:
    """Store what the form says otherwise than the queue as it was when the form was drawn.

    What somebody else changed meanwhile stays.
    """
    now = {
        "name": saved.name,
        "instructions": saved.instructions,
        "assigned": saved.assigned,
        "per_item": saved.per_item,
        "blind": saved.blind,
    }
    changed = {name: value for name, value in asked.items() if value != now[name]}
    try:
        change_queue(database, saved.token, identity.reviewer_name(), **changed)  # type: ignore[arg-type]
    except DatabaseError as error:
        project.complain(error)
    else:
        _draw_anew(saved)


def _draw_anew(saved: SavedQueue) -> NoReturn:
    st.session_state[saved.token] = st.session_state.get(saved.token, 0) + 1
    st.rerun()


def _actions(database: Database, saved: SavedQueue) -> None:
    by = identity.reviewer_name()
    with st.container(horizontal=True, vertical_alignment="center"):
        archive = "Bring back" if saved.archived else "Archive"
        if st.button(archive, help="An archived queue is offered to nobody; no label is lost."):
            change_queue(database, saved.token, by, archived=not saved.archived)
            _draw_anew(saved)
        if st.button("Undo the last change", disabled=not saved.standing()):
            try:
                undo_change(database, saved.token, by)
            except DatabaseError as error:
                project.complain(error)
            else:
                _draw_anew(saved)
        query = browse_query(database, saved.contents)
        st.page_link("views/browse.py", label="See the solutions in Browse", query_params=query)
        if st.button("Close", type="tertiary"):
            address.put(queue=None)
            st.rerun()


def _history(saved: SavedQueue) -> None:
    """Every change, the newest first, and who made it."""
    undone = {one.undoes for one in saved.history}
    rows: list[list[data_table.Cell]] = []
    for place, one in reversed(list(enumerate(saved.history))):
        style = "muted" if place in undone or one.undoes is not None else ""
        words = f"{_words(one)}{', taken back' if place in undone else ''}"
        rows.append(
            [
                data_table.text(formatting.ago(one.at), "muted nowrap", title=f"{one.at:%c} UTC"),
                data_table.text(one.by),
                data_table.text(words, f"{style} wrap"),
            ]
        )
    made = data_table.text(formatting.ago(saved.created_at), "muted nowrap")
    rows.append([made, data_table.text(saved.made_by), data_table.text("saved it", "muted")])
    data_table.table(["When", "Who", "What"], rows, key=f"history {saved.token}")


def _words(change: Change) -> str:
    """What a change did, with what was there before."""
    if change.undoes is not None:
        return "took a change back"
    parts = []
    for name, before in change.was.items():
        if name == "archived":
            parts.append("brought it back" if before else "archived it")
        elif name in ("blind", "instructions"):
            parts.append(f"changed {WORDS[name]}")
        else:
            was = ", ".join(before) if isinstance(before, tuple) else str(before)
            was = {"": "anybody", "None": "everybody"}.get(was, was)
            parts.append(f"changed {WORDS[name]}, which was {formatting.shorten(was, 80)}")
    return "; ".join(parts)
