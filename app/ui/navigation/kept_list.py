"""Taking a list along as it is shown, in its order, to Browse, Review or a solution's own page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from app.components.data_table import data_table
from app.components.follow.follow import follow
from app.ui import address, filters
from app.ui.navigation import carried_list
from db.engine import Database
from db.lists.browse import LISTED, solution_ids
from db.lists.filters import SolutionFilter
from db.lists.solution_lists import ListRecord, keep_list
from db.review.saved_queues import Contents

PASSING = ("open", "page")  # in an address: where in the list one is, and not what the list is


def keep(database: Database, ids: Iterable[int], page: str, words: str) -> ListRecord:
    """Keep these solutions in this order, as the page of the address of now shows them."""
    origin = data_table.page_href(page, **address.query(without=PASSING))
    return keep_list(database, [int(one) for one in ids], words=words, origin=origin)


def query(kept: ListRecord) -> dict[str, str]:
    """The address of Browse, or with `queue=filter` of Review, that shows a kept list."""
    return {"listed": kept.token, "sort": LISTED}


def lasting(database: Database, wanted: SolutionFilter) -> SolutionFilter:
    """The same solutions whatever comes: a kept list of them, where today's words say more.

    That is what a consensus keeps now, what is held out of a training, and what was done today.
    """
    if wanted.among is None and wanted.did_since is None:
        return wanted
    words = filters.in_words(database, filters.given())
    return SolutionFilter(listed=keep(database, solution_ids(database, wanted), "browse", words).id)


def contents(kept: ListRecord) -> Contents:
    """A queue of a kept list."""
    return Contents("filter", SolutionFilter(listed=kept.id), f"{LISTED}:{kept.id}")


def review(kept: ListRecord) -> NoReturn:
    """Go through it in Review."""
    follow(data_table.page_href("review", queue="filter", **query(kept)))


def browse(kept: ListRecord) -> NoReturn:
    """Show it in Browse."""
    follow(data_table.page_href("browse", **query(kept)))


def open_solution(kept: ListRecord, solution_id: int, at: int) -> NoReturn:
    """Open a solution's own page, which goes on through the list, where it is number `at`."""
    follow(carried_list.solution_href(solution_id, "browse", query(kept), at))
