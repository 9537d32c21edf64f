"""Who is compared, chosen on Overview; renaming, hiding and showing annotators."""

from __future__ import annotations

import streamlit as st

from app.auth import identity
from app.ui import counts, project
from db.annotators import list_annotators, rename_annotator
from db.engine import Database
from db.lists import choice
from db.lists.comparison import chosen_kinds, compared_annotators
from db.records import KINDS, AnnotatorRecord

ROLES = {**KINDS, "human": "Reference"}  # what an annotator of each kind is compared as
HELP = (
    "Queues, lists and the default consensus rule compare one annotator of each kind: the one that "
    "covers most solutions, unless you choose. A choice stays until somebody changes it."
)


def control(database: Database) -> None:
    """Who is compared, in a line; those who manage the project can change it there."""
    now = compared_annotators(database)
    names = [one.name for one in now.by_role().values() if one is not None]
    st.text("Compared: " + (" · ".join(names) or "nobody yet"), width="content", help=HELP)
    if not identity.is_manager():
        return
    everybody = _nameable(database)
    if not everybody:
        return
    with st.popover("Compare, rename, hide"):
        _ask_compared(database, [one for one in everybody if not one.hidden])
        ask_name(database)


def _nameable(database: Database) -> list[AnnotatorRecord]:
    """Machines and labels that came with data; a person's name is their own."""
    return [
        one
        for one in list_annotators(database, with_work=True)
        if one.kind != "human" or one.came_with_data
    ]


def _ask_compared(database: Database, visible: list[AnnotatorRecord]) -> None:
    chosen = chosen_kinds(database)
    for one in compared_annotators(database).by_role().values():
        if one is None:
            continue
        labels = [other.label for other in visible if other.kind == one.kind]
        by_coverage = f"Most coverage ({one.name})" if one.kind not in chosen else "Most coverage"
        options = [by_coverage, *labels]
        now = one.label if one.kind in chosen else by_coverage
        picked = st.selectbox(
            ROLES[one.kind],
            options,
            options.index(now) if now in options else 0,
            format_func=lambda option: option.partition(":")[2] or option,
            key=f"compare {one.kind} {now}",
        )
        if picked == now:
            continue
        try:
            with st.spinner("Comparing"):
                if picked == by_coverage:
                    choice.compare_by_coverage(database, [one.kind])
                else:
                    choice.compare(database, picked)
        except ValueError as error:
            project.complain(error)
        else:
            _again(database)


def ask_name(database: Database) -> None:
    """Rename, hide or show an annotator, for everybody."""
    by_label = {one.label: one for one in _nameable(database)}
    if not by_label:
        return
    label = st.selectbox(
        "Rename or hide for everybody",
        list(by_label),
        format_func=lambda one: f"{one} (hidden)" if by_label[one].hidden else one,
        key="renamed",
    )
    one = by_label[label]
    name = st.text_input(
        "Name",
        one.name,
        key=f"name of {one.id} {one.name}",
        help="Links, jobs and rules that say the old name still find it.",
    )
    with st.container(horizontal=True):
        rename = st.button("Rename", disabled=name.strip() in ("", one.name))
        swap = st.button(
            "Show" if one.hidden else "Hide",
            help="A hidden annotator is in no list and not compared. What it said stays stored.",
        )
    if not rename and not swap:
        return
    try:
        with st.spinner("Comparing"):
            if rename:
                rename_annotator(database, label, name)
            else:
                (choice.show if one.hidden else choice.hide)(database, label)
    except ValueError as error:
        project.complain(error)
    else:
        st.session_state.pop("renamed", None)
        _again(database)


def _again(database: Database) -> None:
    counts.forget(database)
    st.rerun()
