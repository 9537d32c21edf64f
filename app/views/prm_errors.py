"""PRM errors: where a PRM is wrong, at any threshold, with every mistake to read and relabel."""

from __future__ import annotations

import streamlit as st

from app.ui import project
from app.ui.prm_errors import (
    board,
    choice,
    chosen,
    drawer,
    empty,
    headline,
    mistakes,
    population,
)
from app.ui.prm_errors.tabs import frame

database = project.project()
drawer.follow()
with st.container(key="wide", horizontal=True, vertical_alignment="center"):
    st.title("PRM errors", width="content")
    place = st.container(horizontal=True, vertical_alignment="center", width="stretch")
if not choice.prms(database):
    empty.no_prm()
    st.stop()
with place:
    choice.ask_filter(database)
who, on = choice.ask(database)
if who is None:
    empty.no_reference(database)
    st.stop()
found = population.population(database, who, on)
if not len(found.found):
    empty.no_solutions(who, found)
    st.stop()
now = chosen.read(database, found.found.threshold)
headline.show(who, found, now)
board.progress(database, who)
board.show(database, who, found, now)
with st.container(horizontal=True, vertical_alignment="center"):
    above = st.container(width="stretch")
    sort = mistakes.ask_sort()
ids = mistakes.ordered(found, now, sort)
ids = drawer.kept_order(ids, f"{who} {found.wanted} {found.slice} {found.held_out} {now} {sort}")
words = mistakes.words_of_list(who, found, now, sort)
with above:
    mistakes.heading(database, now, ids, sort, words)
at = drawer.opened()
# The figures below it stay in reach: a long list scrolls in a place of its own.
with st.container(height=mistakes.HEIGHT if len(ids) > mistakes.LONG else "content", border=False):
    wish = mistakes.show(database, who, found, now.t, ids, at if isinstance(at, int) else None)
if wish is not None:
    drawer.go(wish)
drawer.show(database, who, found, now, ids, words)
frame.show(database, who, found, now)
