"""Read-only tables in the app's own look, drawn in the browser from plain data.

Streamlit's dataframe cannot hold links within the app, bars with a count, or a strip of squares,
and its markdown would interpret what data sets and models wrote. Here the server describes cells
and the browser makes text nodes of them, so no content is ever parsed as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app.components import assets

Cell = str | int | float | dict[str, Any] | None

_component = st.components.v2.component(
    "steplens_data_table",
    js=assets.loader("data_table/data_table.js"),
    css=Path(__file__).with_name("data_table.css").read_text("utf-8"),
)


def table(
    columns: Sequence[str | dict[str, Any]],
    rows: Sequence[Sequence[Cell] | dict[str, Any]],
    *,
    key: str,
    empty: str = "Nothing here yet.",
) -> Any:
    """Draw a table; returns the id of a `pick` cell that was just clicked, else None.

    A column is its heading, or {"label", "style", "title", "width"}; a row its cells, or
    {"cells", "style"}. `style` holds class names of data_table.css.
    """
    drawn = _draw(columns, rows, key, empty)
    return drawn.picked


def checklist(
    columns: Sequence[str | dict[str, Any]],
    rows: Sequence[tuple[int, Sequence[Cell]]],
    *,
    key: str,
    name: str,
    empty: str = "Nothing here yet.",
) -> list[int]:
    """Draw a table of (id, cells) with a box before each row; returns the ids that are ticked.

    A tick stays while the table shows other rows, until `key` is another one. `name` says what a
    row is, for who cannot see it.
    """
    every = {"kind": "check", "ids": [id for id, _ in rows], "label": f"every {name} on this page"}
    lines = [
        door([{"kind": "check", "ids": [id], "label": f"{name} {id}"}, *cells])
        for id, cells in rows
    ]
    drawn = _draw([{"label": "", "check": every}, *columns], lines, key, empty)
    return [one for one in drawn.checked or [] if isinstance(one, int)]


def _draw(columns: Sequence[Any], rows: Sequence[Any], key: str, empty: str) -> Any:
    heads = [{"label": column} if isinstance(column, str) else column for column in columns]
    lines = [row if isinstance(row, dict) else {"cells": list(row)} for row in rows]
    return _component(
        key=key,
        data={"columns": heads, "rows": lines, "empty": empty},
        on_picked_change=lambda: None,
        on_checked_change=lambda: None,
    )


def flow(stages: Sequence[dict[str, Any]], *, key: str) -> None:
    """Draw a row of stages {"label", "value" (a cell), "note", "state" ("done" | "todo")}."""
    _component(key=key, data={"stages": list(stages)})


def column(label: str, style: str = "", *, title: str = "", width: str = "") -> dict[str, Any]:
    """A column heading with its looks."""
    return {"label": label, "style": style, "title": title, "width": width}


def door(cells: Sequence[Cell], *, chosen: bool = False) -> dict[str, Any]:
    """A row that as a whole follows its cell of style "main"."""
    return {"cells": list(cells), "style": "door chosen" if chosen else "door"}


def text(value: Any, style: str = "", *, title: str = "") -> dict[str, Any]:
    """Plain text with a style: muted, strong, mono, good, bad, warn."""
    return {"kind": "text", "value": str(value), "style": style, "title": title}


def link(value: Any, href: str, style: str = "", *, title: str = "") -> dict[str, Any]:
    """A link to a page of this app, made with `page_href`."""
    return {"kind": "link", "value": str(value), "href": href, "style": style, "title": title}


def pick(value: Any, id: int, style: str = "") -> dict[str, Any]:
    """A word that, when clicked, makes `table` return `id`."""
    return {"kind": "pick", "value": str(value), "id": id, "style": style}


def copy(value: Any, *, text: str = "", href: str = "") -> dict[str, Any]:
    """A word that, when clicked, copies a text, or the whole address of a page of this app."""
    return {"kind": "copy", "value": str(value), "text": text, "href": href, "style": ""}


def kind(hue: str, value: Any, *, title: str = "", href: str = "") -> dict[str, Any]:
    """A name with the coloured mark of its annotator kind; with `href`, a link."""
    return {"kind": "kind", "hue": hue, "value": str(value), "title": title, "href": href}


def bar(share: float, value: Any, hue: str = "", *, title: str = "") -> dict[str, Any]:
    """A bar from 0 to 1 with a number behind it."""
    return {"kind": "bar", "share": share, "value": str(value), "hue": hue, "title": title}


def interval(value: float, low: float, high: float, hue: str = "") -> dict[str, Any]:
    """A point with its interval on a line from 0 to 1."""
    title = f"{value:.3f}, 95% interval {low:.3f} to {high:.3f}"
    return {
        "kind": "interval",
        "value": value,
        "low": low,
        "high": high,
        "hue": hue,
        "title": title,
    }


def strip(steps: int, marks: Sequence[tuple[str, int | None]]) -> dict[str, Any]:
    """One square per step and annotator; `marks` are (kind, 0-based first error)."""
    words = {None: "no verdict", -1: "no error"}
    title = ", ".join(
        f"{kind}: {words.get(first, f'step {first + 1}' if first is not None else '')}"
        for kind, first in marks
    )
    return {
        "kind": "strip",
        "steps": steps,
        "marks": [{"hue": kind, "first_error": first} for kind, first in marks],
        "title": title,
    }


def line(*cells: Cell, key: str) -> None:
    """Draw cells beside each other: links keep an address whole, which page links do not."""
    table([""], [[inline(*cells)]], key=key)


def stack(*cells: Cell) -> dict[str, Any]:
    """Cells below each other."""
    return {"kind": "stack", "cells": list(cells)}


def inline(*cells: Cell) -> dict[str, Any]:
    """Cells beside each other."""
    return {"kind": "inline", "cells": list(cells)}


def page_href(page: str, **query: Any) -> str:
    """The address of a page with its query, relative, so that it also works below a path."""
    given = {name: value for name, value in query.items() if value is not None}
    return page + ("?" + urlencode(given, doseq=True) if given else "")
