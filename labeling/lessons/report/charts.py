"""The figures of the report's sections: dots with their intervals, and shares side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from labeling.lessons.plan import CONSENSUS, JUDGE, RANDOM, SOFT_CONSENSUS, SOFT_MC, TRUTH
from labeling.look.dots import Dot
from labeling.look.palette import Palette, dress, faded, plain
from training.metrics.processbench.evaluation import Interval

# Whose labels a PRM has learnt from has the hue of that kind of annotator.
HUES = {JUDGE: "judge", TRUTH: "human", CONSENSUS: "prm", SOFT_CONSENSUS: "prm"}
SHORT = {
    RANDOM: "random Monte Carlo",
    SOFT_MC: "soft Monte Carlo",
    SOFT_CONSENSUS: "soft consensus",
}


def hue(source: str) -> str:
    """The hue of a source of labels."""
    return HUES.get(source, "mc")


def dot(
    row: str, estimate: Mapping[str, Any], note: str = "", hue: str = "", over: str = "both"
) -> Dot:
    """An estimate as a dot in a row, with its interval over problems and seeds, or one of them."""
    low, high = (math.nan if one is None else one for one in estimate[over])
    value = estimate["value"]
    return Dot(row, math.nan if value is None else value, Interval(low, high), note, hue=hue)


def shares(
    now: Palette, rows: Sequence[str], parts: Mapping[str, Sequence[float | None]], axis: str
) -> go.Figure:
    """A bar for each row from the top, cut into its parts from the left, which have a legend."""
    figure = go.Figure()
    looks = {
        "exact": faded(now.hues["mc"], 0.95),
        "early": faded(now.hues["human"], 0.7),
        "late": faded(now.hues["judge"], 0.6),
        "missed": faded(now.muted, 0.35),
    }
    for name, values in parts.items():
        figure.add_bar(
            y=[plain(row) for row in rows],
            x=list(values),
            name=name,
            orientation="h",
            marker={"color": looks[name], "line": {"color": now.page, "width": 1}},
            text=[f"{100 * one:.0f}" if one is not None and one >= 0.06 else "" for one in values],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": now.text},
            hovertemplate=f"%{{y}}: {name} %{{x:.1%}}<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        bargap=0.35,
        height=86 + 30 * len(rows),
        margin={"l": 8, "r": 16, "t": 32, "b": 44},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
    )
    figure.update_xaxes(title=axis, range=[0, 1.001], tickformat=".0%")
    figure.update_yaxes(autorange="reversed", automargin=True, ticks="", showgrid=False)
    dress(figure, now)
    return figure
