"""Evaluation: how good annotators are, in figures fit for a paper."""

from __future__ import annotations

import streamlit as st

from app.ui import project
from app.ui.evaluation import best_of_n, history, matrix
from app.ui.evaluation.project import chosen

NO_REFERENCE = (
    "An evaluation compares annotators with labels that people gave, and this project has none. "
    "Import a data set that brings labels, such as ProcessBench, or label 30 random solutions."
)
NO_ANNOTATOR = "No machine has annotated a solution that the reference has labelled."

FIGURES = ("First errors", "Over versions", "Best-of-N")

database = project.project()
st.title("Evaluation")
figures = st.segmented_control(
    "Figures",
    FIGURES,
    default=FIGURES[0],
    required=True,
    key="show",
    bind="query-params",
    label_visibility="collapsed",
)
found = None if figures == "Best-of-N" else chosen(database)
if figures == "Best-of-N":
    best_of_n.draw(database)
elif found is None:
    st.text(NO_REFERENCE)
    with st.container(horizontal=True):
        st.page_link("views/jobs.py", label="Import labels", query_params={"start": "Import"})
        st.page_link("views/review.py", label="Label at random", query_params={"queue": "random"})
elif not found.annotators:
    st.text(NO_ANNOTATOR)
    st.page_link("views/jobs.py", label="Start an annotator")
elif figures == "Over versions":
    history.draw(found)
else:
    matrix.draw(found)
