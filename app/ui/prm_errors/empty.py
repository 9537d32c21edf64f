"""What the page shows while it has nothing to show, and the way out of it."""

from __future__ import annotations

import streamlit as st

from app.components.data_table import data_table
from app.ui.formatting import JOBS, number_of
from app.ui.prm_errors.choice import NOBODY, Choice, references
from app.ui.prm_errors.population import ALL, Population
from db.engine import Database

ENOUGH = 30  # solutions, from which a first impression comes


def no_prm() -> None:
    """No PRM has scored anything."""
    st.text(
        "This page shows where a process reward model is wrong. No PRM has scored any solution "
        "of this project yet: score them with one that you have, or train one on an export."
    )
    data_table.line(
        data_table.link(
            "Score with a PRM", data_table.page_href("jobs", start=JOBS["annotate_prm"])
        ),
        data_table.link("Train a PRM", data_table.page_href("jobs", start=JOBS["train"])),
        key="no prm",
    )


def no_reference(database: Database) -> None:
    """Nobody's verdicts count as the truth yet."""
    st.text(
        "A PRM is wrong beside something. No labels came with these solutions, and nobody has "
        f"labelled any: {ENOUGH} random ones are enough for a first look."
    )
    cells: list[data_table.Cell] = [
        data_table.link(
            f"Label {ENOUGH} random solutions", data_table.page_href("review", queue="random")
        )
    ]
    for one in references(database):
        href = data_table.page_href("prm_errors", ref=one.label)
        cells.append(data_table.link(f"Measure against {one.label}", href))
    data_table.line(*cells, key="no reference")


def no_solutions(choice: Choice, population: Population) -> None:
    """Nothing is left of what both have said."""
    names = f"{choice.prm.label} and {choice.reference.label}"
    here = {"prm": choice.prm.label, "ref": choice.reference.label}
    if population.n_trained_on:
        n = number_of(population.n_trained_on, "solution")
        st.text(f"{choice.prm.name} was trained on the problems of all {n} found here.")
        href = data_table.page_href("prm_errors", **here, on=ALL)
        data_table.line(data_table.link("Show them all the same", href), key="trained on")
        return
    st.text(
        f"No solution that these conditions leave has scores by {choice.prm.label} and a "
        f"verdict by {choice.reference.label}. Take a condition away, or choose others."
    )
    data_table.line(
        data_table.link(
            "Without conditions", data_table.page_href("prm_errors", **here, vs=NOBODY)
        ),
        data_table.link(
            f"Score more with {choice.prm.name}",
            data_table.page_href("jobs", start=JOBS["annotate_prm"]),
        ),
        key=f"nothing {names}",
    )
