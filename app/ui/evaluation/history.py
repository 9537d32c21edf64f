"""F1 over the versions of a PRM: against what they were trained on, with the way there."""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from app.components.data_table import data_table
from app.components.figure.downloads import Numbers
from app.ui import charts
from app.ui.evaluation.matrix import number, span
from app.ui.evaluation.project import Shown
from app.ui.figures.figure import bounds, figure, go_to
from db.jobs import list_jobs
from db.results import ExportRecord, list_exports
from labeling.evaluation.matrix import MEAN, Cell, Version, family, versions
from labeling.evaluation.stored import warning
from labeling.look.palette import plain

SENTENCE = (
    "F1 of each version of a PRM with its 95% interval, in the order in which they came{axes}. "
    "Click a mark to open the version's training{right}."
)
AXES = {
    "trained": "the number of solutions it was trained on",
    "people": "the number of these that people had decided",
}
NO_PRM = "No PRM has been measured against {reference} yet. First errors has the button for it."
EXPORT = ", or at the right the export it was trained on"
DASHES = ("solid", "dash", "dot", "dashdot")
SPAN = 0.1  # of F1 above and below what there is, so that no difference looks larger than it is


def draw(found: Shown) -> None:
    """The table of versions, and where it is known what they were trained on, the figure."""
    told = versions(_headlines(found), list_exports(found.database), list_jobs(found.database, 500))
    if not told:
        st.text(NO_PRM.format(reference=found.reference.name))
        query = {"ref": found.reference.label}
        st.page_link("views/evaluation.py", label="First errors", query_params=query)
        return
    over = [name for name, points in _axes(told).items() if name != "order" and len(points) > 1]
    words = "".join(f", and over {AXES[name]}" for name in over)
    name = f"history-{found.reference.name}"
    figure(
        "F1 over versions",
        SENTENCE.format(axes=words, right=EXPORT if over else ""),
        curve(told),
        numbers(told),
        name,
        go_to,
    )
    table(told)
    doubt = warning({one.cell.annotator.label: one.cell.basis for one in told})
    if doubt:
        data_table.line(data_table.text(f"? {doubt}", "warn wrap"), key="history-doubt")


def _headlines(found: Shown) -> list[Cell]:
    """A figure for each annotator: the mean, or that of the only data set."""
    names = [MEAN, *found.datasets]
    return [
        next(found.cells[one.id, name] for name in names if (one.id, name) in found.cells)
        for one in found.annotators
        if any((one.id, name) in found.cells for name in names)
    ]


def table(told: list[Version]) -> None:
    """A row for each version, with the doors to its job and its export."""
    rows = []
    for one in told:
        measured = one.cell.evaluation
        exported: data_table.Cell = data_table.text("not known", "muted")
        if one.export is not None:
            name = Path(one.export.path).name
            exported = data_table.link(name, _export_href(one.export), title=one.export.path)
        jobs: list[data_table.Cell] = []
        if one.trained_by is not None:
            href = data_table.page_href("jobs", job=one.trained_by.id)
            jobs.append(data_table.link("training", href))
        if measured.job_id is not None:
            jobs.append(
                data_table.link("evaluation", data_table.page_href("jobs", job=measured.job_id))
            )
        rows.append(
            [
                data_table.kind("prm", one.cell.annotator.name, title=one.cell.annotator.label),
                data_table.text(
                    number(one.cell.figures["f1"]), "muted" if one.cell.few else "strong"
                ),
                data_table.text(span(one.cell).strip(" []") or "too few", "muted nowrap"),
                _known(one.n_training, one.export),
                _known(one.corrections, one.export),
                exported,
                data_table.inline(*jobs) if jobs else None,
                data_table.text(f"{measured.created_at:%Y-%m-%d}", "muted nowrap"),
            ]
        )
    data_table.table(
        [
            "Version",
            data_table.column("F1", "right"),
            data_table.column("95% interval"),
            data_table.column("Trained on", "right", title="Solutions of its export"),
            data_table.column("Decided by people", "right", title="Of these solutions"),
            "Export",
            "Jobs",
            data_table.column("Measured", "nowrap"),
        ],
        rows,
        key="versions",
    )


Points = list[tuple[int | str, Version]]


def _axes(told: list[Version]) -> dict[str, Points]:
    """The versions along each axis, as far as their place on it is known."""
    trained: Points = [(one.n_training, one) for one in told if one.n_training is not None]
    people: Points = [(one.corrections, one) for one in told if one.corrections is not None]
    order: Points = [(plain(one.cell.annotator.name), one) for one in told]
    return {"order": order, "trained": trained, "people": people}


def curve(told: list[Version]) -> go.Figure:
    """F1 over versions, and over training size and human decisions where two or more are known."""
    now = charts.palette()
    titles = {"order": "version", "trained": "solutions trained on", "people": "decided by people"}
    shown = {
        name: points for name, points in _axes(told).items() if name == "order" or len(points) > 1
    }
    drawn = make_subplots(rows=1, cols=len(shown), shared_yaxes=True, horizontal_spacing=0.05)
    families = list(dict.fromkeys(family(one.cell.annotator.name) for one in told))
    for at, (axis, points) in enumerate(shown.items(), start=1):
        for place, name in enumerate(families):
            mine = [(x, one) for x, one in points if family(one.cell.annotator.name) == name]
            if mine:
                dash = DASHES[place % len(DASHES)]
                named = "" if axis == "order" else titles[axis]
                _line(drawn, mine, now.hues["prm"], dash, at, named)
        drawn.update_xaxes(title=titles[axis], row=1, col=at)
        if axis != "order":
            drawn.update_xaxes(rangemode="tozero", row=1, col=at)
    f1s = [float(one.cell.figures["f1"] or 0.0) for one in told]
    low, high = min(f1s) - SPAN, max(f1s) + SPAN
    drawn.update_yaxes(range=[max(low, -0.02), min(high, 1.02)])
    drawn.update_yaxes(title="F1", automargin=True, row=1, col=1)
    drawn.update_layout(height=320, margin={"l": 24, "r": 16, "t": 16, "b": 48}, showlegend=False)
    return drawn


def _line(
    drawn: go.Figure, points: Points, colour: str, dash: str, column: int, named: str
) -> None:
    """One family's marks; `named` is the axis on which their names stand beside them, if any."""
    f1s = [float(one.cell.figures["f1"] or 0.0) for _, one in points]
    spans = []
    for f1, (_, one) in zip(f1s, points, strict=True):
        interval = one.cell.figures["intervals"]["f1"]
        inside = None if one.cell.few else bounds(interval["low"], interval["high"])
        spans.append(inside or (f1, f1))
    at = f", {named} %{{x:,}}" if named else ""
    drawn.add_scatter(
        x=[x for x, _ in points],
        y=f1s,
        mode="lines+markers+text" if named else "lines+markers",
        text=[plain(one.cell.annotator.name) for _, one in points],
        textposition="bottom left",
        customdata=[[_exported(one) if named else _behind(one)] for _, one in points],
        line={"color": colour, "dash": dash, "width": 1.5},
        marker={"size": 9, "color": colour},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - f1 for f1, (_, high) in zip(f1s, spans, strict=True)],
            "arrayminus": [f1 - low for f1, (low, _) in zip(f1s, spans, strict=True)],
            "color": colour,
            "thickness": 1.8,
            "width": 0,
        },
        hovertemplate="%{text}: %{y:.3f}" + at + "<extra></extra>",
        row=1,
        col=column,
    )


def _export_href(export: ExportRecord) -> str:
    """The export among those of Consensus."""
    return data_table.page_href("consensus", export=export.id)


def _exported(one: Version) -> str:
    """What a version was trained on, or where else it comes from."""
    return _behind(one) if one.export is None else _export_href(one.export)


def _behind(one: Version) -> str:
    """Where a version comes from: its training, or else its evaluation."""
    job = one.cell.evaluation.job_id if one.trained_by is None else one.trained_by.id
    if job is not None:
        return data_table.page_href("jobs", job=job)
    return data_table.page_href("prm_errors", prm=one.cell.annotator.label)


def numbers(told: list[Version]) -> Numbers:
    """The figure as a table, a row for each version."""
    rows = []
    for one in told:
        interval = one.cell.figures["intervals"]["f1"]
        low, high = (None, None) if one.cell.few else (interval["low"], interval["high"])
        figures = [one.cell.figures["f1"], low, high, one.n_training, one.corrections]
        rows.append([one.cell.annotator.label, *figures])
    columns = ("version", "F1", "low", "high", "trained on", "decided by people")
    return Numbers(columns, rows)


def _known(value: int | None, export: ExportRecord | None) -> data_table.Cell:
    """A number of the export's solutions, which leads to it."""
    if value is None:
        return data_table.text("not known", "muted")
    return f"{value:,}" if export is None else data_table.link(f"{value:,}", _export_href(export))
