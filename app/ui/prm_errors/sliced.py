"""Slices of the solutions by what is known of them, and the one that the address says."""

from __future__ import annotations

import streamlit as st

from app.ui import address
from app.ui.prm_errors.choice import Choice, notice
from db.engine import Database
from labeling.evaluation.prm_errors.slices import Texts, attributes, texts_of
from labeling.evaluation.scored import ScoredSolutions
from training.metrics.slices import Attribute

BETWEEN = ": "  # an attribute and a slice, as the address has them


def texts(database: Database, choice: Choice, found: ScoredSolutions, key: str) -> Texts:
    """Lengths and LaTeX of the solutions; `key` is another one whenever they are."""
    return _texts(key, database, choice.prm.id, found)


@st.cache_resource(max_entries=10, show_spinner="Reading solutions…")
def _texts(key: str, _database: Database, prm: int, _found: ScoredSolutions) -> Texts:
    return texts_of(_database, prm, _found.ids)


def by_attribute(
    database: Database, choice: Choice, found: ScoredSolutions, key: str
) -> dict[str, Attribute]:
    """All that the solutions can be parted by."""
    return _by_attribute(key, database, choice.prm.id, found)


@st.cache_resource(max_entries=10, show_spinner=False)
def _by_attribute(
    key: str, _database: Database, prm: int, _found: ScoredSolutions
) -> dict[str, Attribute]:
    return attributes(_found, _texts(key, _database, prm, _found))


def narrowed(
    database: Database, choice: Choice, found: ScoredSolutions, key: str
) -> tuple[ScoredSolutions, str | None]:
    """The solutions of the slice in the address, and its name; all of them without one."""
    given = address.get("slice")
    if given is None:
        return found, None
    attribute, _, name = given.partition(BETWEEN)
    places, names = by_attribute(database, choice, found, key).get(attribute, (None, ()))
    if places is None or name not in names:
        notice(f"There is no slice {given!r} here: all solutions are shown.")
        return found, None
    return found.only(places == names.index(name)), given
