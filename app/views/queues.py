"""Queues: those that were saved, how far each is, and those that are always there."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.auth import identity
from app.components.data_table import data_table
from app.ui import address, formatting, project
from app.ui.counts import counted
from app.ui.queues import always, change, wording
from db.engine import Database
from db.review.saved_queues import SavedQueue, for_person, saved_queues
from labeling.review.saved import progress_of

PEOPLE_SHOWN = 4


def rows(database: Database, queues: list[SavedQueue], opened: str) -> list[data_table.Row]:
    """A row for each queue, which opens it in Review; managers also see what blind ones hold."""
    me, manages = identity.reviewer_name(), identity.is_manager()
    found = []
    for one in queues:
        done = counted(
            database,
            f"progress {one.contents} {one.per_item} {len(one.assigned)}",
            partial(progress_of, database, one),
        )
        told = manages or not one.blind
        name = one.name if told and one.name else wording.title(one, blind=one.blind)
        href = data_table.page_href("review", queue=one.token)
        holds = wording.contents_in_words(database, one.contents) if told else "blind"
        cells: list[data_table.Cell] = [
            data_table.stack(
                data_table.link(name, href, "main strong"),
                data_table.text(formatting.shorten(holds, 90), "muted"),
            ),
            data_table.bar(
                done.done / done.total if done.total else 0.0,
                f"{done.done:,} of {done.total:,}",
                "human",
                title="Labelled by as many people as the queue asks for",
            ),
            f"{done.total - done.done:,}",
            by_whom(done.by),
            assigned(one, me),
            data_table.text(how(one), "muted nowrap"),
        ]
        if manages:
            cells.append(data_table.pick("Change", one.id))
        found.append(data_table.door(cells, chosen=one.token == opened))
    return found


def by_whom(counts: dict[str, int]) -> data_table.Cell:
    """Who labelled how many, most first."""
    if not counts:
        return data_table.text("nobody yet", "muted")
    parts = [f"{name} {count:,}" for name, count in counts.items()]
    more = f", {len(parts) - PEOPLE_SHOWN} more" if len(parts) > PEOPLE_SHOWN else ""
    return data_table.text(", ".join(parts[:PEOPLE_SHOWN]) + more, title=", ".join(parts))


def assigned(saved: SavedQueue, me: str) -> data_table.Cell:
    """Who is to work on it, oneself first."""
    if not saved.assigned:
        return data_table.text("anybody", "muted")
    mine = ["you"] if me in saved.assigned else []
    return data_table.text(", ".join([*mine, *(one for one in saved.assigned if one != me)]))


def how(saved: SavedQueue) -> str:
    """How it is worked on, where that is not as usual."""
    parts = ["archived"] if saved.archived else []
    if saved.per_item != 1:
        parts.append("everybody" if saved.per_item is None else f"{saved.per_item} people each")
    return ", ".join([*parts, *(["blind"] if saved.blind else [])])


def nothing() -> None:
    """No queue is saved: how to have one."""
    if not identity.is_manager():
        st.text("No queue has been saved yet; managers save them. These are always there.")
        return
    st.text(
        "No queue has been saved yet. Narrow the list in Browse, choose mistakes on PRM errors, "
        "or open a queue in Review. Save as a queue, there, gives it a name, instructions and "
        "people to work on it."
    )
    data_table.line(
        data_table.link("Browse", "browse"),
        data_table.link("PRM errors", "prm_errors"),
        key="ways",
    )


def saved(database: Database, every: list[SavedQueue], *, with_archived: bool) -> None:
    """The queues that people saved, and below them the one that is to be changed."""
    opened = address.get("queue") or ""
    queues = [one for one in every if with_archived or not one.archived or one.token == opened]
    mine = for_person(queues, identity.reviewer_name())
    if identity.is_manager():
        mine += [one for one in queues if one not in mine]
    picked = data_table.table(
        [
            "Saved",
            data_table.column("Done", width="16%"),
            data_table.column("Left", "right"),
            data_table.column("By", width="18%"),
            data_table.column("Assigned to", width="16%"),
            "How",
            *([""] if identity.is_manager() else []),
        ],
        rows(database, mine, opened),
        key="queues",
        empty="No saved queue is for you.",
    )
    if picked is not None:
        address.put(queue=next((one.token for one in mine if one.id == picked), None))
        st.rerun()
    chosen = next((one for one in mine if one.token == opened), None)
    if chosen is not None and identity.is_manager():
        change.show(database, chosen)


database = project.project()
with st.container(key="wide", horizontal=True, vertical_alignment="center"):
    st.title("Queues", width="content")
    every = saved_queues(database, archived=True)
    archived = sum(one.archived for one in every)
    with_archived = False
    if archived and identity.is_manager():
        with_archived = st.toggle(f"Show {archived:,} archived", **address.switch("archived"))
if every:
    saved(database, every, with_archived=with_archived)
else:
    nothing()
always.show(database)
