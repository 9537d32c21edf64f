"""What a section of the report is: a sentence, a table and figures, in plain data.

Markdown, the HTML page and the app draw the same sections. What a model or a file wrote stands in
cells of tables alone, where all of it is shown letter by letter. The texts of a section are ours:
in them `code` and *words to stress* may be marked so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go

from labeling.look.palette import Palette

# What a run tells, as report.json has it: settings, versions, and the results of parts. Of a run
# that is not at its end the parts that are left are missing.
Told = Mapping[str, Any]
NUMBER = re.compile(r"[–+-]?[\d.,]+( \(.*\)| –)?|\(.*\)|–|– –|")


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to a page of the app, with its query: the rows behind a figure."""

    words: str
    page: str
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Code:
    """A file of the run, a command, a hash or the name of an annotator."""

    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a finding came to."""

    words: str


Cell = str | Link | Code | Verdict | tuple["Cell", ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; `names` are what rows can be cited by, if they have any."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    names: tuple[str, ...] = ()

    def is_number(self, column: int) -> bool:
        """Whether a column has numbers, which stand at its right."""
        cells = [row[column] for row in self.rows]
        return all(isinstance(one, str) and NUMBER.fullmatch(one) for one in cells)


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, drawn in the colours of a theme; `alt` says what it shows to who cannot see it."""

    draw: Callable[[Palette], go.Figure]
    alt: str


@dataclass(frozen=True, slots=True)
class Section:
    """A question and its answer: paragraphs, points, commands, figures, a table."""

    title: str
    text: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = field(default=())
    table: Table | None = None
