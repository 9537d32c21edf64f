"""Browse by problem: a head row for each, which opens and closes the rows of its solutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice

import streamlit as st

from app.components.data_table import data_table
from app.ui import address, formatting
from db.lists.browse import ProblemGroup

OPEN, EVERY = "open", "all"  # in the address: the ids of open problems, or all of a page
PART = "part"  # in the address: which MOST of their solutions are shown
LINE = 240  # characters of a problem: what a wide window has room for
MOST = 500  # solutions at once: what is drawn in half a second


def opened(groups: Sequence[ProblemGroup]) -> set[int]:
    """Which of the problems on this page are open."""
    given = address.get(OPEN) or ""
    if given == EVERY:
        return {one.id for one in groups}
    return {one.id for one in groups if str(one.id) in given.split(",")}


def shown(groups: Sequence[ProblemGroup]) -> dict[int, int]:
    """The solutions whose problem is open -> their places in the whole list, from 1.

    MOST of them, those of the part in the address.
    """
    open_ids, start = opened(groups), (part(groups) - 1) * MOST
    members = (
        (solution, place)
        for group in groups
        if group.id in open_ids
        for place, solution in enumerate(group.solutions, group.before + 1)
    )
    return dict(islice(members, start, start + MOST))


def part(groups: Sequence[ProblemGroup]) -> int:
    """Which part of the open problems' solutions is shown, from 1."""
    given = address.get(PART) or ""
    asked = int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 1
    return min(max(asked, 1), _parts(groups))


def _parts(groups: Sequence[ProblemGroup]) -> int:
    return max(1, math.ceil(_n_open(groups) / MOST))


def _n_open(groups: Sequence[ProblemGroup]) -> int:
    open_ids = opened(groups)
    return sum(len(one.solutions) for one in groups if one.id in open_ids)


def other_parts(groups: Sequence[ProblemGroup]) -> None:
    """Which of the open problems' solutions are shown, and a way to the others."""
    parts, here = _parts(groups), part(groups)
    if parts == 1:
        return
    n = _n_open(groups)
    first, last = (here - 1) * MOST + 1, min(here * MOST, n)
    elsewhere = {
        words: data_table.page_href("browse", **address.query(without=[PART]), **{PART: place})
        for words, place in ((f"The {MOST} before", here - 1), (f"The next {MOST}", here + 1))
        if 1 <= place <= parts
    }
    data_table.line(
        data_table.text(f"{first:,} to {last:,} of {n:,} solutions of open problems", "muted"),
        *(data_table.link(words, href) for words, href in elsewhere.items()),
        key="part of the open",
    )


def head(group: ProblemGroup, open_ids: set[int]) -> data_table.CheckRow:
    """The row above a problem's solutions: how many there are, and how many are right."""
    is_open = group.id in open_ids
    others = sorted(open_ids ^ {group.id})
    href = data_table.page_href(
        "browse",
        **address.query(without=[OPEN, PART]),
        **({OPEN: ",".join(map(str, others))} if others else {}),
    )
    problem = data_table.link(
        formatting.shorten(group.text, LINE), href, "main quiet", title=group.text
    )
    problem["expanded"] = is_open
    count = formatting.number_of(len(group.solutions), "solution")
    if group.graded:
        count += f", {group.right:,} right"
    cells: list[data_table.Cell] = [
        data_table.text("▼" if is_open else "►", "twist"),
        data_table.sentence(data_table.text(count, "count"), problem),
    ]
    label = f"every solution to problem {group.id}"
    return data_table.CheckRow(group.solutions, label, cells, "group")


def open_or_close_all(groups: Sequence[ProblemGroup]) -> None:
    """A button that opens every problem of a page, or closes them."""
    all_open = bool(groups) and len(opened(groups)) == len(groups)
    st.button(
        "Close all" if all_open else "Open all",
        type="tertiary",
        on_click=address.put,
        kwargs={OPEN: None if all_open else EVERY, PART: None},
    )
