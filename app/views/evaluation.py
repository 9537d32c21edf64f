"""Evaluation: how good annotators are, in figures fit for a paper."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.ui import address, project
from app.ui.evaluation import (
    best_of_n,
    biases,
    calibration,
    history,
    matrix,
    mc_thresholds,
)
from app.ui.evaluation.project import Shown, chosen

NO_REFERENCE = (
    "An evaluation compares annotators with labels that people gave, and this project has none. "
    "Import a data set that brings labels, such as ProcessBench, or label 30 random solutions."
)
NO_ANNOTATOR = "No machine has annotated a solution that the reference has labelled."

FIGURES: dict[str, Callable[[Shown], None]] = {
    "First errors": matrix.draw,
    "Over versions": history.draw,
    "Biases": biases.draw,
    "Calibration": calibration.draw,
    "Monte Carlo": mc_thresholds.draw,
}
BEST_OF_N = "Best-of-N"  # Grades decide, and no reference.

database = project.project()
st.title("Evaluation")
choices = [*list(FIGURES)[:2], BEST_OF_N, *list(FIGURES)[2:]]
figures = st.segmented_control(
    "Figures",
    choices,
    required=True,
    label_visibility="collapsed",
    **address.choice("show", choices, choices[0]),
)
found = None if figures == BEST_OF_N else chosen(database)
if figures == BEST_OF_N:
    best_of_n.draw(database)
elif found is None:
    st.text(NO_REFERENCE)
    with st.container(horizontal=True):
        st.page_link("views/imports.py", label="Import labels")
        st.page_link("views/review.py", label="Label at random", query_params={"queue": "random"})
elif not found.annotators:
    st.text(NO_ANNOTATOR)
    st.page_link("views/jobs.py", label="Start an annotator")
else:
    FIGURES[figures or choices[0]](found)
