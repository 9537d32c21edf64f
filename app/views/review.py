"""Review: the next disagreements, one at a time, with the keyboard."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import state, words
from app.desk import desk
from db.annotators import list_annotators
from db.browse import QUEUE_ORDER, count_queue, review_queue
from db.lineup import Lineup
from db.records import AnnotatorRecord
from labeling.review import review_items

AHEAD = 6  # The one on screen and the next, so that going on does not wait for the server.
COLUMNS = 5


def columns(database: Any, lineup: Lineup) -> list[AnnotatorRecord]:
    """The lineup, and older machine annotators while there is room.

    Labels of other people are left out, so that everybody judges by themselves; so is whoever
    is hidden, as the playground's truth is.
    """
    members = lineup.members()
    others = [
        one
        for one in reversed(list_annotators(database))
        if one.kind != "human" and not one.hidden and one not in members
    ]
    return words.annotator_order([*members, *others[: COLUMNS - len(members)]])


database = state.project()
lineup = state.lineup(database)
labels = {words.DISAGREEMENTS[kind]: kind for kind in QUEUE_ORDER}
with st.container(key="wide", horizontal=True, vertical_alignment="center"):
    st.title("Review", width="content")
    chosen = st.selectbox(
        "Disagreement",
        list(labels),
        index=None,
        placeholder="All disagreements",
        key="kind",
        bind="query-params",
        label_visibility="collapsed",
        width=260,
    )
kind = labels[chosen] if chosen else None
shown = columns(database, lineup)


def load(reviewer: AnnotatorRecord | None) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The next few solutions of the queue, and how far the reviewer is."""
    reviewer_id = None if reviewer is None else reviewer.id
    queue = review_queue(database, lineup, reviewer_id, kind=kind, limit=AHEAD)
    left = state.counted(
        database,
        f"left {kind} {reviewer_id} {lineup}",
        lambda: count_queue(database, lineup, reviewer_id, kind=kind),
    )
    total = state.counted(
        database,
        f"queue {kind} {lineup}",
        lambda: count_queue(database, lineup, None, kind=kind),
    )
    items = review_items(
        database, [one for one, _ in queue], shown, reviewer, compared=lineup.members()
    )
    progress = {
        "position": min(total - left + 1, total),
        "total": total,
        "label": chosen or "Disagreement",
    }
    return items, progress


if len(lineup.members()) < 2:
    st.text(
        "Nothing to compare yet: the queue holds the solutions on which Monte Carlo, the judge "
        "and the PRM differ, and fewer than two of them have looked at this project."
    )
    st.page_link("views/jobs.py", label="Start an annotator")
    st.stop()
desk(
    database,
    key="review",
    mode="review",
    queue=kind or "all",
    annotators=shown,
    load=load,
)
