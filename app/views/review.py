"""Review: the next solutions of a queue, one at a time, with the keyboard."""

from __future__ import annotations

import streamlit as st

from app.auth import identity
from app.ui import address, filters, formatting, project
from app.ui.counts import counted
from app.ui.review_table import Progress, review_table
from db.annotators import list_annotators
from db.corrections import own_error_types
from db.engine import Database, stable_hash
from db.lists.comparison import Compared, compared_annotators
from db.lists.kinds import count_kinds
from db.records import AnnotatorRecord, in_order
from db.review.leases import next_items, pace, queue_state
from db.review.queues import Queue
from labeling.review.error_types import offer
from labeling.review.items import Item, review_items
from labeling.review.queues import (
    ADJUDICATION,
    BY_KIND,
    DISAGREEMENT,
    FILTER,
    QUEUES,
    ReviewQueue,
    by_address,
    in_address,
    in_figures,
    in_general,
    in_words,
)

AHEAD = 6  # The one on screen and the next, so that going on does not wait for the server.
COLUMNS = 5
PER_ITEM = {"1": 1, "2": 2, "3": 3, "everybody": None}


def choose_queue(*, blind: bool) -> ReviewQueue:
    """The queue on screen; the address has its name.

    A blind reviewer is told of no queue whose name gives verdicts away, not even of the one that
    a link led to.
    """
    name = address.get("queue") or ""
    given = by_address(name) or DISAGREEMENT
    if blind and given.blind_words and name == given.name:
        address.put(queue=in_address(given, blind=True))
    narrowed = filters.any_of(filters.given())
    options = [
        one.name
        for one in QUEUES.values()
        if (one is not FILTER or narrowed) and (one is given or not (blind and one.blind_words))
    ]

    def read(values: list[str]) -> str:
        one = by_address(values[-1]) if values else None
        return one.name if one is not None and one.name in options else DISAGREEMENT.name

    def write(name: str) -> list[str]:
        return [in_address(QUEUES[name], blind=blind)]

    name = st.selectbox(
        "Queue",
        options,
        format_func=lambda name: compared.named(in_words(QUEUES[name], blind=blind)),
        label_visibility="collapsed",
        width=290,
        **address.value("queue", read, write),
    )
    return QUEUES[name]


def ask_options(database: Database) -> tuple[bool, int | None, int | None]:
    """(blind, people per item, id of the annotator whose labels are known)."""
    known = [one.label for one in list_annotators(database) if one.came_with_data]
    with st.popover("Options", icon=":material/tune:"):
        blind = st.toggle(
            "Blind: no scores before my verdict",
            help="Scores, the gold answer and the reason for this item appear once your labels say "
            "where the first error is. What you said before is kept with the correction.",
            **address.switch("blind"),
        )
        people = st.selectbox(
            "People per item",
            list(PER_ITEM),
            help="An item leaves the queue once this many people have labelled it. Nobody sees "
            "anybody else's labels. An item on somebody's screen is theirs for ten minutes.",
            **address.choice("per", list(PER_ITEM), "1"),
        )
        reference = st.selectbox(
            "Known labels for quality control",
            known,
            placeholder="no data set came with labels",
            **address.choice("known", known, known[0] if known else None),
        )
        if identity.is_manager():
            own_types(database)
    ids = {one.label: one.id for one in list_annotators(database)}
    return blind, PER_ITEM[people], ids.get(reference or "")


def own_types(database: Database) -> None:
    """Let a manager say which types of error this project has beside PRMBench's."""
    there = own_error_types(database)
    wanted = st.multiselect(
        "Error types of your own",
        there,
        default=there,
        key="own_types",
        accept_new_options=True,
        placeholder="such as: unit slip",
        help="In review, w says why a first error is one: PRMBench's nine types have the digits, "
        "yours the letters. What was given a type keeps it when the type goes.",
    )
    if wanted == there:
        return
    try:
        offer(database, wanted)
    except ValueError as error:
        project.complain(error)


def columns(database: Database, compared: Compared, chosen: ReviewQueue) -> list[AnnotatorRecord]:
    """The compared annotators, and older machines while there is room.

    Labels of other people are left out, so that everybody judges by themselves, unless it is
    their conflict that is looked at; so is whoever is hidden, as the playground's truth is.
    """
    members = compared.members()
    everybody = list_annotators(database)
    if chosen is ADJUDICATION:
        people = [one for one in everybody if one.config.get("source") == "review"]
        return in_order([*members, *people])
    others = [
        one
        for one in reversed(everybody)
        if one.kind != "human" and not one.hidden and one not in members
    ]
    return in_order([*members, *others[: COLUMNS - len(members)]])


def as_queue(
    database: Database, chosen: ReviewQueue, per_item: int | None, reference: int | None
) -> Queue:
    """What the page asks the database for."""
    wanted = filters.asked_for(database, filters.given())
    sort = filters.sort_of(database, address.get("sort") or "")
    return Queue(chosen.members, wanted, sort=sort, per_item=per_item, reference=reference)


def progress_of(reviewer: AnnotatorRecord | None) -> Progress:
    """How far the reviewer is, and how fast."""
    who = None if reviewer is None else reviewer.id
    counts = counted(
        database, f"queue {queue} {who}", lambda: queue_state(database, queue, reviewer)
    )
    shown: Progress = {
        "position": min(counts.total - counts.left + 1, counts.total),
        "total": counts.total,
        "left": counts.left,
        "label": compared.named(in_words(chosen, blind=blind)),
    }
    if reviewer is not None:
        shown["today"], seconds = pace(database, reviewer, formatting.midnight())
        if seconds is not None:
            left = formatting.duration(seconds * counts.left)
            shown["pace"] = f"{formatting.duration(seconds)} each · about {left} left"
    return shown


def load(reviewer: AnnotatorRecord | None) -> tuple[list[Item], Progress]:
    """The next few solutions of the queue, and how far the reviewer is."""
    ids = next_items(database, queue, reviewer, AHEAD)
    items = review_items(database, ids, shown, reviewer, compared=compared.members())
    figures = dict(zip(ids, in_figures(database, chosen, compared, ids), strict=True))
    for item in items:
        item["queue_reason"] = compared.named(in_general(chosen, blind=blind))
        item["reason"] = figures[item["solution_id"]] + (item["reason"] or "")
    return items, progress_of(reviewer)


def nothing() -> str:
    """What may be done about an empty queue."""
    me = identity.known_reviewer(database, identity.reviewer_name())
    held = 0 if me is None else queue_state(database, queue, me).held
    if held:
        return f"{held:,} are on other people's screens, and come back if nobody labels them there."
    return chosen.needs


def empty() -> None:
    """Nothing is compared yet: say how to get there."""
    st.text(
        "Nothing to compare yet: this queue holds the solutions on which Monte Carlo, a judge "
        "and a PRM differ, and fewer than two of them have annotated this project."
    )
    st.page_link("views/jobs.py", label="Start an annotator")
    st.page_link(
        "views/review.py", label="Label random solutions", query_params={"queue": "random"}
    )


database = project.project()
compared = compared_annotators(database)
with st.container(key="wide", horizontal=True, vertical_alignment="center"):
    st.title("Review", width="content")
    chosen = choose_queue(blind=address.get("blind") == "true")
    blind, per_item, reference = ask_options(database)
    if filters.any_of(filters.given()) and not blind:
        st.text(
            formatting.shorten(filters.in_words(database, filters.given()), 70), width="content"
        )
        st.page_link("views/browse.py", label="Change", query_params=filters.given())
queue = as_queue(database, chosen, per_item, reference)
shown = columns(database, compared, chosen)
kinds = counted(database, "kinds", lambda: count_kinds(database))
if chosen in (DISAGREEMENT, *BY_KIND) and not kinds.compared:
    empty()
    st.stop()
review_table(
    database,
    key="review",
    mode="review",
    queue=stable_hash([chosen.name, queue.wanted.to_json(), queue.sort, reference])[:12],
    annotators=shown,
    load=load,
    nothing=nothing,
    blind=blind and chosen is not ADJUDICATION,
    adjudicating=chosen is ADJUDICATION,
)
