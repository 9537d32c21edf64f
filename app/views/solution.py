"""Solution: one solution with everything that was said about it."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from app.auth import identity
from app.components.data_table import data_table
from app.ui import address, formatting, project
from app.ui.annotators import columns
from app.ui.navigation import carried_list
from app.ui.review_table import review_table
from app.ui.solution.recut import cut_anew, lineage
from db.annotations import annotations_of
from db.annotators import list_annotators
from db.corrections import correction_log, taken_back
from db.engine import Database, DatabaseError
from db.lists.comparison import compared_annotators
from db.records import AnnotatorRecord, CorrectionRecord, in_order
from db.review.recuts import lineages, standing
from db.solutions import get_solution, sibling_solutions
from labeling.review.error_types import word_for
from labeling.review.items import Item, review_items
from labeling.review.old_cuts import of_old_cuts
from labeling.selection import as_json

LABELS = {1: "✓", 0: "–", -1: "✗", None: "·"}
SIBLINGS = 24


def wanted_id() -> int | None:
    """The id in the address, or None for what is no id."""
    given = address.get("id") or ""
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else None


def others_at_work(database: Database, said: set[int]) -> set[int]:
    """People whose labels are not shown unasked: whoever has not labelled yet judges freely."""
    me = identity.known_reviewer(database, identity.reviewer_name())
    if me is not None and me.id in said:
        return set()
    return {one.id for one in list_annotators(database) if identity.is_reviewer(one) and one != me}


def choose_columns(database: Database, solution_id: int) -> list[AnnotatorRecord]:
    """The annotators to show, as the address says; without, as this person chose last.

    Before that all but the hidden. Other people who are not to be seen unasked are never chosen for
    the next solution.
    """
    said = {one.annotator_id for one in annotations_of(database, [solution_id])}
    old = of_old_cuts(database, [get_solution(database, solution_id)]).get(solution_id, ())
    spoke = said | {one.annotator_id for one in old}
    everybody = in_order([a for a in list_annotators(database) if a.id in spoke])
    by_label = {one.label: one for one in everybody}
    unasked = others_at_work(database, said)
    offered = [one for one in everybody if not one.hidden and one.id not in unasked]
    asked = [one.label for one in columns.shown(database, "solution", offered, offered)]
    bound = address.several("annotators", list(by_label), asked)

    def remember(*args: Any) -> None:
        bound["on_change"](*args)
        mine = columns.remembered(database, "solution")
        wanted = {one.id for one in list_annotators(database) if mine is None or mine.show(one.id)}
        picked = {by_label[label].id for label in st.session_state[bound["key"]]}
        here = {one.id for one in offered}
        columns.remember(database, "solution", sorted(wanted - here | picked & here))

    chosen = st.multiselect(
        "Annotators",
        list(by_label),
        format_func=formatting.names(by_label.values()).__getitem__,
        placeholder="Show annotators",
        label_visibility="collapsed",
        key=bound["key"],
        on_change=remember,
        args=bound["args"],
    )
    return [by_label[label] for label in chosen]


def history(database: Database, solution_id: int) -> None:
    """Every act of every reviewer on this solution, newest first."""
    people = {one.id: one.name for one in list_annotators(database)}
    log = correction_log(database, solution_id)
    st.subheader("Corrections")
    said = {one.annotator_id for one in annotations_of(database, [solution_id])}
    unasked = others_at_work(database, said)
    covered = sum(act.annotator_id in unasked for act in log)
    if covered and not st.toggle(
        f"Show {covered:,} by other people",
        key=f"others {solution_id}",
        help="Kept back until you have labelled this solution yourself.",
    ):
        log = [act for act in log if act.annotator_id not in unasked]
    undone = taken_back(log)
    rows: list[Any] = []
    for act in reversed(log):
        what = {"label": formatting.first_error_words(act.first_error), "skip": "skipped"}.get(
            act.action, "took back an earlier act"
        )
        if act.token in undone:
            what += ", taken back"
        style = "muted" if act.token in undone or act.action == "undo" else ""
        rows.append(
            [
                data_table.text(
                    formatting.ago(act.created_at), "muted", title=f"{act.created_at:%c} UTC"
                ),
                data_table.kind("human", people.get(act.annotator_id, "?")),
                data_table.text(what, style),
                data_table.text(" ".join(LABELS[label] for label in act.labels or ()), style),
                data_table.text(", ".join(flag.replace("_", " ") for flag in act.flags), "warn"),
                data_table.text(word_for(act.error_type)),
                data_table.text(act.note or "", "wrap"),
                data_table.text(sight(act), "muted"),
                data_table.text(
                    "" if act.seconds is None else formatting.duration(act.seconds), "muted"
                ),
            ]
        )
    data_table.table(
        [
            "When",
            "Who",
            "First error",
            "Labels",
            "Flags",
            "Why",
            data_table.column("Note", width="35%"),
            "",
            data_table.column("Time spent", "right nowrap"),
        ],
        rows,
        key="history",
        empty="Nobody has corrected this solution yet.",
    )


def sight(act: CorrectionRecord) -> str:
    """What the person saw of the machines' scores before saying so."""
    if act.blind and act.first_labels not in (None, act.labels):
        return "blind at first, then changed"
    if act.blind:
        return "blind"
    return "" if act.scores_visible else "scores hidden"


def siblings(database: Database, problem_id: int, solution_id: int) -> None:
    """Links to the other solutions to the same problem."""
    others = [one for one in sibling_solutions(database, problem_id) if one[0] != solution_id]
    marks = {True: ("✓", "good"), False: ("✗", "bad"), None: ("?", "muted")}
    links: list[data_table.Cell] = []
    for other, is_correct in others[:SIBLINGS]:
        mark, style = marks[is_correct]
        links.append(
            data_table.link(f"{mark} {other}", data_table.page_href("solution", id=other), style)
        )
    if len(others) > SIBLINGS:
        links.append(data_table.text(f"and {len(others) - SIBLINGS:,} more", "muted"))
    words_for = "No other solution" if not others else "Other solutions"
    everything: list[data_table.Cell] = [
        data_table.copy("Copy link", href=data_table.page_href("solution", id=solution_id)),
        data_table.copy(
            "Copy as JSON", text=json.dumps(as_json(database, [solution_id])[0], indent=1)
        ),
        data_table.text(f"{words_for} to this problem", "muted"),
        *links,
    ]
    data_table.line(*everything, key="siblings")


database = project.project()
solution_id = wanted_id()
try:
    if solution_id is None:
        raise DatabaseError("the address names no solution, as in solution?id=123")
    solution = get_solution(database, solution_id)
except DatabaseError as error:
    st.title("No such solution")
    st.text(formatting.sentence(error))
    st.page_link("views/browse.py", label="Browse the solutions")
    st.stop()

with st.container(key="wide", horizontal=True, vertical_alignment="center"):
    st.title("Solution", width="content")
    with st.container(width=260):
        carried_list.show(database, solution.id)
    shown = choose_columns(database, solution.id)
lineage(database, solution.id)
members = compared_annotators(database).members()


def load(reviewer: AnnotatorRecord | None) -> tuple[list[Item], None]:
    """This one solution."""
    return review_items(database, [solution.id], shown, reviewer, compared=members), None


def follow() -> None:
    """Show the cut that stands now, where this one was set aside."""
    if (now := standing(database, solution.id)) != solution.id:
        address.put(id=str(now))
        st.rerun()


review_table(
    database,
    key="solution",
    mode="solution",
    # One for all cuts of a solution, so that undo goes back over them.
    queue=str(min([solution.id, *lineages(database, [solution.id])[solution.id]])),
    annotators=shown,
    load=load,
    on_cut=follow,
)
siblings(database, solution.problem_id, solution.id)
cut_anew(database, solution)
history(database, solution.id)
