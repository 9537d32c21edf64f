"""Lessons: what a run of `steplens lessons` found, with its solutions one click away."""

from __future__ import annotations

import re

import streamlit as st

from app.components.data_table import data_table
from app.ui import charts, project
from app.ui.figures.figure import SENTENCE_WIDTH
from labeling.lessons.report.contents import sections
from labeling.lessons.report.introduction import introduction
from labeling.lessons.report.section import Cell, Code, Link, Section, Table, Verdict
from labeling.lessons.report.state import State, state_of

NO_RUN = (
    "This project is not a run of the lessons. One trains PRMs on the same solutions with labels "
    "of different sources, measures the paper's findings again, and leaves a project that shows "
    "them here."
)
COMMANDS = "steplens lessons\nsteplens --db sqlite:///lessons/project.db app"
WIDEST = 900  # pixels of a figure
MARKS = re.compile(r"[*`]")
LOOKS = {"reproduced": ("✓", "good strong"), "not reproduced": ("✗", "bad strong")}


def plain(text: str) -> str:
    """A text of the report without its marks."""
    return MARKS.sub("", text)


def draw(one: Section) -> None:
    """A section: its text, figures and table."""
    st.subheader(one.title)
    for text in (*one.text, *(f"• {point}" for point in one.points)):
        st.text(plain(text), width=SENTENCE_WIDTH)
    for command in one.commands:
        st.code(command, language=None)
    for number, (place, chart) in enumerate(zip(_places(len(one.charts)), one.charts, strict=True)):
        with place:
            figure = chart.draw(charts.palette())
            charts.draw(figure, key=f"{one.title} {number}", alt=chart.alt)
    if one.table is not None:
        table(one.title, one.table)


def _places(n: int) -> list[st.delta_generator.DeltaGenerator]:
    """Two figures stand beside each other; one alone is no wider than the eye likes."""
    return [st.container(width=WIDEST)] if n == 1 else [*st.columns(n, gap="large")] if n else []


def table(title: str, shown: Table) -> None:
    """A table of the report, with links within the app."""
    columns = [
        data_table.column(head, "right nowrap" if shown.is_number(at) else "wrap", width=width)
        for at, (head, width) in enumerate(zip(shown.head, widths(shown), strict=True))
    ]
    rows = [[cell(one) for one in row] for row in shown.rows]
    data_table.table(columns, rows, key=f"table {title}")


def widths(shown: Table) -> list[str]:
    """Columns of sentences share what the figures leave them, unless the table is of findings."""
    return ["", "27%", "18%", "13%", "", "17%", ""] if shown.names else [""] * len(shown.head)


def cell(one: Cell) -> data_table.Cell:
    """A cell of the report as one of the app's."""
    match one:
        case Link():
            return data_table.link(one.words, data_table.page_href(one.page, **one.query))
        case Code():
            return data_table.text(one.text, "mono")
        case Verdict():
            glyph, look = LOOKS.get(one.words, ("–", "muted"))
            return data_table.text(f"{glyph} {one.words}", f"{look} nowrap")
        case tuple():
            return data_table.inline(*(cell(part) for part in one))
        case _:
            return data_table.text(one, "wrap")


def progress(state: State) -> None:
    """How far a run is that is not at its end, and which parts are left."""
    words = "It is at work now." if state.is_at_work else "It stopped; the same command goes on."
    st.text(f"{len(state.done)} of {len(state.parts)} parts are done. {words}")
    rows: list[list[data_table.Cell]] = [
        [
            part.name,
            data_table.text("✓ done", "good")
            if part.name in state.done
            else data_table.text("to do", "muted"),
        ]
        for part in state.parts
    ]
    data_table.table(
        ["", ""], [["Work done", data_table.bar(state.share, f"{state.share:.0%}")]], key="share"
    )
    with st.expander("Parts"):
        data_table.table(["Part", "State"], rows, key="parts")


st.title("Lessons")
folder = project.lessons_folder()
if folder is None:
    st.text(NO_RUN, width=SENTENCE_WIDTH)
    st.code(COMMANDS, language=None)
    st.stop()
try:
    state = state_of(folder)
except ValueError as error:
    project.complain(error)
    st.stop()
st.text(plain(introduction(state.told)), width=SENTENCE_WIDTH)
if not state.is_finished:
    progress(state)
for section in sections(state.told):
    draw(section)
