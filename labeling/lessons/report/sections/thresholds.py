"""What Monte Carlo's threshold does to its labels, and to the PRMs that learn from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import plotly.graph_objects as go

from labeling.lessons.findings import F1
from labeling.lessons.plan import MC
from labeling.lessons.report.section import Chart, Section, Table, Told
from labeling.lessons.report.words import interval, percent
from labeling.look.palette import Palette, dress, faded

HEAD = ("threshold", "F1 of the labels", "F1", "over problems", "product", "over problems")
TEXT = (
    "A step is an error with no larger share of successes than the threshold. At 0 the figures are "
    "means over the seeds; at each other one there is one training."
)
ALT = "F1 of the labels and of the PRMs, and Best-of-N, by Monte Carlo's threshold."


def section(told: Told) -> Section | None:
    """A row for each threshold."""
    if "figures" not in told or "thresholds" not in told:
        return None
    figures = told["figures"]
    labels = {**told["thresholds"]["sources"], MC: told["labels"]["sources"][MC]}
    points = [
        (threshold, labels[source]["f1"], figures["sources"][source]["figures"])
        for source, threshold in figures["thresholds"].items()
    ]
    rows = tuple(
        (
            f"{threshold:g}",
            percent(quality),
            percent(one[F1]["value"]),
            interval(one[F1]["problems"]),
            percent(one["product"]["value"]),
            interval(one["product"]["problems"]),
        )
        for threshold, quality, one in points
    )
    chart = Chart(partial(_chart, points), ALT)
    return Section("Monte Carlo's threshold", (TEXT,), charts=(chart,), table=Table(HEAD, rows))


def _chart(
    points: Sequence[tuple[float, float | None, Mapping[str, Any]]], now: Palette
) -> go.Figure:
    figure = go.Figure()
    at = [threshold for threshold, _, _ in points]
    for name, words, hue in (("product", "Best-of-N, product", "prm"), (F1, "F1", "mc")):
        known = [
            (threshold, one[name])
            for threshold, _, one in points
            if None not in one[name]["problems"]
        ]
        figure.add_scatter(
            x=[x for x, _ in known] + [x for x, _ in reversed(known)],
            y=[one["problems"][1] for _, one in known]
            + [one["problems"][0] for _, one in reversed(known)],
            mode="none",
            fill="toself",
            fillcolor=faded(now.hues[hue], 0.14),
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=at,
            y=[one[name]["value"] for *_, one in points],
            mode="lines+markers",
            line={"color": now.hues[hue], "width": 2.2, "dash": "solid" if name == F1 else "dash"},
            marker={"size": 7, "symbol": "circle" if name == F1 else "square"},
            name=words,
            hovertemplate="%{y:.1%}",
        )
    figure.add_scatter(
        x=at,
        y=[quality for _, quality, _ in points],
        mode="lines+markers",
        line={"color": now.muted, "width": 1.5, "dash": "dot"},
        marker={"size": 6, "symbol": "diamond"},
        name="F1 of the labels",
        hovertemplate="%{y:.1%}",
    )
    figure.update_layout(
        height=340,
        margin={"l": 48, "r": 16, "t": 32, "b": 44},
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
    )
    figure.update_xaxes(title="threshold, a share of successes", tickvals=at)
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    dress(figure, now)
    return figure
