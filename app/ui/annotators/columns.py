"""Whose columns a page shows: chosen there by each person, and remembered for the next time.

The choice is the person's, in the database and not in the browser: it follows them to another
machine, and the projects of one server, which share a browser's storage, keep theirs apart.
Whoever has no name has it for the session.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.auth import identity
from app.ui.annotators import compared
from db.annotators import list_annotators
from db.engine import Database
from db.lists import columns as kept
from db.lists.columns import Columns
from db.records import KINDS, AnnotatorRecord, in_order

SESSION = "columns of nobody"


def remembered(database: Database, page: str) -> Columns | None:
    """What this person chose for the page, or None."""
    if name := identity.reviewer_name():
        return kept.chosen_columns(database, name, page)
    here: dict[str, Columns] = st.session_state.get(SESSION, {})
    return here.get(page)


def remember(database: Database, page: str, annotators: Sequence[int] | None) -> None:
    """Show these on the page from now on; None goes back to what is shown at first."""
    if name := identity.reviewer_name():
        kept.choose_columns(database, name, page, annotators)
        return
    here: dict[str, Columns] = st.session_state.setdefault(SESSION, {})
    here.pop(page, None)
    if annotators is not None:
        newest = max((one.id for one in list_annotators(database)), default=0)
        here[page] = Columns(frozenset(annotators), newest)


def shown(
    database: Database,
    page: str,
    offered: Sequence[AnnotatorRecord],
    at_first: Sequence[AnnotatorRecord],
) -> list[AnnotatorRecord]:
    """Of those offered, whom this person wants on the page: `at_first` until they choose.

    Whoever came after the choice is shown: a PRM that was scored last night is there in the
    morning.
    """
    chosen = remembered(database, page)
    if chosen is None:
        return in_order(at_first)
    return in_order([one for one in offered if chosen.show(one.id)])


def ask(
    database: Database,
    page: str,
    offered: Sequence[AnnotatorRecord],
    now: Sequence[AnnotatorRecord],
) -> None:
    """Whose columns to show, a press for each; `now` are those on screen.

    Those who manage the project rename and hide annotators there too.
    """
    there = {one.id for one in now}
    for kind, word in KINDS.items():
        of_kind = {one.id: one.name for one in in_order(offered) if one.kind == kind}
        if not of_kind:
            continue
        key = f"columns {page} {kind}"
        st.session_state[key] = [one for one in of_kind if one in there]

        def keep(key: str = key, of_kind: Sequence[int] = tuple(of_kind)) -> None:
            wanted = there.difference(of_kind).union(st.session_state[key])
            remember(database, page, sorted(wanted))

        st.pills(
            word,
            list(of_kind),
            selection_mode="multi",
            format_func=of_kind.__getitem__,
            key=key,
            on_change=keep,
        )
    st.button(
        "Back to the usual columns",
        type="tertiary",
        disabled=remembered(database, page) is None,
        on_click=remember,
        args=(database, page, None),
    )
    if identity.is_manager():
        compared.ask_name(database)
