"""Which PRM is looked at, beside which reference and version: chosen in the head of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from app.components.data_table import data_table
from app.ui import address, filters, formatting
from app.ui.counts import counted
from app.ui.navigation import beside
from db.annotators import list_annotators
from db.engine import Database
from db.lists.browse import filter_choices
from db.lists.comparison import compared_annotators
from db.lists.counts import coverage
from db.records import AnnotatorRecord

NOBODY = "none"
# What another choice at the head takes out of the address: it names solutions of the list shown.
OF_THE_LIST = ("open", "page", "cell", "outcome", "change", "picked", "part")
# The words of a filter that the page's own choices say already.
POPULATION = tuple(name for name in filters.NAMES if name not in beside.NAMES)


@dataclass(frozen=True, slots=True)
class Choice:
    """A PRM, the reference it is measured against, and the PRM it is compared with, if any."""

    prm: AnnotatorRecord
    reference: AnnotatorRecord
    versus: AnnotatorRecord | None


def prms(database: Database) -> list[AnnotatorRecord]:
    """Who has scored steps, PRMs and judges: the compared PRM first, then PRMs, newest first."""
    compared = compared_annotators(database).prm
    found = [one for one in list_annotators(database, with_work=True) if one.has_threshold]
    return sorted(found, key=lambda one: (one != compared, one.hidden, one.kind != "prm", -one.id))


def references(database: Database) -> list[AnnotatorRecord]:
    """Whom a PRM may be measured against: people first, those with the most verdicts first."""
    counts = counted(database, "coverage", lambda: coverage(database))
    verdicts = {one.annotator.id: one.with_verdict for one in counts}
    found = [one for one in list_annotators(database, with_work=True) if one.kind != "prm"]
    return sorted(found, key=lambda one: (one.kind != "human", -verdicts.get(one.id, 0)))


def ask(database: Database) -> tuple[Choice | None, st.delta_generator.DeltaGenerator]:
    """Draw the choices; None while there is no reference, and the place for one more choice."""
    of, against = prms(database), references(database)
    columns = st.columns([1.1, 1.35, 1.1, 1.1], gap="small")
    prm = _one_of(columns[0], "PRM", "prm", of, of[0]) or of[0]
    others = [one for one in of if one != prm]
    older = next((one for one in others if one.id < prm.id), None)
    people = [one for one in against if one.kind == "human"]
    reference = _one_of(
        columns[1],
        "Reference",
        "ref",
        [one for one in against if one != prm],
        people[0] if people else None,
        "choose one",
    )
    versus = _one_of(columns[2], "Compared with", "vs", others, older, nobody=True)
    if reference is None:
        return None, columns[3]
    return Choice(prm, reference, versus), columns[3]


def _one_of(
    place: st.delta_generator.DeltaGenerator,
    label: str,
    name: str,
    options: Sequence[AnnotatorRecord],
    default: AnnotatorRecord | None,
    placeholder: str | None = None,
    *,
    nobody: bool = False,
) -> AnnotatorRecord | None:
    """One of these annotators, in the address by its label; `nobody` offers to choose none."""
    by_label = {one.label: one for one in options}
    words = formatting.names(options)
    labels = [*by_label, NOBODY] if nobody else list(by_label)
    given = address.get(name)
    if given is not None and given not in labels:
        notice(f"This project has no {given!r} to choose as {label.lower()}.")
    first = default.label if default is not None else (NOBODY if nobody else None)
    chosen = place.selectbox(
        label,
        labels,
        format_func=lambda one: words.get(one, "nothing"),
        placeholder=placeholder,
        **address.choice(name, labels, first, clears=OF_THE_LIST),
    )
    return by_label.get(chosen or "")


def notice(*words: str) -> None:
    """Something to know before believing the figures."""
    cells = [data_table.text(one, "warn") for one in words]
    data_table.line(*cells, key=f"notice {' '.join(words)}")


def given_filter() -> dict[str, str]:
    """What the address says of the population, in the words of Browse."""
    return {name: value for name, value in filters.given().items() if name in POPULATION}


def ask_filter(database: Database) -> None:
    """Everything that narrows the population, as chips, and a menu to add to it."""
    slice = address.get("slice")
    asked = filters.conditions(database, given_filter())
    for names, words in [*asked, *([(("slice",), slice)] if slice else [])]:
        if st.button(f"{words} ✕", key=f"chip {names[0]}", help="Take this condition away"):
            address.put(**dict.fromkeys(names), **dict.fromkeys(OF_THE_LIST))
            st.rerun()
    datasets, generators = counted(database, "choices", lambda: filter_choices(database))
    with st.popover("Filter", icon=":material/filter_list:"):
        _choose("Data set", "dataset", datasets)
        _choose("Generator", "generator", generators)
        _choose("Answer", "answer", filters.ANSWERS)
        _choose("People", "people", filters.PEOPLE)
        left, right = st.columns(2)
        for place, label, name in ((left, "Steps from", "from"), (right, "to", "to")):
            place.text_input(
                label,
                placeholder="any",
                max_chars=5,
                **address.text(name, clears=OF_THE_LIST),
            )
        st.text_input("Problem or steps contain", **address.text("text", clears=OF_THE_LIST))


def _choose(label: str, name: str, options: Iterable[str]) -> None:
    offered = list(options)
    bound = address.choice(name, offered, clears=OF_THE_LIST)
    st.selectbox(label, offered, index=None, placeholder="any", **bound)
