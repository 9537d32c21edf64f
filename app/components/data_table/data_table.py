"""Read-only tables in the app's own look, drawn in the browser from plain data.

Streamlit's dataframe cannot hold links within the app, bars with a count, or a strip of squares,
and its markdown would interpret what data sets and models wrote. Here the server describes cells
and the browser makes text nodes of them, so no content is ever parsed as markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, NotRequired, TypedDict
from urllib.parse import urlencode

import streamlit as st

from app.components import assets


class TextCell(TypedDict):
    """Plain text in a style."""

    kind: Literal["text"]
    value: str
    style: str
    title: str


class LinkCell(TypedDict):
    """A link to a page of this app; `key`, where there is one, follows it too.

    `expanded`, where it is said, is whether the rows that the link shows or hides are shown.
    """

    kind: Literal["link"]
    value: str
    href: str
    style: str
    title: str
    key: NotRequired[str]
    expanded: NotRequired[bool]


class PickCell(TypedDict):
    """A word that `table` answers for when it is clicked."""

    kind: Literal["pick"]
    value: str
    id: int
    style: str
    title: str


class CheckCell(TypedDict):
    """A box that stands for rows."""

    kind: Literal["check"]
    ids: list[int]
    label: str


class CopyCell(TypedDict):
    """A word that copies something."""

    kind: Literal["copy"]
    value: str
    text: str
    href: str
    style: str


class KindCell(TypedDict):
    """A name with the mark of its annotator kind."""

    kind: Literal["kind"]
    hue: str
    value: str
    title: str
    href: str


class BarCell(TypedDict):
    """A share, from 0 to 1, with its number."""

    kind: Literal["bar"]
    share: float
    value: str
    hue: str
    title: str
    href: str


class IntervalCell(TypedDict):
    """A value and the bounds of its interval, from 0 to 1."""

    kind: Literal["interval"]
    value: float
    low: float
    high: float
    hue: str
    title: str


class Mark(TypedDict):
    """Where an annotator of a kind saw the first error: 0-based, -1 none, None no verdict."""

    hue: str
    first_error: int | None


class StripCell(TypedDict):
    """The first errors of a solution."""

    kind: Literal["strip"]
    steps: int
    marks: list[Mark]
    title: str


class GroupCell(TypedDict):
    """Cells below or beside each other, or as the words of a sentence."""

    kind: Literal["stack", "inline", "sentence"]
    cells: list[Cell]


Drawn = (
    TextCell
    | LinkCell
    | PickCell
    | CheckCell
    | CopyCell
    | KindCell
    | BarCell
    | IntervalCell
    | StripCell
    | GroupCell
)
Cell = str | int | float | None | Drawn


class Column(TypedDict):
    """A heading; `style` holds for the cells below it too."""

    label: str
    style: NotRequired[str]
    title: NotRequired[str]
    width: NotRequired[str]
    check: NotRequired[CheckCell]


class Walk(TypedDict):
    """Rows that are gone through by keyboard: see `walk`.

    `chosen` is the id of the row that is open, `before` and `after` are the ids beyond the rows
    shown; 0 for none.
    """

    chosen: int
    before: int
    after: int


class Row(TypedDict):
    """Cells, and class names of data_table.css for the row.

    The last of fewer cells than there are columns takes the columns that are left.
    """

    cells: list[Cell]
    style: NotRequired[str]


class CheckRow(NamedTuple):
    """A row with a box that stands for `ids`; `label` says what they are, for who cannot see it."""

    ids: Sequence[int]
    label: str
    cells: Sequence[Cell]
    style: str = ""


class Stage(TypedDict):
    """One stage of the flow."""

    label: str
    value: Cell
    note: str
    state: Literal["done", "todo"]


_component = st.components.v2.component(
    "steplens_data_table",
    js=assets.loader("data_table/data_table.js"),
    css=Path(__file__).with_name("data_table.css").read_text("utf-8"),
)


def table(
    columns: Sequence[str | Column],
    rows: Sequence[Sequence[Cell] | Row],
    *,
    key: str,
    empty: str = "Nothing here yet.",
) -> int | None:
    """Draw a table; returns the id of a `pick` cell that was just clicked, else None.

    A column is its heading, or {"label", "style", "title", "width"}; a row its cells, or
    {"cells", "style"}. `style` holds class names of data_table.css.
    """
    picked = _draw(columns, rows, key, empty).get("picked")
    return picked if isinstance(picked, int) else None


def checklist(
    columns: Sequence[str | Column],
    rows: Sequence[CheckRow],
    *,
    key: str,
    every: str,
    empty: str = "Nothing here yet.",
) -> list[int]:
    """Draw a table with a box before each row; returns the ids that are ticked.

    A tick stays while the table shows other rows, until `key` is another one. `every` labels the
    box at the head, which stands for all rows.
    """
    here = list(dict.fromkeys(id for row in rows for id in row.ids))
    lines = [
        Row(cells=[_check(list(row.ids), row.label), *row.cells], style=f"door {row.style}")
        for row in rows
    ]
    heads: list[str | Column] = [{"label": "", "check": _check(here, every)}, *columns]
    checked = _draw(heads, lines, key, empty).get("checked")
    return [one for one in checked if isinstance(one, int)] if isinstance(checked, list) else []


def walk(
    columns: Sequence[str | Column],
    rows: Sequence[Sequence[Cell] | Row],
    chosen: Walk,
    *,
    key: str,
    empty: str,
) -> int | None:
    """Draw a table whose rows have a `pick` cell of style "main" each, and go through it by keys.

    j and k move, Enter opens; with a row open, ] and [ open the next one and the one before, and
    Escape closes it. Returns what was asked for just now: an id, 0 to close; else None.
    """
    opened = _draw(columns, rows, key, empty, chosen).get("opened")
    heard = f"{key}-heard"
    if not isinstance(opened, Mapping) or opened.get("token") == st.session_state.get(heard):
        return None
    st.session_state[heard] = opened.get("token")
    wanted = opened.get("id")
    return wanted if isinstance(wanted, int) else None


def _check(ids: list[int], label: str) -> CheckCell:
    return {"kind": "check", "ids": ids, "label": label}


def _draw(
    columns: Sequence[str | Column],
    rows: Sequence[Sequence[Cell] | Row],
    key: str,
    empty: str,
    walk: Walk | None = None,
) -> Mapping[str, object]:
    """Draw it; what the browser sent, as it sent it."""
    heads = [Column(label=one) if isinstance(one, str) else one for one in columns]
    lines = [row if isinstance(row, dict) else Row(cells=list(row)) for row in rows]
    return _component(
        key=key,
        data={"columns": heads, "rows": lines, "empty": empty, "walk": walk},
        on_opened_change=lambda: None,
        on_picked_change=lambda: None,
        on_checked_change=lambda: None,
    )


def flow(stages: Sequence[Stage], *, key: str) -> None:
    """Draw a row of stages {"label", "value" (a cell), "note", "state" ("done" | "todo")}."""
    _component(key=key, data={"stages": list(stages)})


def column(label: str, style: str = "", *, title: str = "", width: str = "") -> Column:
    """A column heading with its looks."""
    return {"label": label, "style": style, "title": title, "width": width}


def door(cells: Sequence[Cell], *, chosen: bool = False) -> Row:
    """A row that as a whole follows its cell of style "main"."""
    return {"cells": list(cells), "style": "door chosen" if chosen else "door"}


def text(value: object, style: str = "", *, title: str = "") -> TextCell:
    """Plain text with a style: muted, strong, mono, good, bad, warn."""
    return {"kind": "text", "value": str(value), "style": style, "title": title}


def link(value: object, href: str, style: str = "", *, title: str = "") -> LinkCell:
    """A link to a page of this app, made with `page_href`."""
    return {"kind": "link", "value": str(value), "href": href, "style": style, "title": title}


def pick(value: object, id: int, style: str = "", *, title: str = "") -> PickCell:
    """A word that, when clicked, makes `table` return `id`."""
    return {"kind": "pick", "value": str(value), "id": id, "style": style, "title": title}


def copy(value: object, *, text: str = "", href: str = "") -> CopyCell:
    """A word that, when clicked, copies a text, or the whole address of a page of this app."""
    return {"kind": "copy", "value": str(value), "text": text, "href": href, "style": ""}


def kind(hue: str, value: object, *, title: str = "", href: str = "") -> KindCell:
    """A name with the coloured mark of its annotator kind; with `href`, a link."""
    return {"kind": "kind", "hue": hue, "value": str(value), "title": title, "href": href}


def bar(share: float, value: object, hue: str = "", *, title: str = "", href: str = "") -> BarCell:
    """A bar from 0 to 1 with a number behind it; with `href`, bar and number are a link."""
    return {
        "kind": "bar",
        "share": share,
        "value": str(value),
        "hue": hue,
        "title": title,
        "href": href,
    }


def interval(value: float, low: float, high: float, hue: str = "") -> IntervalCell:
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


def strip(steps: int, marks: Sequence[tuple[str, int | None]]) -> StripCell:
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


def stack(*cells: Cell) -> GroupCell:
    """Cells below each other."""
    return {"kind": "stack", "cells": list(cells)}


def inline(*cells: Cell) -> GroupCell:
    """Cells beside each other."""
    return {"kind": "inline", "cells": list(cells)}


def sentence(*cells: Cell) -> GroupCell:
    """Cells as the words of a sentence, so that some of them can be links."""
    return {"kind": "sentence", "cells": list(cells)}


def page_href(page: str, **query: object) -> str:
    """The address of a page with its query, relative, so that it also works below a path."""
    given = {name: value for name, value in query.items() if value is not None}
    return page + ("?" + urlencode(given, doseq=True) if given else "")
