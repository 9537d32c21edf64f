"""The curves of calibration: detection, scores by position, places in a solution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.ui import charts
from labeling.look.palette import faded, plain
from training.metrics.biases import PLACES
from training.metrics.calibration import Detection, Group
from training.metrics.intervals import Mean, Share

MARGINS = {"l": 8, "r": 16, "t": 30, "b": 8}


def detection(found: Detection) -> go.Figure:
    """ROC at the left, precision against recall at the right."""
    now = charts.palette()
    figure = make_subplots(rows=1, cols=2, horizontal_spacing=0.14)
    drawn = found.curves
    line = {"color": now.hues["prm"], "width": 2.4}
    thresholds = [[t] for t in drawn.thresholds.tolist()]
    # Plotly lets marks alone be clicked.
    marks = {"mode": "lines+markers", "marker": {"size": 9, "color": "rgba(0, 0, 0, 0)"}}
    hover = "threshold %{customdata[0]:.3f}<br>%{x:.1%}, %{y:.1%}<extra></extra>"
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip",
        line={"color": now.muted, "dash": "dot", "width": 1.5}, row=1, col=1,
    )  # fmt: skip
    figure.add_scatter(
        x=drawn.false_alarms, y=drawn.found, **marks, line=line,
        customdata=thresholds, hovertemplate=hover, row=1, col=1,
    )  # fmt: skip
    figure.add_scatter(
        x=drawn.found, y=drawn.precision, **marks, line=line,
        customdata=thresholds, hovertemplate=hover, row=1, col=2,
    )  # fmt: skip
    figure.update_layout(height=330, margin={**MARGINS, "t": 8, "b": 44}, showlegend=False)
    ends = {"range": [-0.02, 1.02], "tickformat": ".0%", "dtick": 0.25}
    figure.update_xaxes(**ends)
    figure.update_yaxes(**ends, automargin=True)
    figure.update_xaxes(title="right steps flagged", row=1, col=1)
    figure.update_yaxes(title="first errors found", row=1, col=1)
    figure.update_xaxes(title="first errors found (recall)", row=1, col=2)
    figure.update_yaxes(title="flagged that are wrong (precision)", row=1, col=2)
    return figure


def by_group(
    groups: Sequence[Group], right: str, wrong: str, axis: str, slices: Sequence[str]
) -> go.Figure:
    """Mean scores of what is right and of what is wrong, group by group.

    `slices` are what the marks open, by group.
    """
    now = charts.palette()
    figure = go.Figure()
    names = [one.name for one in groups]
    for label, hue, symbol, dash, means in (
        (right, now.hues["prm"], "circle", "solid", [one.right for one in groups]),
        (wrong, now.hues["wrong"], "diamond", "dash", [one.wrong for one in groups]),
    ):
        figure.add_scatter(
            x=names,
            y=[None if math.isnan(mean.value) else mean.value for mean in means],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [_above(mean) for mean in means],
                "arrayminus": [_below(mean) for mean in means],
                "color": faded(hue, 0.6),
                "width": 0,
                "thickness": 3,
            },
            mode="lines+markers",
            name=label,
            line={
                "color": hue,
                "width": 1.6,
                "dash": dash,
            },
            marker={
                "symbol": [f"{symbol}-open" if mean.too_few else symbol for mean in means],
                "size": 10,
                "color": [now.muted if mean.too_few else hue for mean in means],
            },
            customdata=[["", slice] for slice in slices],
            text=[f"{mean.n:,}" + (", too few" if mean.too_few else "") for mean in means],
            hovertemplate=f"%{{x}}, {label}: %{{y:.3f}}<br>%{{text}}<extra></extra>",
        )
    figure.update_layout(
        height=300,
        margin={**MARGINS, "b": 44},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        xaxis={
            "title": axis,
            "type": "category",
            "tickmode": "array",
            "tickvals": names,
            "ticktext": [_brief(name) for name in names],
            "tickangle": 0,
        },
        yaxis={"title": "mean score", "range": [-0.03, 1.03], "automargin": True},
    )
    return figure


def in_solution(prm: str, lowest: Sequence[Share], errors: Sequence[Share]) -> go.Figure:
    """Where in a solution the lowest score of `prm` lies, beside where the first error does."""
    now = charts.palette()
    figure = go.Figure()
    for label, part, hue, pattern, shares in (
        (f"lowest score of {plain(prm)}", "lowest", now.hues["prm"], "", lowest),
        ("first error, by the reference", "error", now.hues["human"], "/", errors),
    ):
        figure.add_bar(
            x=list(PLACES),
            y=[one.value for one in shares],
            name=label,
            marker={
                "color": faded(hue, 0.8),
                "line": {"width": 1.5, "color": hue},
                "pattern": {"shape": pattern, "fgcolor": hue, "bgcolor": faded(hue, 0.25)},
            },
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [one.interval.high - one.value for one in shares],
                "arrayminus": [one.value - one.interval.low for one in shares],
                "color": now.muted,
                "width": 0,
                "thickness": 2,
            },
            customdata=[[f"{part}-{place}"] for place in range(len(shares))],
            text=[f"{one.count:,} of {one.n:,}" for one in shares],
            textposition="none",
            hovertemplate=f"{label}, %{{x}}: %{{y:.1%}}<br>%{{text}}<extra></extra>",
        )
    figure.update_layout(
        height=300,
        margin={**MARGINS, "b": 34},
        bargap=0.3,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        yaxis={"title": "of solutions with an error", "tickformat": ".0%", "automargin": True},
        xaxis={"type": "category"},
    )
    return figure


def _brief(group: str) -> str:
    """A group's name on an axis that says what it is of: "step 7 to 9" is 7–9 there."""
    bare = group.removeprefix("step ").removesuffix(" steps")
    return bare.replace(" to ", "–").replace(" or more", "+")


def _above(mean: Mean) -> float:
    return 0.0 if math.isnan(mean.interval.high) else mean.interval.high - mean.value


def _below(mean: Mean) -> float:
    return 0.0 if math.isnan(mean.interval.low) else mean.value - mean.interval.low
