"""Calibration of a PRM: are its scores the probabilities that they claim to be?"""

from __future__ import annotations

import math

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.components.data_table import data_table
from app.components.figure.downloads import Numbers
from app.ui import charts, project
from app.ui.counts import counted
from app.ui.evaluation.figure import figure
from app.ui.evaluation.project import NONE_HELD_OUT, Shown, choose_prm
from labeling.evaluation.scored import ScoredSolutions, scored_solutions
from training.metrics.calibration import (
    Calibration,
    calibration,
    solutions,
    steps_to_error,
)
from training.metrics.intervals import FEW
from training.metrics.processbench.evaluation import Interval

SENTENCE = (
    "How many of the steps (left, up to the first error) and of the solutions (right, by their "
    "lowest score) with about this score by {prm} are right by {reference}: on the diagonal a "
    "score is the probability it claims to be. Marks grow with the number behind them, which the "
    "bars show; hollow ones rest on fewer than 30."
)
ECE = "Mean distance between score and share right, over ten bins, weighed by size"
BRIER = "Mean squared distance between a score and 1 (right) or 0"


def draw(found: Shown) -> None:
    """The reliability of the chosen PRM's steps and solutions."""
    prm = choose_prm(found)
    if prm is None:
        return
    key = f"calibration {prm} {found.reference.label} {found.held_out}"
    told = counted(found.database, key, lambda: measured(found, prm))
    if told is None:
        project.complain(NONE_HELD_OUT.format(prm=prm))
        return
    parts = {"steps": told[0], "solutions": told[1]}
    if not any(one.n for one in parts.values()):
        project.complain(f"{prm} and {found.reference.label} share no scored solution.")
        return
    figure(
        "Reliability",
        SENTENCE.format(prm=prm, reference=found.reference.label),
        chart(parts),
        numbers(parts),
        f"calibration-{prm}",
    )
    table(parts, prm)


def table(parts: dict[str, Calibration], prm: str) -> None:
    """How far scores are from what they claim, in one number each."""
    href = data_table.page_href("browse", by=prm)
    data_table.table(
        [
            data_table.column("", width="9rem"),
            data_table.column("ECE", "right nowrap", title=ECE),
            data_table.column("95% interval", "nowrap"),
            data_table.column("Brier", "right nowrap", title=BRIER),
            data_table.column("95% interval", "nowrap"),
            data_table.column("Number", "right nowrap"),
        ],
        [
            [
                name.capitalize(),
                data_table.text(f"{one.ece:.3f}", "strong"),
                data_table.text(_span(one.ece_interval), "muted"),
                data_table.text(f"{one.brier:.3f}", "strong"),
                data_table.text(_span(one.brier_interval), "muted"),
                data_table.link(f"{one.n:,}", href),
            ]
            for name, one in parts.items()
            if one.n
        ],
        key="calibration-errors",
    )


def measured(found: Shown, prm: str) -> tuple[Calibration, Calibration] | None:
    """Of steps and of solutions; None where nothing is held out."""
    who = next(one for one in found.annotators if one.label == prm)
    these: ScoredSolutions = scored_solutions(found.database, who, found.reference)
    if found.held_out:
        if len(these) and these.trained_on.all():
            return None
        these = these.only(~these.trained_on)
    problems = these.problems
    steps, whole = steps_to_error(these.scored), solutions(these.scored)
    return calibration(steps, problems), calibration(whole, problems)


def chart(parts: dict[str, Calibration]) -> go.Figure:
    """Share right over score, and under it how many there are."""
    now = charts.palette()
    drawn = make_subplots(
        rows=2,
        cols=len(parts),
        row_heights=[0.78, 0.22],
        vertical_spacing=0.06,
        horizontal_spacing=0.08,
        shared_xaxes=True,
        subplot_titles=[name.capitalize() for name in parts],
    )
    colour = now.hues["prm"]
    for at, (name, one) in enumerate(parts.items(), start=1):
        drawn.add_scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            line={"color": now.muted, "dash": "dash", "width": 1.2},
            hoverinfo="skip",
            row=1,
            col=at,
        )
        largest = max((bin.right.n for bin in one.bins), default=1)
        shown = [bin.right.interval for bin in one.bins]
        drawn.add_scatter(
            x=[bin.score for bin in one.bins],
            y=[bin.right.value for bin in one.bins],
            mode="markers",
            marker={
                "size": [7 + 13 * math.sqrt(bin.right.n / largest) for bin in one.bins],
                "symbol": ["circle" if bin.right.n >= FEW else "circle-open" for bin in one.bins],
                "color": colour,
                "line": {"width": 1.5, "color": colour},
            },
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [
                    span.high - bin.right.value if bin.right.n >= FEW else 0
                    for bin, span in zip(one.bins, shown, strict=True)
                ],
                "arrayminus": [
                    bin.right.value - span.low if bin.right.n >= FEW else 0
                    for bin, span in zip(one.bins, shown, strict=True)
                ],
                "color": colour,
                "thickness": 1.8,
                "width": 0,
            },
            customdata=[[bin.right.n] for bin in one.bins],
            hovertemplate=f"score %{{x:.3f}}: %{{y:.1%}} of %{{customdata[0]:,}} {name} right"
            "<extra></extra>",
            row=1,
            col=at,
        )
        drawn.add_bar(
            x=[(bin.low + bin.high) / 2 for bin in one.bins],
            y=[bin.right.n for bin in one.bins],
            width=0.09,
            marker={"color": now.muted},
            hovertemplate=f"%{{y:,}} {name}<extra></extra>",
            row=2,
            col=at,
        )
        drawn.update_xaxes(title="score", row=2, col=at)
    drawn.update_xaxes(range=[-0.02, 1.02])
    drawn.update_yaxes(title="right", tickformat=".0%", range=[-0.04, 1.06], row=1)
    drawn.update_yaxes(title="number", automargin=True, nticks=3, row=2)
    drawn.update_annotations(font={"size": charts.TEXT_SIZE, "color": now.text})
    drawn.update_layout(height=480, margin={"l": 64, "r": 12, "t": 34, "b": 48}, showlegend=False)
    return drawn


def numbers(parts: dict[str, Calibration]) -> Numbers:
    """A row for each mark."""
    rows: list[list[str | float | int | None]] = []
    for name, one in parts.items():
        for bin in one.bins:
            few = bin.right.n < FEW
            inside = (None, None) if few else (bin.right.interval.low, bin.right.interval.high)
            rows.append([name, bin.low, bin.high, bin.score, bin.right.value, *inside, bin.right.n])
    columns = ("of", "from", "to", "mean score", "right", "low", "high", "number")
    return Numbers(columns, rows)


def _span(interval: Interval) -> str:
    if math.isnan(interval.low):
        return ""
    return f"{interval.low:.3f} to {interval.high:.3f}"
