"""One version beside another: what the newer one mends, and what it breaks."""

from __future__ import annotations

import streamlit as st

from app.components.data_table import data_table
from app.ui import address
from app.ui.prm_errors.choice import OF_THE_LIST, Choice
from app.ui.prm_errors.chosen import CHANGES, Chosen, changes
from app.ui.prm_errors.population import Population
from training.evaluation import NO_ERROR


def show(choice: Choice, population: Population, chosen: Chosen) -> None:
    """How many solutions each change holds, McNemar's test, and the lowest scores of both."""
    if choice.versus is None or population.both is None:
        st.text("Choose a PRM to compare with, at the head of this page.")
        return
    which = changes(population, chosen.t)
    wrong = population.found.scored.reference != NO_ERROR
    rows: list[list[data_table.Cell]] = []
    for place, (name, words) in enumerate(CHANGES.items()):
        members = which[name]
        rows.append(
            [
                data_table.pick(words, place + 1, "strong" if chosen.change == name else ""),
                f"{int(members.sum()):,}",
                f"{int((members & wrong).sum()):,}",
                f"{int((members & ~wrong).sum()):,}",
            ]
        )
    picked = data_table.table(
        [
            "",
            data_table.column("solutions", "right"),
            data_table.column("with an error", "right"),
            data_table.column("without one", "right"),
        ],
        rows,
        key="changes",
    )
    if picked is not None:
        address.put(**{**dict.fromkeys(OF_THE_LIST), "change": list(CHANGES)[picked - 1]})
        st.rerun()
