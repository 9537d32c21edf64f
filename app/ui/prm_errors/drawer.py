"""The drawer: the opened solution beside the list, to be read and relabelled, and then the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.components.data_table import data_table
from app.ui import address
from app.ui.navigation import kept_list
from app.ui.prm_errors.choice import Choice
from app.ui.prm_errors.chosen import Chosen
from app.ui.prm_errors.mistakes import PAGE_NAME, words_of
from app.ui.prm_errors.population import Population
from app.ui.review_table import Progress, Sent, review_table, sent_at
from db.engine import Database, stable_hash
from db.lists.comparison import compared_annotators
from db.records import AnnotatorRecord, in_order
from labeling.evaluation.scored import places_of
from labeling.review.items import Item, review_items
from training.metrics.processbench.scored import NO_VERDICT, verdicts

KEY = "prm errors"
END = "end"  # in the address: the last solution of the list has been saved
CLOSE, OWN_PAGE = 1, 2  # what the head of the drawer is clicked for
AHEAD = 6  # The one on screen and the next, so that going on does not wait for the server.


def follow() -> None:
    """Note where the reviewer is: a save goes on to the next solution by itself."""
    sent = sent_at(KEY)
    if sent is None or sent.token == st.session_state.get("errors token"):
        return
    st.session_state["errors token"] = sent.token
    if address.get("open"):
        at = str(_next(sent) if sent.position is None else sent.position)
        st.session_state["errors at"] = at
        address.put(open=at)


def _next(sent: Sent) -> int | str:
    """What comes after a saved solution, for a browser that was faster than the server."""
    _, ids = st.session_state.get("errors list", ("", np.array([], dtype=int)))
    places = np.flatnonzero(ids == sent.solution_id)
    last = not places.size or places[0] + 1 >= len(ids)
    return END if last else int(ids[places[0] + 1])


def opened() -> int | str | None:
    """The id of the solution that is open, END behind the last one, None with the drawer closed."""
    given = address.get("open") or ""
    if given == END:
        return END
    return int(given) if given.isdecimal() and len(given) < 16 else None


def go(wish: int) -> None:
    """Open this solution, 0 to close the drawer, and run the page again."""
    address.put(open=str(wish) if wish else None)
    st.rerun()


def kept_order(ids: np.ndarray, of: str) -> np.ndarray:
    """The list as it was when the drawer was opened: a label may take a solution out of it.

    `of` says what it is a list of, and how it is sorted.
    """
    if opened() is None:
        st.session_state.pop("errors list", None)
        return ids
    kept: tuple[str, np.ndarray] = st.session_state.setdefault("errors list", (of, ids))
    if kept[0] != of:
        kept = st.session_state["errors list"] = (of, ids)
    return kept[1]


def show(
    database: Database,
    choice: Choice,
    population: Population,
    chosen: Chosen,
    ids: np.ndarray,
    words: str,
) -> None:
    """The step table on the opened solution and those behind it in the list `ids`, of `words`."""
    at, t = opened(), chosen.t
    if at is None:
        return
    if st.session_state.get("errors at") != str(at):  # by hand, not by a save
        st.session_state["errors at"] = str(at)
        st.session_state["errors opened"] = st.session_state.get("errors opened", 0) + 1
    found = np.flatnonzero(ids == at) if at != END else np.array([len(ids)])
    place = int(found[0]) if len(found) else None
    waiting = [int(at)] if place is None else [int(one) for one in ids[place : place + AHEAD]]
    shown = columns(database, choice)
    compared = compared_annotators(database).members()

    def load(reviewer: AnnotatorRecord | None) -> tuple[list[Item], Progress | None]:
        reasons = words_of(population, np.array(waiting, dtype=int), t)
        items = review_items(
            database, waiting, shown, reviewer, compared=compared, queue_reasons=reasons
        )
        said_here(items, choice, population, t)
        if place is None:
            return items, None
        position = min(place + 1, len(ids))
        return items, {"position": position, "total": len(ids), "label": chosen.words()}

    with st.container(key="drawer"):
        _head(database, at, place, ids, words)
        review_table(
            database,
            key=KEY,
            mode="review",
            queue=stable_hash([st.session_state["errors opened"], choice.prm.id])[:12],
            annotators=shown,
            load=load,
            nothing=lambda: "That was the last one of this list. Escape closes.",
        )


def columns(database: Database, choice: Choice) -> list[AnnotatorRecord]:
    """The reference, the PRM and the one it is compared with, and the other machines compared."""
    mine = [one for one in (choice.reference, choice.prm, choice.versus) if one is not None]
    others = [one for one in compared_annotators(database).members() if one not in mine]
    return in_order([*mine, *(one for one in others if one.kind != "prm")])


def said_here(items: Sequence[Item], choice: Choice, population: Population, t: float) -> None:
    """Put this PRM's verdicts at `t` in the place of those that are stored."""
    if t == population.found.threshold:
        return
    places = places_of(
        np.array([item["solution_id"] for item in items], dtype=int), population.found.ids
    )
    for item, place in zip(items, places, strict=True):
        for column in item["annotators"]:
            if column["id"] == choice.prm.id and place >= 0:
                said = int(verdicts(population.found.scored.only(np.array([place])), t)[0])
                column["first_error"] = None if said == NO_VERDICT else said
                column["threshold"] = t


def _head(
    database: Database, at: int | str, place: int | None, ids: np.ndarray, words: str
) -> None:
    cells: list[data_table.Cell] = []
    if place is None:
        cells.append(data_table.text("Not in this list", "muted"))
        cells.append(data_table.link("Own page", data_table.page_href("solution", id=at)))
    elif at != END:
        cells.append(data_table.text(f"{place + 1:,} of {len(ids):,}", "strong"))
        cells.append(data_table.pick("Own page", OWN_PAGE))
    cells += [
        data_table.text("[ and ] go through the list", "muted"),
        data_table.pick("Close (Esc)", CLOSE),
    ]
    wish = data_table.table([""], [[data_table.inline(*cells)]], key="drawer head")
    if wish == OWN_PAGE and place is not None:
        kept = kept_list.keep(database, ids, PAGE_NAME, words)
        kept_list.open_solution(kept, int(at), place + 1)
    elif wish is not None:
        address.put(open=None)
        st.rerun()
