"""The list that a solution was opened from, carried along in its address.

`solution?id=7&list=PAGE%3FQUERY&at=3` came from the third solution of that list. The list is given
by its own address, so that whatever page can be linked to can be carried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from app.components.data_table import data_table
from app.ui import address, filters
from app.ui.counts import counted
from db.engine import Database
from db.lists.browse import count_solutions, solution_ids
from db.lists.solution_lists import find_list

LISTS = ("browse",)  # the pages whose lists can be walked through
# The pages that lists come from: a kept list is walked as Browse shows it, and began elsewhere.
NAMES = {"browse": "Browse", "prm_errors": "PRM errors", "consensus": "Consensus"}


@dataclass(frozen=True, slots=True)
class Carried:
    """Where a solution stands in its list: `at` counts from 1, of `total`."""

    href: str
    at: int
    total: int
    before: int | None
    after: int | None


def solution_href(solution_id: int, page: str, query: Mapping[str, object], at: int) -> str:
    """The address of a solution that carries the list `page?query`, where it is number `at`."""
    held = {name: value for name, value in query.items() if name != "page"}
    return data_table.page_href(
        "solution", id=solution_id, list=data_table.page_href(page, **held), at=at
    )


def carried(database: Database, solution_id: int) -> Carried | None:
    """The list in the address; None without one, or when the solution is not there any more.

    Its neighbours are read at its place, so the list may have any length.
    """
    href = address.get("list") or ""
    page, _, query = href.partition("?")
    given = address.get("at") or ""
    if page not in LISTS or not (given.isascii() and given.isdecimal() and 0 < len(given) < 10):
        return None
    asked = dict(parse_qsl(query))
    wanted = filters.understood(database, {k: v for k, v in asked.items() if k in filters.NAMES})
    sort = filters.sort_of(database, asked.get("sort", ""), asked.get("listed"))
    at = max(int(given), 1)
    first = max(at - 2, 0)
    ids = solution_ids(database, wanted, sort=sort, offset=first, limit=at - first + 1)
    place = at - 1 - first
    if place >= len(ids) or ids[place] != solution_id:
        return None
    total = counted(
        database, f"count {wanted} {sort}", lambda: count_solutions(database, wanted, sort)
    )
    return Carried(
        href,
        at,
        total,
        ids[place - 1] if place else None,
        ids[place + 1] if place + 1 < len(ids) else None,
    )


def show(database: Database, solution_id: int) -> None:
    """The way back to the list and to its neighbours, which `[` and `]` go too."""
    href = address.get("list") or ""
    page, _, query = href.partition("?")
    if page not in LISTS:
        return
    cells: list[data_table.Cell] = [_back(database, href, dict(parse_qsl(query)).get("listed"))]
    here = carried(database, solution_id)
    if here is None:
        cells.append(data_table.text("no longer at this place in the list", "muted"))
    else:
        cells.append(_neighbour("‹", here.href, here.before, here.at - 1, "["))
        cells.append(data_table.text(f"{here.at:,} of {here.total:,}", "muted nowrap"))
        cells.append(_neighbour("›", here.href, here.after, here.at + 1, "]"))
    data_table.line(*cells, key="carried")


def _back(database: Database, href: str, listed: str | None) -> data_table.Cell:
    """The link to where the list was shown."""
    kept = find_list(database, listed) if listed else None
    origin = "" if kept is None else kept.origin.partition("?")[0]
    if kept is None or origin not in NAMES:
        return data_table.link(NAMES["browse"], href)
    return data_table.link(NAMES[origin], kept.origin, title=kept.words)


def _neighbour(sign: str, list: str, id: int | None, at: int, key: str) -> data_table.Cell:
    if id is None:
        return data_table.text(sign, "muted")
    words = "The solution before" if key == "[" else "The next solution"
    link = data_table.link(
        sign, data_table.page_href("solution", id=id, list=list, at=at), title=f"{words} ({key})"
    )
    return {**link, "key": key}
