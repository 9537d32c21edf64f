"""Reliability: is a score the probability that it claims to be?"""

from __future__ import annotations

import math
from collections.abc import Mapping

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.components.figure.downloads import Numbers
from app.ui import charts
from labeling.look.palette import TEXT_SIZE, Palette, faded
from training.metrics.calibration import BINS, Bin, Calibration

SMALLEST, LARGEST = 10, 28  # diameters in pixels


def reliability(
    parts: Mapping[str, Calibration], opens: Mapping[str, str] | None = None
) -> go.Figure:
    """Share right against mean score, by bin, points by size; the histogram of scores below.

    A column for each of `parts`, by what is scored ("steps"). With `opens`, a bin calls the page's
    `picked` with its word there, or address, and its own number after a dash. Few are hollow and
    grey, without an interval.
    """
    now = charts.palette()
    figure = make_subplots(
        rows=2,
        cols=len(parts),
        shared_xaxes=True,
        row_heights=[0.74, 0.26],
        vertical_spacing=0.05,
        horizontal_spacing=0.1,
        subplot_titles=[of.capitalize() for of in parts] if len(parts) > 1 else None,
    )
    for column, (of, one) in enumerate(parts.items(), start=1):
        _draw(figure, one, of, column, (opens or {}).get(of, ""), now)
    top = 34 if len(parts) > 1 else 30
    figure.update_annotations(font={"size": TEXT_SIZE, "color": now.text})
    figure.update_layout(height=470, margin={"l": 8, "r": 16, "t": top, "b": 44}, showlegend=False)
    figure.update_yaxes(automargin=True)
    figure.update_yaxes(range=[-0.03, 1.03], tickformat=".0%", row=1)
    figure.update_yaxes(title="share right", row=1, col=1)
    figure.update_xaxes(range=[-0.02, 1.02], dtick=0.2)
    figure.update_xaxes(title="score", row=2)
    return figure


def _draw(
    figure: go.Figure, one: Calibration, of: str, column: int, opened: str, now: Palette
) -> None:
    above, below = {"row": 1, "col": column}, {"row": 2, "col": column}
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": now.muted, "dash": "dot", "width": 1.5},
        hoverinfo="skip",
        **above,
    )
    most = max((bin.right.n for bin in one.bins), default=1)
    opens = [[f"{opened}-{round(bin.low * BINS)}"] if opened else [] for bin in one.bins]
    words = [_words(bin, of) for bin in one.bins]
    few = [bin.right.too_few for bin in one.bins]
    colours = [now.muted if grey else now.hues["prm"] for grey in few]
    known = [bin for bin in one.bins if not bin.right.too_few]
    figure.add_scatter(
        x=[x for bin in known for x in (bin.score, bin.score, None)],
        y=[y for bin in known for y in (bin.right.interval.low, bin.right.interval.high, None)],
        mode="lines",
        line={"color": faded(now.hues["prm"], 0.6), "width": 3},
        hoverinfo="skip",
        **above,
    )
    figure.add_scatter(
        x=[bin.score for bin in one.bins],
        y=[bin.right.value for bin in one.bins],
        mode="markers",
        marker={
            "size": [_size(bin.right.n / most) for bin in one.bins],
            "symbol": ["circle-open" if hollow else "circle" for hollow in few],
            "color": [faded(colour, 0.85) for colour in colours],
            "line": {
                "width": 1.5,
                "color": [now.muted if hollow else now.page for hollow in few],
            },
        },
        customdata=opens,
        text=words,
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
        **above,
    )
    figure.add_bar(
        x=[(bin.low + bin.high) / 2 for bin in one.bins],
        y=[bin.right.n for bin in one.bins],
        width=0.094,
        marker={"color": faded(now.hues["prm"], 0.55)},
        customdata=opens,
        text=[f"{bin.right.n:,}" for bin in one.bins],
        textposition="outside",
        textfont={"size": 12, "color": now.muted},
        cliponaxis=False,
        hovertext=words,
        hoverinfo="text",
        **below,
    )
    figure.update_yaxes(title=of, nticks=3, **below)


def numbers(parts: Mapping[str, Calibration]) -> Numbers:
    """A row for each bin."""
    rows: list[list[str | float | int | None]] = []
    for of, one in parts.items():
        for bin in one.bins:
            right = bin.right
            inside = (None, None) if right.too_few else (right.interval.low, right.interval.high)
            rows.append([of, bin.low, bin.high, bin.score, right.value, *inside, right.n])
    return Numbers(("of", "from", "to", "mean score", "right", "low", "high", "number"), rows)


def _words(bin: Bin, of: str) -> str:
    right = bin.right
    low, high = right.interval.low, right.interval.high
    inside = ", too few" if right.too_few else f" [{low:.1%} to {high:.1%}]"
    return (
        f"{of} scored {bin.low:.1f} to {bin.high:.1f}: {right.value:.1%} right{inside}"
        f"<br>mean score {bin.score:.3f}, {right.n:,} {of}"
    )


def _size(share: float) -> float:
    """The diameter of a point of which the largest has a `share`: areas tell them apart."""
    return SMALLEST + (LARGEST - SMALLEST) * math.sqrt(share)
