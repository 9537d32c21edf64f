"""A dot plot: figures with their intervals, a row each, on one axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from app.ui import charts
from training.metrics.processbench.evaluation import Interval

ROW = 26  # pixels
HEADS = 74  # for the axis and the legend


@dataclass(frozen=True, slots=True)
class Dot:
    """A figure in a row; clicking it opens `part` and `slice`; `note` is behind it."""

    row: str
    value: float
    interval: Interval
    note: str
    part: str = ""
    slice: str = ""
    few: bool = False
    hue: str = ""  # instead of its series'


@dataclass(frozen=True, slots=True)
class Series:
    """Dots of one kind, told apart by hue and by symbol."""

    name: str
    hue: str  # of the palette, or "published", which is grey
    symbol: Literal["circle", "diamond", "x", "circle-open", "square"]
    dots: Sequence[Dot]


def dots(
    series: Sequence[Series],
    *,
    axis: str,
    whole: float = math.nan,
    ends: tuple[float, float] | None = (0, 1),
    percent: bool = True,
) -> go.Figure:
    """Rows from the top in the order of the dots; `whole` is a line, the figure of all.

    Dots that rest on too little are grey.
    """
    now = charts.palette()
    rows = list(
        dict.fromkeys(dot.row for one in series for dot in one.dots if not math.isnan(dot.value))
    )
    figure = go.Figure()
    for one in series:
        shown = [dot for dot in one.dots if not math.isnan(dot.value)]
        hues = ["published" if dot.few else dot.hue or one.hue for dot in shown]
        colours = [now.hues.get(hue, now.muted) for hue in hues]
        spans = [
            (dot.interval.low, dot.interval.high)
            if not math.isnan(dot.interval.low)
            else (dot.value, dot.value)
            for dot in shown
        ]
        # One trace for all intervals of a hue: plotly takes milliseconds for each trace.
        for hue in dict.fromkeys(colours):
            lines = [
                (charts.plain(dot.row), low, high)
                for dot, (low, high), its in zip(shown, spans, colours, strict=True)
                if its == hue and low < high
            ]
            figure.add_scatter(
                x=[end for _, low, high in lines for end in (low, high, None)],
                y=[place for row, _, _ in lines for place in (row, row, None)],
                mode="lines",
                line={"color": charts.faded(hue, 0.55), "width": 3},
                hoverinfo="skip",
                showlegend=False,
            )
        form = ".1%" if percent else ".3f"
        figure.add_scatter(
            x=[dot.value for dot in shown],
            y=[charts.plain(dot.row) for dot in shown],
            mode="markers",
            name=one.name,
            marker={
                "symbol": [f"{one.symbol.removesuffix('-open')}-open" if dot.few else one.symbol
                           for dot in shown],
                "size": 11,
                "color": colours,
                "line": {"width": 2, "color": colours},
            },
            customdata=[[dot.part, dot.slice] for dot in shown],
            text=[
                f"{charts.plain(dot.row)}: {format(dot.value, form)}"
                + (f" [{format(low, form)} to {format(high, form)}]" if low < high else "")
                + f"<br>{charts.plain(dot.note)}"
                for dot, (low, high) in zip(shown, spans, strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    if not math.isnan(whole):
        figure.add_vline(x=whole, line={"color": now.muted, "dash": "dot", "width": 1.5})
    figure.update_layout(
        height=HEADS + ROW * len(rows),
        margin={"l": 8, "r": 16, "t": 30 if len(series) > 1 else 8, "b": 44},
        showlegend=len(series) > 1,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        xaxis={
            "title": axis,
            "range": None if ends is None else [ends[0] - 0.01, ends[1] + 0.01],
            "tickformat": ".0%" if percent else None,
        },
        yaxis={
            "categoryorder": "array",
            "categoryarray": [charts.plain(row) for row in reversed(rows)],
            "range": [-0.6, len(rows) - 0.4],
            "automargin": True,
            "ticks": "",
        },
    )
    figure.update_yaxes(showgrid=False)
    return figure
