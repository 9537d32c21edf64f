"""A page for the tests: two pages that lead to each other by tables."""

from __future__ import annotations

import streamlit as st

from app.components.data_table import data_table
from app.ui import address

AGREED = [("mc", -1), ("judge", -1)]
SPLIT = [("mc", 1), ("judge", 0), ("prm", 2), ("prm", 2), ("human", 1)]


COLOURS = ["red", "blue"]
KEPT = {"filter": "unsure"}
TOGGLED = {False: {**KEPT, "open": "1"}, True: KEPT}


def many() -> None:
    st.text(f"drawn with {address.get('filter') or 'no filter'}")
    st.text_input("Bound", **address.text("bound", clears=("page",)))
    st.selectbox("Colour", COLOURS, index=None, **address.choice("colour", COLOURS))
    page = st.pagination(9, **address.number("page", 1, 9))
    st.text(f"page {page}")
    data_table.line(
        data_table.link("these", data_table.page_href("one", id=7, bound="kept")),
        data_table.link("anew", data_table.page_href("", colour="blue")),
        key="these",
    )
    rows = [
        data_table.CheckRow(
            [id],
            f"solution {id}",
            [
                data_table.link(f"solution {id}", data_table.page_href("one", id=id), "main"),
                data_table.strip(4, marks) if marks else None,
            ],
        )
        for id, marks in enumerate([AGREED, SPLIT, [], SPLIT[:3]], start=1)
    ]
    ticked = data_table.checklist(
        ["Solution", "First errors"], rows, key="many", every="every solution on this page"
    )
    st.text(f"ticked {ticked}")
    group()
    st.container(height=1500, border=False)
    data_table.line(data_table.link("far below", data_table.page_href("one", id=9)), key="below")


def group() -> None:
    """A problem with two solutions, which its head shows and hides."""
    opened = address.get("open") is not None
    head = data_table.link("problem 1", data_table.page_href("", **TOGGLED[opened]), "main")
    head["expanded"] = opened
    rows = [data_table.CheckRow([21, 22], "every solution to problem 1", [head, None], "group")]
    if opened:
        for id in (21, 22):
            link = data_table.link(f"solution {id}", data_table.page_href("one", id=id), "main")
            rows.append(data_table.CheckRow([id], f"solution {id}", [link, None]))
    ticked = data_table.checklist(["Problem", ""], rows, key="group", every="every one of a group")
    st.text(f"ticked of the group {sorted(ticked)}")


def one() -> None:
    st.text(f"solution {address.get('id')}")
    st.text(f"bound {address.get('bound')}")


page = st.navigation(
    [st.Page(many, title="many", default=True), st.Page(one, title="one", url_path="one")]
)
address.arrive()
page.run()
