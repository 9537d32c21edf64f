"""The report as Markdown."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from labeling.lessons.report.contents import sections
from labeling.lessons.report.introduction import TITLE, introduction
from labeling.lessons.report.section import Cell, Code, Link, Section, Table, Told, Verdict

APP = "http://localhost:8501/"  # where `steplens app` serves a project
MARKS = re.compile(r"([\\`*_\[\]<>|#~!$&])")


def markdown(told: Told) -> str:
    """All of it."""
    parts = [f"# {TITLE}", introduction(told)]
    for one in sections(told):
        parts += _section(one)
    return "\n\n".join(parts) + "\n"


def address(link: Link) -> str:
    """Where a link of the report leads to while the app serves the run's project."""
    return f"{APP}{link.page}?{urlencode(link.query)}"


def _section(one: Section) -> list[str]:
    points = "\n".join(f"- {point}" for point in one.points)
    commands = "\n\n".join(f"```\n{command}\n```" for command in one.commands)
    table = "" if one.table is None else _table(one.table)
    return [part for part in (f"## {one.title}", *one.text, points, commands, table) if part]


def _table(table: Table) -> str:
    aligned = ["---:" if table.is_number(at) else "---" for at in range(len(table.head))]
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in [list(table.head), aligned, *rows])


def _cell(cell: Cell) -> str:
    match cell:
        case Link():
            return f"[{plain(cell.words)}]({address(cell)})"
        case Code():
            return code(cell.text)
        case Verdict():
            return f"**{plain(cell.words)}**"
        case tuple():
            return ", ".join(map(_cell, cell))
        case _:
            return plain(cell)


def plain(text: str) -> str:
    """A text as Markdown shows it letter by letter, on one line."""
    return MARKS.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """A text as code, on one line of a table."""
    line = " ".join(text.split()).replace("|", r"\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if "`" in line else ""
    return f"{fence}{pad}{line}{pad}{fence}"
