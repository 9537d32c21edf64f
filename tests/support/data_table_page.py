"""A page for the tests: two pages that lead to each other by tables."""

from __future__ import annotations

import streamlit as st

from app.components.data_table import data_table

AGREED = [("mc", -1), ("judge", -1)]
SPLIT = [("mc", 1), ("judge", 0), ("prm", 2), ("prm", 2), ("human", 1)]


def many() -> None:
    st.text(f"drawn with {st.query_params.get('filter', 'no filter')}")
    st.text_input("Bound", key="bound", bind="query-params")
    data_table.line(
        data_table.link("these", data_table.page_href("one", id=7, bound="kept")), key="these"
    )
    rows = [
        (
            id,
            [
                data_table.link(f"solution {id}", data_table.page_href("one", id=id), "main"),
                data_table.strip(4, marks) if marks else None,
            ],
        )
        for id, marks in enumerate([AGREED, SPLIT, [], SPLIT[:3]], start=1)
    ]
    ticked = data_table.checklist(["Solution", "First errors"], rows, key="many", name="solution")
    st.text(f"ticked {ticked}")


def one() -> None:
    st.text(f"solution {st.query_params.get('id')}")
    st.text(f"bound {st.query_params.get('bound')}")


st.navigation(
    [st.Page(many, title="many", default=True), st.Page(one, title="one", url_path="one")]
).run()
