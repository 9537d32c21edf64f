"""A dot plot: figures with their intervals, a row each, in panels side by side over one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from labeling.look.palette import TEXT_SIZE, Palette, faded, plain
from training.metrics.intervals import UNKNOWN
from training.metrics.processbench.evaluation import Interval

ACROSS = 4  # panels side by side
ROW = 26  # pixels
HEADS = 74  # for the axis and what is above the rows
PUBLISHED = "published"  # not measured here


Symbol = Literal["circle", "diamond", "square", "triangle-up", "x"]


@dataclass(frozen=True, slots=True)
class Dot:
    """A figure in a row, NaN where it is not defined; `note` says on hovering what is behind it.

    A click on it calls the page's `picked` with `opens`. `few` marks one that too little is behind:
    hollow and grey, without its interval.
    """

    row: str
    value: float
    interval: Interval = UNKNOWN
    note: str = ""
    opens: tuple[str, ...] = ()
    few: bool = False
    hue: str = ""  # instead of its series'
    panel: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Dots of one kind, told apart by hue and by symbol."""

    name: str
    hue: str  # of the palette; another is grey
    symbol: Symbol
    dots: Sequence[Dot]


def published_series(dots: Sequence[Dot]) -> Series:
    """What others have published: a scale, and no baseline."""
    return Series(PUBLISHED, PUBLISHED, "diamond", dots)


def dots(
    now: Palette,
    series: Sequence[Series],
    *,
    axis: str,
    panels: Sequence[str] = (),
    whole: float = math.nan,
    ends: tuple[float, float] | None = (0, 1),
    percent: bool = True,
    order: Sequence[str] = (),
) -> go.Figure:
    """Rows from the top in the order of the dots, or in `order`; the same in each of `panels`,
    which are headings.

    Series have a legend, except above panels: there symbols need a sentence.
    `whole` is a line, the figure of all; without `ends` the axis fits the dots.
    """
    series = [one for one in series if any(_known(dot) for dot in one.dots)]
    known = dict.fromkeys(dot.row for one in series for dot in one.dots if _known(dot))
    rows = [row for row in order if row in known] or list(known)
    across = min(ACROSS, len(panels) or 1)
    down = math.ceil((len(panels) or 1) / across)
    figure = make_subplots(
        rows=down,
        cols=across,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        vertical_spacing=0.16 / down,
        subplot_titles=[plain(panel) for panel in panels],
    )
    for at, panel in enumerate(panels or ("",)):
        where = {"row": at // across + 1, "col": at % across + 1}
        for one in series:
            shown = [dot for dot in one.dots if dot.panel == panel and _known(dot)]
            _draw(figure, one, shown, now, where, percent=percent, first=not at)
    if not math.isnan(whole):
        figure.add_vline(x=whole, line={"color": now.muted, "dash": "dot", "width": 1.5})
    legend = len(series) > 1 and not panels
    figure.update_annotations(font={"size": TEXT_SIZE, "color": now.text})
    figure.update_layout(
        height=(HEADS + ROW * len(rows)) * down,
        margin={"l": 8, "r": 16, "t": 30 if legend or panels else 8, "b": 44},
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
    )
    if ends is not None:
        figure.update_xaxes(range=[ends[0] - 0.02, ends[1] + 0.02])
    figure.update_xaxes(tickformat=".0%" if percent else None)
    figure.update_xaxes(title=axis, row=down)
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=[plain(row) for row in reversed(rows)],
        range=[-0.6, len(rows) - 0.4],
        automargin=True,
        ticks="",
        showgrid=False,
    )
    return figure


def _known(dot: Dot) -> bool:
    return not math.isnan(dot.value)


def _draw(
    figure: go.Figure,
    one: Series,
    shown: Sequence[Dot],
    now: Palette,
    where: dict[str, int],
    *,
    percent: bool,
    first: bool,
) -> None:
    """The dots of a series in one panel; one trace for all intervals of a hue, as each is slow."""
    hues = [PUBLISHED if dot.few else dot.hue or one.hue for dot in shown]
    colours = [now.hues.get(hue, now.muted) for hue in hues]
    for colour in dict.fromkeys(colours):
        lines = [
            dot for dot, its in zip(shown, colours, strict=True) if its == colour and _span(dot)
        ]
        if not lines:
            continue
        figure.add_scatter(
            x=[x for dot in lines for x in (dot.interval.low, dot.interval.high, None)],
            y=[y for dot in lines for y in (*[plain(dot.row)] * 2, None)],
            mode="lines",
            line={"color": faded(colour, 0.55), "width": 3},
            hoverinfo="skip",
            showlegend=False,
            **where,
        )
    marker: dict[str, Any] = {
        "symbol": [f"{one.symbol}-open" if dot.few else one.symbol for dot in shown],
        "size": 11,
        "color": colours,
        "line": {"width": 2, "color": colours},
    }
    figure.add_scatter(
        x=[dot.value for dot in shown],
        y=[plain(dot.row) for dot in shown],
        mode="markers",
        name=one.name,
        legendgroup=one.name,
        showlegend=first,
        marker=marker,
        customdata=[list(dot.opens) for dot in shown],
        text=[_words(dot, ".1%" if percent else ".3f") for dot in shown],
        hovertemplate="%{text}<extra></extra>",
        **where,
    )


def _span(dot: Dot) -> bool:
    """Whether its interval is drawn."""
    return not dot.few and dot.interval.low < dot.interval.high


def _words(dot: Dot, form: str) -> str:
    low, high = dot.interval.low, dot.interval.high
    inside = f" [{low:{form}} to {high:{form}}]" if _span(dot) else ""
    return f"{plain(dot.row)}: {dot.value:{form}}{inside}<br>{plain(dot.note)}"
