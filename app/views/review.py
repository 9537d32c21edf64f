"""Review: the next solutions of a queue, one at a time, with the keyboard."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import streamlit as st

from app.auth import identity
from app.ui import filters, formatting, project
from app.ui.counts import counted
from app.ui.review_table import desk
from db.annotators import list_annotators
from db.engine import Database, stable_hash
from db.lists.comparison import QUEUE_ORDER, Lineup, count_kinds, newest_lineup
from db.lists.queues import Queue, next_items, pace, queue_state
from db.records import AnnotatorRecord
from labeling.review.items import review_items
from labeling.review.queues import in_figures, in_general

AHEAD = 6  # The one on screen and the next, so that going on does not wait for the server.
COLUMNS = 5
ALL = "all"
CHOICES = {
    ALL: "All disagreements",
    **{kind: formatting.DISAGREEMENTS[kind] for kind in QUEUE_ORDER},
    "uncertain_prm": "PRM least sure",
    "uncertain_mc": "MC least sure",
    "split_votes": "Judge's votes split",
    "high_wrong": "Wrong answer, high PRM score",
    "low_right": "Right answer, low PRM score",
    "random": "Random control",
    "known": "Quality control (known labels)",
    "adjudication": "Adjudication: people disagree",
    "filter": "From Browse",
}
EMPTY = {
    "split_votes": "Only a judge that was asked for several votes has some that are split.",
    "uncertain_prm": "Score the solutions with a PRM first, in Jobs.",
    "uncertain_mc": "Run Monte Carlo first, in Jobs.",
    "high_wrong": "It takes a PRM's scores and graded answers.",
    "low_right": "It takes a PRM's scores and graded answers.",
    "known": "It takes solutions that were imported with labels; choose whose under Options.",
    "adjudication": "Nobody disagrees with anybody, or everything is settled.",
    "filter": "Choose other solutions in Browse.",
}
PER_ITEM = {"1": 1, "2": 2, "3": 3, "everybody": None}


def choose_queue() -> str:
    """The queue on screen; the address has its short name."""

    def remember() -> None:
        st.query_params["queue"] = st.session_state.queue_choice

    options = [name for name in CHOICES if name != "filter" or filters.any_of(filters.given())]
    given = st.query_params.get("queue", ALL)
    return st.selectbox(
        "Queue",
        options,
        index=options.index(given) if given in options else 0,
        format_func=CHOICES.__getitem__,
        key="queue_choice",
        on_change=remember,
        label_visibility="collapsed",
        width=290,
    )


def ask_options(database: Database) -> tuple[bool, int | None, int | None]:
    """(blind, people per item, id of the annotator whose labels are known)."""
    known = [one.label for one in list_annotators(database) if not can_be_reviewed_by(one)]
    with st.popover("Options", icon=":material/tune:"):
        blind = st.toggle(
            "Blind: no scores before my verdict",
            key="blind",
            bind="query-params",
            help="Machine scores and the reason for this item appear once your labels say where "
            "the first error is. What you said before is kept with the correction.",
        )
        people = st.selectbox(
            "People per item",
            list(PER_ITEM),
            key="per",
            bind="query-params",
            help="An item leaves the queue when so many people have labelled it; nobody sees the "
            "labels of another. An item on somebody's screen is theirs for ten minutes.",
        )
        reference = st.selectbox(
            "Known labels for quality control",
            known,
            key="known",
            bind="query-params",
            placeholder="no data set came with labels",
        )
    ids = {one.label: one.id for one in list_annotators(database)}
    return blind, PER_ITEM[people], ids.get(reference or "")


def can_be_reviewed_by(annotator: AnnotatorRecord) -> bool:
    """Whether it is a machine or a person at work, and not labels that came with the data."""
    return annotator.kind != "human" or annotator.config.get("source") in (
        "review",
        "adjudication",
    )


def columns(database: Database, lineup: Lineup, queue: Queue) -> list[AnnotatorRecord]:
    """The lineup, and older machine annotators while there is room.

    Labels of other people are left out, so that everybody judges by themselves, unless it is
    their conflict that is looked at; so is whoever is hidden, as the playground's truth is.
    """
    members = lineup.members()
    everybody = list_annotators(database)
    if queue.name == "adjudication":
        people = [one for one in everybody if one.config.get("source") == "review"]
        return formatting.annotator_order([*members, *people])
    others = [
        one
        for one in reversed(everybody)
        if one.kind != "human" and not one.hidden and one not in members
    ]
    return formatting.annotator_order([*members, *others[: COLUMNS - len(members)]])


def as_queue(chosen: str, per_item: int | None, reference: int | None, database: Any) -> Queue:
    """What the page asks the database for."""
    wanted = filters.understood(database, filters.given())
    if chosen in QUEUE_ORDER:
        return Queue("disagreement", replace(wanted, disagreement=chosen), per_item=per_item)
    sort = filters.SORTS.get(st.query_params.get("sort", ""), "oldest")
    name = "disagreement" if chosen == ALL else chosen
    return Queue(name, wanted, sort=sort, per_item=per_item, reference=reference)


def progress_of(reviewer: AnnotatorRecord | None, chosen: str) -> dict[str, Any]:
    """How far the reviewer is, and how fast."""
    who = None if reviewer is None else reviewer.id
    counts = counted(
        database, f"queue {queue} {who}", lambda: queue_state(database, queue, reviewer)
    )
    shown = {
        "position": min(counts.total - counts.left + 1, counts.total),
        "total": counts.total,
        "left": counts.left,
        "label": CHOICES[chosen],
    }
    if reviewer is not None:
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        shown["today"], seconds = pace(database, reviewer, midnight)
        if seconds is not None:
            left = formatting.duration(seconds * counts.left)
            shown["pace"] = f"{formatting.duration(seconds)} each · about {left} left"
    return shown


def load(reviewer: AnnotatorRecord | None) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The next few solutions of the queue, and how far the reviewer is."""
    ids = next_items(database, queue, reviewer, AHEAD)
    items = review_items(database, ids, shown, reviewer, compared=lineup.members())
    figures = dict(zip(ids, in_figures(database, queue, lineup, ids), strict=True))
    for item in items:
        item["queue_reason"] = in_general(queue, blind=blind)
        item["reason"] = figures[item["solution_id"]] + (item["reason"] or "")
    return items, progress_of(reviewer, chosen)


def nothing() -> str:
    """What may be done about an empty queue."""
    me = identity.known_reviewer(database, identity.reviewer_name())
    held = 0 if me is None else queue_state(database, queue, me).held
    if held:
        return f"{held:,} are on other people's screens, and come back if they are left there."
    return EMPTY.get(chosen, "Choose another queue above.")


def empty(lineup: Lineup) -> None:
    """Nothing is compared yet: say how to get there."""
    st.text(
        "Nothing to compare yet: this queue holds the solutions on which Monte Carlo, the judge "
        "and the PRM differ, and fewer than two of them have looked at this project."
    )
    st.page_link("views/jobs.py", label="Start an annotator")
    st.page_link(
        "views/review.py", label="Label random solutions", query_params={"queue": "random"}
    )


database = project.project()
lineup = newest_lineup(database)
with st.container(key="wide", horizontal=True, vertical_alignment="center"):
    st.title("Review", width="content")
    chosen = choose_queue()
    blind, per_item, reference = ask_options(database)
    if filters.any_of(filters.given()):
        st.text(formatting.shorten(filters.in_words(filters.given()), 70), width="content")
        st.page_link("views/browse.py", label="Change", query_params=filters.given())
queue = as_queue(chosen, per_item, reference, database)
shown = columns(database, lineup, queue)
if queue.name == "disagreement" and not count_kinds(database):
    empty(lineup)
    st.stop()
desk(
    database,
    key="review",
    mode="review",
    queue=stable_hash([chosen, queue.wanted.to_json(), queue.sort, reference])[:12],
    annotators=shown,
    load=load,
    nothing=nothing,
    blind=blind and queue.name != "adjudication",
    adjudicating=queue.name == "adjudication",
)
