"""F1 of Monte-Carlo labels by how many completions may reach the answer from a wrong step."""

from __future__ import annotations

from dataclasses import asdict

import plotly.graph_objects as go
import streamlit as st

from app.components.data_table import data_table
from app.components.figure.downloads import Numbers
from app.ui import charts
from app.ui.counts import counted
from app.ui.evaluation.matrix import number
from app.ui.evaluation.project import Shown
from app.ui.figures.figure import bounds, figure, go_to
from db.lists.filters import MISTAKEN
from db.records import AnnotatorRecord
from labeling.evaluation.mc_thresholds import MCThresholds, mc_thresholds
from labeling.look.palette import faded, plain
from labeling.montecarlo.planner import has_whole_steps
from training.metrics.few import FEW
from training.metrics.processbench.evaluation import ProcessBenchResult

SENTENCE = (
    "F1 of the hard labels of {mc} at each threshold: a step is wrong if at most this share of its "
    "completions reach the answer. The paper's threshold is 0; on its data F1 falls from 40.2 "
    "there to 29.5 at 7/8 (arXiv 2501.07301, 3.1.1). Bands are 95% intervals over {n} solutions. "
    "A mark opens the mistakes at its threshold."
)
NO_MC = "No Monte Carlo annotator shares a solution with this reference."
NOT_WHOLE = (
    "{mc} stopped each step at its first success, so its success rates say nothing above 0. The "
    "strategy exhaustive takes every sample of a step; its rates can be cut at any threshold."
)
DASHES = ("dash", "dot", "dashdot", "longdash")
OUTCOMES = {  # Fields of Offsets -> words, and what they are of.
    "exact": ("Exact", "The first error is named, of solutions with one"),
    "early": ("Early", "A step before the first error is flagged"),
    "late": ("Late", "A step after the first error is flagged"),
    "missed": ("Missed", "No error is seen, of solutions with one"),
    "right": ("Clean", "No error is seen, of solutions without one"),
    "false_alarm": ("False alarms", "A step is flagged, of solutions without an error"),
}


def draw(found: Shown) -> None:
    """A figure for each Monte Carlo annotator with whole shares."""
    annotators = [one for one in found.annotators if one.kind == "mc"]
    if not annotators:
        st.text(NO_MC)
        st.page_link(
            "views/jobs.py", label="Run Monte Carlo", query_params={"start": "Monte Carlo"}
        )
    for mc in annotators:
        if not has_whole_steps(mc.config):
            st.text(NOT_WHOLE.format(mc=mc.name))
            query = {"start": "Monte Carlo"}
            st.page_link("views/jobs.py", label="Annotate exhaustively", query_params=query)
            continue
        _figure_of(found, mc)


def _figure_of(found: Shown, mc: AnnotatorRecord) -> None:
    reference = found.reference.label
    told = counted(
        found.database,
        f"mc thresholds {mc.id} {found.reference.id}",
        lambda: mc_thresholds(found.database, mc.label, reference),
    )
    few = _few(told)
    figure(
        "Monte Carlo thresholds",
        SENTENCE.format(mc=mc.name, n=f"{told.solutions:,}")
        + (" Too few solutions of a class for an interval." if few else ""),
        chart(told, few=few),
        numbers(told, few=few),
        f"mc-thresholds-{mc.name}",
        picked=go_to,
    )
    _table(told, mc.id)


def _behind(told: MCThresholds, threshold: float, outcome: str, dataset: str | None = None) -> str:
    """Browse with the solutions that an outcome counts where a step is wrong up to this share."""
    who = {"of": told.annotator, "against": told.reference, "dataset": dataset}
    return data_table.page_href("browse", outcome=outcome, share=threshold, **who)


def _table(told: MCThresholds, key: int) -> None:
    """What the verdicts come to at each share; every number opens its solutions."""
    rows: list[list[data_table.Cell]] = []
    for threshold, report, offsets in zip(told.thresholds, told.reports, told.offsets, strict=True):
        cells: list[data_table.Cell] = [
            data_table.text(_fraction(threshold, told), "nowrap"),
            data_table.text(number(report.mean.f1), "strong"),
        ]
        for outcome in OUTCOMES:
            n = sum(getattr(one, outcome) for one in offsets.values())
            cells.append(data_table.link(f"{n:,}", _behind(told, threshold, outcome)))
        rows.append([*cells, None])
    columns: list[str | data_table.Column] = [
        data_table.column("Wrong up to", "nowrap", title="this share of completions that succeed"),
        data_table.column("F1", "right nowrap", width="5rem"),
        *(
            data_table.column(words, "right nowrap", title=title, width="7rem")
            for words, title in OUTCOMES.values()
        ),
    ]
    data_table.table([*columns, ""], rows, key=f"mc {key}")


def _mistakes(told: MCThresholds, dataset: str | None) -> list[int]:
    """How many verdicts are not the reference's at each threshold, in a data set or in all."""
    return [
        sum(
            n
            for name, one in offsets.items()
            if dataset in (None, name)
            for outcome, n in asdict(one).items()
            if outcome not in ("exact", "right")
        )
        for offsets in told.offsets
    ]


def _fraction(threshold: float, told: MCThresholds) -> str:
    n = len(told.thresholds)
    return f"{round(threshold * n)}/{n}" if threshold else "0"


def chart(told: MCThresholds, *, few: bool) -> go.Figure:
    """The mean with its band, and a line for each data set."""
    now = charts.palette()
    colour = now.hues["mc"]
    drawn = go.Figure()
    x = list(told.thresholds)
    means = [report.mean for report in told.reports]
    spans = [bounds(one.intervals["f1"].low, one.intervals["f1"].high) for one in means]
    inside = [one for one in spans if one is not None]
    if not few and len(inside) == len(spans):
        drawn.add_scatter(
            x=[*x, *reversed(x)],
            y=[high for _, high in inside] + [low for low, _ in reversed(inside)],
            mode="none",
            fill="toself",
            fillcolor=faded(colour, 0.15),
            hoverinfo="skip",
            showlegend=False,
        )
    names = list(told.reports[0].datasets)
    lines = {"mean" if len(names) > 1 else names[0]: ("solid", means)}
    if len(names) > 1:
        for place, name in enumerate(names):
            each = [report.datasets[name] for report in told.reports]
            lines[name] = (DASHES[place % len(DASHES)], each)
    for name, (dash, results) in lines.items():
        solid = dash == "solid"
        dataset = None if solid else name
        n = sum(one.n_error + one.n_correct for one in results[:1])
        drawn.add_scatter(
            x=x,
            y=[one.f1 for one in results],
            mode="lines+markers",
            line={"color": colour if solid else now.muted, "dash": dash, "width": 2},
            marker={"size": 8 if solid else 5},
            name=plain(name),
            customdata=[[_behind(told, one, MISTAKEN, dataset)] for one in told.thresholds],
            text=[f"{wrong:,} of {n:,} mistaken" for wrong in _mistakes(told, dataset)],
            hovertemplate="up to %{x:.3f}: F1 %{y:.3f}<br>%{text}<extra></extra>",
        )
    drawn.update_xaxes(
        title="a step is wrong up to this share of successes",
        tickvals=x,
        ticktext=[_fraction(one, told) for one in x],
    )
    drawn.update_yaxes(title="F1", rangemode="tozero", automargin=True)
    drawn.update_layout(
        height=360,
        margin={"l": 24, "r": 12, "t": 30, "b": 48},
        showlegend=len(lines) > 1,
        legend={"orientation": "h", "y": 1.12},
    )
    return drawn


def numbers(told: MCThresholds, *, few: bool) -> Numbers:
    """A row for each threshold and data set."""
    rows: list[list[str | float | int | None]] = []
    for threshold, report in zip(told.thresholds, told.reports, strict=True):
        for name, one in (*report.datasets.items(), ("mean", report.mean)):
            span = one.intervals["f1"]
            inside = (None, None) if few else (span.low, span.high)
            rows.append(
                [name, threshold, one.f1, *inside, one.error_accuracy, one.correct_accuracy]
            )
    columns = ("data set", "threshold", "F1", "low", "high", "error accuracy", "correct accuracy")
    return Numbers(columns, rows)


def _few(told: MCThresholds) -> bool:
    parts: list[ProcessBenchResult] = list(told.reports[0].datasets.values())
    return any(0 < n < FEW for one in parts for n in (one.n_error, one.n_correct))
