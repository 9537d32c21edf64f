"""The tabs below the list; only the one that is open is computed."""

from __future__ import annotations

import streamlit as st

from app.ui import address
from app.ui.prm_errors.choice import Choice
from app.ui.prm_errors.chosen import Chosen
from app.ui.prm_errors.population import Population
from app.ui.prm_errors.tabs import biases, calibration, slices, versions
from db.engine import Database

SLICES, CALIBRATION = "Slices", "Calibration"
VERSIONS, BIASES = "Version to version", "Biases"


def show(database: Database, choice: Choice, population: Population, chosen: Chosen) -> None:
    """The names of the tabs, and the open one; its name is in the address."""
    names = [SLICES, CALIBRATION, VERSIONS, BIASES]
    opened = st.segmented_control(
        "Figures", names, label_visibility="collapsed", **address.choice("tab", names, names[0])
    )
    if opened == CALIBRATION:
        calibration.show(database, choice, population)
    elif opened == VERSIONS:
        versions.show(database, choice, population, chosen)
    elif opened == BIASES:
        biases.show(database, choice, population, chosen)
    else:
        slices.show(database, choice, population, chosen)
