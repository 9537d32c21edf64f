"""Dot plots with intervals: a row for each thing measured, panels side by side over one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.ui import charts

ACROSS = 4  # panels side by side
PUBLISHED = "published"
RANGE = [-0.03, 1.03]


@dataclass(frozen=True, slots=True)
class Dot:
    """A figure from 0 to 1: its row and panel, its interval, and what hovering says.

    `hue` is a kind of annotator, or PUBLISHED for what was not measured here. `few` marks one that
    too little lies behind: a hollow mark, without its interval.
    """

    row: str
    panel: str
    value: float
    span: tuple[float, float] | None = None
    hue: str = "prm"
    few: bool = False
    note: str = ""


def dot_plot(
    dots: Sequence[Dot], rows: Sequence[str], panels: Sequence[str], axis: str, *, percent: bool
) -> go.Figure:
    """A panel for each of `panels` (its heading), the same `rows` in each, first on top."""
    now = charts.palette()
    across = min(ACROSS, len(panels))
    down = math.ceil(len(panels) / across)
    drawn = make_subplots(
        rows=down,
        cols=across,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        vertical_spacing=0.16 / down,
        subplot_titles=[charts.plain(panel) for panel in panels],
    )
    for at, panel in enumerate(panels):
        where = {"row": at // across + 1, "col": at % across + 1}
        for dot in dots:
            if dot.panel == panel:
                _draw(drawn, dot, now, where, percent=percent)
    ticks = [0, 0.25, 0.5, 0.75, 1]
    words = [f"{one:.0%}" for one in ticks] if percent else ["0", ".25", ".5", ".75", "1"]
    drawn.update_xaxes(range=RANGE, tickvals=ticks, ticktext=words)
    drawn.update_xaxes(title=axis, row=down)
    labels = [charts.plain(row) for row in rows]
    drawn.update_yaxes(
        categoryorder="array",
        categoryarray=labels,
        range=[len(labels) - 0.4, -0.6],
        automargin=True,
    )
    drawn.update_annotations(font={"size": charts.TEXT_SIZE, "color": now.text})
    drawn.update_layout(
        height=(70 + 27 * len(labels)) * down + 40, margin={"l": 8, "r": 12, "t": 34, "b": 44}
    )
    return drawn


def _draw(
    drawn: go.Figure, dot: Dot, now: charts.Palette, where: dict[str, int], *, percent: bool
) -> None:
    published = dot.hue == PUBLISHED
    colour = now.muted if published else now.hues[dot.hue]
    symbol = "square-open" if published else "circle-open" if dot.few else "circle"
    error: dict[str, Any] | None = None
    if dot.span is not None and not dot.few:
        error = {
            "type": "data",
            "symmetric": False,
            "array": [dot.span[1] - dot.value],
            "arrayminus": [dot.value - dot.span[0]],
            "color": colour,
            "thickness": 1.8,
            "width": 0,
        }
    shown = "%{x:.1%}" if percent else "%{x:.3f}"
    drawn.add_scatter(
        x=[dot.value],
        y=[charts.plain(dot.row)],
        mode="markers",
        marker={
            "symbol": symbol,
            "size": 8 if published else 9,
            "color": colour,
            "line": {"width": 1 if published else 2, "color": colour},
        },
        error_x=error,
        customdata=[dot.note],
        hovertemplate=f"%{{y}}: {shown}%{{customdata}}<extra></extra>",
        showlegend=False,
        **where,
    )
