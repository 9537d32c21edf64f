"""Buttons that save a figure: as PNG or SVG by the browser, its numbers as CSV and LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from app.components import assets

Value = str | float | int | None

_component = st.components.v2.component(
    "steplens_figure_downloads",
    js=assets.loader("figure/downloads.js"),
    css=Path(__file__).with_name("downloads.css").read_text("utf-8"),
)

# What TeX gives a meaning to, and what is typed for the character itself.
_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{mark: "\\" + mark for mark in "&%$#_{}"},
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "–": "--",
    }
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a figure shows, as a table: its columns and rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]

    def csv(self) -> str:
        """With a heading, an empty cell where there is nothing, numbers as they are."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return file.getvalue()

    def latex(self) -> str:
        """A tabular in the lines of the booktabs package; three decimals."""
        numeric = [
            all(not isinstance(row[at], str) for row in self.rows)
            for at in range(len(self.columns))
        ]
        shape = "".join("r" if right else "l" for right in numeric)
        lines = [" & ".join(map(_tex, self.columns)) + r" \\"]
        body = [" & ".join(map(_tex, row)) + r" \\" for row in self.rows]
        return "\n".join(
            [rf"\begin{{tabular}}{{{shape}}}", r"\toprule", *lines, r"\midrule", *body]
            + [r"\bottomrule", r"\end{tabular}", ""]
        )


def downloads(of: str, name: str, numbers: Numbers, *, key: str) -> None:
    """Draw the buttons for the figure in the container with the key `of`; files are `name`.ext."""
    _component(
        key=key,
        data={"of": of, "name": name, "csv": numbers.csv(), "latex": numbers.latex()},
    )


def _tex(value: Value) -> str:
    if value is None:
        return "--"
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value).translate(_TEX)
