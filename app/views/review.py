"""Review: the next solutions of a queue, one at a time, with the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace

import streamlit as st

from app.auth import identity
from app.ui import address, filters, formatting, project
from app.ui.annotators import columns
from app.ui.counts import counted
from app.ui.formatting import number_of
from app.ui.navigation import kept_list
from app.ui.queues import opened, wording
from app.ui.queues.opened import Opened
from app.ui.queues.save import PER_ITEM, save_as_queue
from app.ui.review_table import Progress, review_table
from db.annotators import list_annotators
from db.corrections import own_error_types
from db.engine import Database, stable_hash
from db.lists.comparison import Compared, compared_annotators
from db.lists.kinds import count_kinds
from db.records import AnnotatorRecord, in_order
from db.review.leases import next_items, pace, queue_state
from db.review.saved_queues import Contents
from labeling.review.error_types import offer
from labeling.review.items import Item, review_items
from labeling.review.queues import ADJUDICATION, BY_KIND, DISAGREEMENT, FILTER, in_figures

SHORT, SHORT_LINES = 500, 5  # characters and lines of instructions that always stay in view
AHEAD = 6  # The one on screen and the next, so that going on does not wait for the server.
COLUMNS = 5


def choose_queue(database: Database) -> tuple[Opened, bool]:
    """The queue on screen, which the address has, and whether it is worked on blindly.

    A blind reviewer is told of no queue whose name gives verdicts away, not even of the one that
    a link led to.
    """
    asked_blind = address.get("blind") == "true"
    word = address.get("queue") or ""
    given = opened.of_address(database, word)
    if word and given is None:
        project.complain(f"This project has no queue {formatting.shorten(word, 60)}.")
    if asked_blind and given is not None:
        hidden = opened.covered(database, given, known_by(database))
        if not given.saved and given.queue.blind_words and word == given.queue.name:
            hidden.setdefault("queue", [opened.word_in_address(given, blind=True)])
        if hidden:
            address.put(**hidden)
            given = opened.of_address(database, address.get("queue") or "") or given
    choices = opened.offered(database, blind=asked_blind)
    if given is not None:
        choices.setdefault(given.name, given)

    def read(values: list[str]) -> str:
        one = opened.of_address(database, values[-1]) if values else None
        if values:
            return one.name if one is not None and one.name in choices else DISAGREEMENT.name
        first = opened.first_for_me(database)
        choices.setdefault(first.name, first)
        return first.name

    def write(name: str) -> Mapping[str, list[str] | None]:
        # A saved queue has a filter of its own.
        others = dict.fromkeys((*filters.NAMES, "sort")) if choices[name].saved else {}
        return {**others, "queue": [opened.word_in_address(choices[name], blind=asked_blind)]}

    bound = address.value("queue", read, write)
    name = st.session_state["queue"]
    if name not in choices:  # archived, or given to others, since it was opened
        found = opened.of_address(database, name)
        choices[name] = found or Opened(DISAGREEMENT)
    blind = asked_blind or choices[name].is_blind
    called = {name: opened.words(one, compared, blind=blind) for name, one in choices.items()}
    for name, one in choices.items():
        if one.saved and list(called.values()).count(called[name]) > 1:
            called[name] += " (saved)"  # The box tells its options apart by their words.
    name = st.selectbox(
        "Queue",
        list(choices),
        format_func=called.__getitem__,
        label_visibility="collapsed",
        width=290,
        **bound,
    )
    return choices[name], blind


def known_by(database: Database) -> int | None:
    """The id of the annotator whose labels are known, as the address says."""
    known = [one for one in list_annotators(database) if one.came_with_data]
    word = address.get("known")
    return next((one.id for one in known if word in (None, one.label)), None)


def ask_options(database: Database, chosen: Opened) -> tuple[bool, int | None]:
    """(blind, people per item), which a queue that was saved under a name decides itself."""
    kept = chosen.kept
    with st.popover("Options", icon=":material/tune:"):
        blind = True
        if chosen.is_blind:
            st.text("This queue is blind: scores and what it holds appear with your verdict.")
        else:
            blind = st.toggle(
                "Blind: no scores before my verdict",
                help="Scores, the gold answer and the reason for this item appear once your labels "
                "say where the first error is. What you said before is kept with the correction.",
                **address.value("blind", lambda values: values[-1:] == ["true"], go_blind(chosen)),
            )
        if kept is not None:
            people = "everybody" if kept.per_item is None else number_of(kept.per_item, "person")
            st.text(f"An item is labelled by {people.replace('persons', 'people')}.")
            per_item = kept.per_item
        else:
            per_item = PER_ITEM[
                st.selectbox(
                    "People per item",
                    list(PER_ITEM),
                    help="An item leaves the queue once this many people have labelled it. Nobody "
                    "sees anybody else's labels. An item on somebody's screen is theirs for ten "
                    "minutes.",
                    **address.choice("per", list(PER_ITEM), "1"),
                )
            ]
        if chosen.saved is None:
            known = [one.label for one in list_annotators(database) if one.came_with_data]
            st.selectbox(
                "Known labels for quality control",
                known,
                placeholder="no data set came with labels",
                **address.choice("known", known, known[0] if known else None),
            )
        if identity.is_manager():
            own_types(database)
    return blind, per_item


def go_blind(chosen: Opened) -> Callable[[bool], Mapping[str, list[str] | None]]:
    """What the address says of being blind: with it, nothing of what the queue holds."""

    def write(blind: bool) -> Mapping[str, list[str] | None]:
        hidden = opened.covered(database, chosen, known_by(database)) if blind else {}
        return {**hidden, "blind": ["true"] if blind else None}

    return write


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


def columns_offered(database: Database, compared: Compared) -> list[AnnotatorRecord]:
    """The compared annotators and every machine that is not hidden.

    Labels of other people are left out, so that everybody judges by themselves; so is whoever is
    hidden, as the playground's truth is.
    """
    members = compared.members()
    machines = [one for one in list_annotators(database) if one.kind != "human" and not one.hidden]
    return in_order([*members, *(one for one in machines if one not in members)])


def columns_shown(database: Database, compared: Compared, chosen: Opened) -> list[AnnotatorRecord]:
    """Those that this person chose; at first the compared ones, and older while there is room.

    Where the conflict of people is looked at, they are shown with those that are compared.
    """
    members = compared.members()
    if chosen.queue is ADJUDICATION:
        everybody = list_annotators(database)
        people = [one for one in everybody if one.config.get("source") == "review"]
        return in_order([*members, *people])
    offered = columns_offered(database, compared)
    others = sorted((one for one in offered if one not in members), key=lambda one: -one.id)
    at_first = [*members, *others[: COLUMNS - len(members)]]
    return columns.shown(database, "review", offered, at_first)


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
        "label": opened.words(chosen, compared, blind=blind),
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
    figures = dict(zip(ids, in_figures(database, chosen.queue, compared, ids), strict=True))
    why = opened.reason(database, held, chosen, compared, blind=blind)
    for item in items:
        if item["cut_from"] is None or any(not one["old_cut"] for one in item["annotators"]):
            item["queue_reason"] = why  # Of a cut that nobody annotated it may not hold.
        item["reason"] = figures[item["solution_id"]] + (item["reason"] or "")
    return items, progress_of(reviewer)


def nothing() -> str:
    """What may be done about an empty queue."""
    me = identity.known_reviewer(database, identity.reviewer_name())
    held = 0 if me is None else queue_state(database, queue, me).held
    if held:
        return f"{held:,} are on other people's screens, and come back if nobody labels them there."
    return chosen.queue.needs


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


def heading(chosen: Opened, held: Contents, *, blind: bool) -> None:
    """What the queue holds, unless that would tell, and the ways on."""
    if filters.any_of(held_words := wording.in_address(database, held.wanted)) and not blind:
        said = wording.contents_in_words(database, replace(held, holds=FILTER.name, sort="oldest"))
        st.text(formatting.shorten(said, 44), width="content")
        if chosen.kept is None:
            st.page_link("views/browse.py", label="Change", query_params=held_words)
    if chosen.kept is None and chosen.queue is not ADJUDICATION and not blind:
        save_as_queue(
            database,
            lambda: replace(held, wanted=kept_list.lasting(database, held.wanted)),
            wording.contents_in_words(database, held),
            key="review",
        )
    st.page_link("views/queues.py", label="All queues")


def instructions(text: str) -> None:
    """What whoever saved the queue asks for, above every solution; long ones can be folded."""
    long = len(text) > SHORT or text.count("\n") > SHORT_LINES
    with (
        st.container(key="instructions"),
        st.expander("Instructions", expanded=True) if long else nullcontext(),
    ):
        st.text(text)


database = project.project()
compared = compared_annotators(database)
with st.container(key="wide", horizontal=True, vertical_alignment="center"):
    st.title("Review", width="content")
    chosen, hidden = choose_queue(database)
    blind, per_item = ask_options(database, chosen)
    blind = blind or hidden
    held = opened.contents(database, chosen, known_by(database))
    shown = columns_shown(database, compared, chosen)
    if chosen.queue is not ADJUDICATION:
        with st.popover("Columns", icon=":material/view_column:"):
            columns.ask(database, "review", columns_offered(database, compared), shown)
    heading(chosen, held, blind=blind)
if chosen.kept is not None and chosen.kept.instructions:
    instructions(chosen.kept.instructions)
queue = opened.as_queue(held, chosen, per_item)
kinds = counted(database, "kinds", lambda: count_kinds(database))
if chosen.queue in (DISAGREEMENT, *BY_KIND) and not kinds.compared:
    empty()
    st.stop()
# Who is in a group changes with the labels given here; the words for the group do not.
said = replace(held.wanted, among=None).to_json()
review_table(
    database,
    key="review",
    mode="review",
    queue=stable_hash([chosen.name, filters.given(), said, held.sort, held.reference])[:12],
    annotators=shown,
    load=load,
    nothing=nothing,
    blind=blind and chosen.queue is not ADJUDICATION,
    adjudicating=chosen.queue is ADJUDICATION,
)
