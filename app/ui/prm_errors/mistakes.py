"""The list of mistakes, the most confident first, to be gone through by keyboard."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import streamlit as st

from app.components.data_table import data_table
from app.ui import address, formatting
from app.ui.browse.problems import LINE
from app.ui.navigation import kept_list
from app.ui.prm_errors.choice import OF_THE_LIST, Choice
from app.ui.prm_errors.chosen import WORDS, Chosen
from app.ui.prm_errors.chosen import members as members_of
from app.ui.prm_errors.population import NOT_SCORED, Population
from app.ui.queues.save import save_as_queue
from db.engine import Database
from db.lists.browse import SolutionRow, list_solutions
from db.lists.filters import SolutionFilter
from labeling.evaluation.scored import places_of
from training.metrics.processbench.evaluation import NO_ERROR
from training.metrics.processbench.scored import (
    NO_VERDICT,
    OUTCOMES,
    Scored,
    confidence,
    outcomes,
    verdicts,
)

PAGE = 50
PAGE_NAME = "prm_errors"
EVERY, REVIEW, BROWSE = 1, 2, 3  # what the heading of the list is clicked for
LONG, HEIGHT = 14, 600  # rows, and the pixels that a longer list takes
SORTS = ("most confident first", "least confident first", "highest score first", "oldest first")


def ordered(population: Population, chosen: Chosen, sort: str) -> np.ndarray:
    """The ids of the chosen solutions in the order asked for; ties by id."""
    return _ordered(f"{population.key} {chosen} {sort}", population, chosen, sort)


@st.cache_resource(max_entries=20, show_spinner=False)
def _ordered(key: str, _population: Population, _chosen: Chosen, _sort: str) -> np.ndarray:
    population, sort, t = _population, _sort, _chosen.t
    members = members_of(population, _chosen)
    these = population.found.scored.only(members)
    ids = population.found.ids[members]
    if sort == SORTS[3]:
        return ids
    by = -these.lowest if sort == SORTS[2] else -confidence(these, verdicts(these, t), t)
    return ids[np.argsort(-by if sort == SORTS[1] else by, kind="stable")]


def ask_sort() -> str:
    """The order of the list."""
    sort: str = st.selectbox(
        "Order",
        SORTS,
        label_visibility="collapsed",
        width=200,
        **address.choice("sort", SORTS, SORTS[0], clears=("page",)),
    )
    return sort


def words_of_list(choice: Choice, population: Population, chosen: Chosen, sort: str) -> str:
    """What the list is of, for whoever sees it on another page."""
    own = chosen.t == population.found.threshold
    at = "" if own else f" at threshold {chosen.t:.2f}"
    against = f"{choice.prm.name} against {choice.reference.name}{at}"
    return f"{chosen.words()}, {sort} ({against})"


def heading(database: Database, chosen: Chosen, ids: np.ndarray, sort: str, words: str) -> None:
    """How many there are of what, and the ways on, which take the list along as it is shown."""
    cells: list[data_table.Cell] = [
        data_table.sentence(
            data_table.text(f"{len(ids):,}", "strong"), data_table.text(chosen.words(), "strong")
        ),
        data_table.text(sort if len(ids) > 1 else "", "muted"),
    ]
    if len(ids):
        cells += [data_table.pick("Review all", REVIEW), data_table.pick("Browse all", BROWSE)]
    if chosen != Chosen(chosen.t):
        cells.append(data_table.pick("Show every mistake", EVERY))
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="content"):
            wish = data_table.table([""], [[data_table.inline(*cells)]], key="list heading")
        if len(ids):
            save_as_queue(
                database,
                lambda: kept_list.contents(kept_list.keep(database, ids, PAGE_NAME, words)),
                f"{len(ids):,} {chosen.words()}, as listed",
                key="errors",
            )
    if wish == EVERY:
        address.put(**dict.fromkeys(OF_THE_LIST))
        st.rerun()
    elif wish is not None:
        go = kept_list.review if wish == REVIEW else kept_list.browse
        go(kept_list.keep(database, ids, PAGE_NAME, words))


def show(
    database: Database,
    choice: Choice,
    population: Population,
    t: float,
    ids: np.ndarray,
    opened: int | None,
) -> int | None:
    """A page of the list; returns the id that is to be opened, 0 to close what is open, or None."""
    pages = max(1, math.ceil(len(ids) / PAGE))
    at = np.flatnonzero(ids == (opened or 0))
    page = st.pagination(pages, **address.number("page", 1, pages)) if pages > 1 else 1
    if at.size:  # The opened one is always in view.
        page = int(at[0]) // PAGE + 1
    start = (page - 1) * PAGE
    here = ids[start : start + PAGE]
    wanted = SolutionFilter(ids=tuple(here.tolist()))
    texts = {row.id: row for row in list_solutions(database, wanted, limit=PAGE)}
    rows = [
        _row(choice, population, t, int(place), texts.get(int(id)))
        for id, place in zip(here, places_of(here, population.found.ids), strict=True)
        if place >= 0
    ]
    ends = data_table.Walk(
        chosen=opened or 0,
        before=int(ids[start - 1]) if start else 0,
        after=int(ids[start + PAGE]) if start + PAGE < len(ids) else 0,
    )
    columns: list[str | data_table.Column] = [
        data_table.column("", "right"),
        data_table.column("Reference", "nowrap human"),
        *(
            data_table.column(one.name, "name prm", title=one.label)
            for one in (choice.prm, choice.versus)
            if one is not None
        ),
    ]
    columns += [
        data_table.column("Lowest", "right", title="The lowest score of any step"),
        data_table.column("First errors", title="In the order of the columns, from above"),
        data_table.column("", "nowrap"),
        data_table.column("Problem", "clip"),
    ]
    return data_table.walk(
        columns, rows, ends, key="mistakes", empty="No solution is in this group: choose another."
    )


def _row(
    choice: Choice, population: Population, t: float, place: int, text: SolutionRow | None
) -> data_table.Row:
    found = population.found
    id, one = int(found.ids[place]), found.scored.only(np.array([place]))
    said, expected = verdicts(one, t), int(one.reference[0])
    verdict, other = int(said[0]), int(population.other_said[place])
    outcome = OUTCOMES[int(outcomes(said, one.reference)[0])]
    cells: list[data_table.Cell] = [
        data_table.pick(id, id, "main muted"),
        _flag(expected, None),
        _flag(verdict, expected),
    ]
    marks = [(choice.reference.kind, _first(expected)), ("prm", _first(verdict))]
    if choice.versus is not None:
        cells.append(_flag(other, expected))
        if other != NOT_SCORED:
            marks.append(("none", _first(other)))
    cells += [
        _lowest(one),
        data_table.strip(int((~np.isnan(one.scores)).sum()), marks),
        data_table.text(ONE[outcome], "muted"),
        data_table.text("" if text is None else formatting.shorten(text.problem, LINE), "muted"),
    ]
    return data_table.door(cells)


ONE: Mapping[str, str] = {**WORDS, "false_alarm": "false alarm", "early": "early", "late": "late"}


def _first(verdict: int) -> int | None:
    return None if verdict == NO_VERDICT else verdict


def _lowest(one: Scored) -> data_table.Cell:
    lowest = float(one.lowest[0])
    return data_table.text("–" if math.isinf(lowest) else f"{lowest:.2f}")


def _flag(verdict: int, expected: int | None) -> data_table.Cell:
    """A first error, with whether it is the reference's."""
    if verdict == NOT_SCORED:
        return data_table.text("·", "muted", title="not scored")
    words = "?" if verdict == NO_VERDICT else "none" if verdict == NO_ERROR else f"⚑ {verdict + 1}"
    title = "no verdict" if verdict == NO_VERDICT else formatting.first_error_words(verdict)
    if expected is None:
        return data_table.text(words, title=title)
    right = verdict == expected
    return data_table.text(
        f"{'✓' if right else '✗'} {words}", "good" if right else "bad", title=title
    )


def words_of(population: Population, ids: np.ndarray, t: float) -> dict[int, str]:
    """Solution id -> what its mistake is, in a few words."""
    places = places_of(ids, population.found.ids)
    these = population.found.scored.only(places[places >= 0])
    said = verdicts(these, t)
    sure, found = confidence(these, said, t), outcomes(said, these.reference)
    return {
        int(id): f"{ONE[OUTCOMES[outcome]]}, confidence {value:.2f}"
        for id, outcome, value in zip(ids[places >= 0], found, sure, strict=True)
    }
