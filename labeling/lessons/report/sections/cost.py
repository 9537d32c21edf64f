"""What labels are worth for the tokens that they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import plotly.graph_objects as go

from labeling.lessons.noise.cost import CONSENSUS, JUDGE
from labeling.lessons.report.section import Chart, Section, Table, Told
from labeling.lessons.report.words import interval, percent
from labeling.look.palette import Palette, dress

HEAD = (
    "labels by",
    "completions a step",
    "tokens a solution",
    "labelled",
    "exact",
    "F1",
    "over problems",
    "exact labels per 1,000 tokens",
    "over problems",
)
ALT = "F1 of the labels by the generated tokens a solution, for each strategy, judge and consensus."
SYMBOLS = {"exhaustive": "square", "scan": "circle", "bisect": "triangle-up", "adaptive": "x"}


def section(told: Told) -> Section | None:
    """A row for each way to label, and all of them in one figure."""
    if "cost" not in told:
        return None
    points = told["cost"]["points"]
    rows = tuple(
        (
            one["source"],
            "–" if one["samples"] is None else str(one["samples"]),
            f"{one['tokens_per_solution']:,.0f}",
            f"{one['solutions']:,}",
            percent(one["exact"]["value"]),
            percent(one["f1"]["value"]),
            interval(one["f1"]["problems"]),
            _number(one["exact_per_1000_tokens"]["value"]),
            _ends(one["exact_per_1000_tokens"]["problems"]),
        )
        for one in points
    )
    text = (
        f"The first errors of {told['cost']['solutions']:,} solutions against the exact ones, and "
        "the tokens generated for them, all counted: a completion that solutions of one problem "
        "share is counted once, the judge's own solution of a problem once. Each strategy is "
        "replayed from the same completions, so that they differ by what they ask alone. The judge "
        "has more weights than the policy, and its tokens cost more. A consensus labels the "
        "solutions that it keeps, and costs Monte Carlo and the judge on all."
    )
    cheap = max(points, key=lambda one: one["exact_per_1000_tokens"]["value"] or 0.0)
    good = max(points, key=lambda one: one["f1"]["value"] or 0.0)
    said = (
        f"Most exact labels per token has {_words(cheap)} ({_told(cheap)}), and the highest F1 "
        f"{_words(good)} ({_told(good)})."
    )
    return Section(
        "Labels for their tokens",
        (text, said),
        charts=(Chart(partial(_chart, points), ALT),),
        table=Table(HEAD, rows),
    )


def _words(one: Mapping[str, Any]) -> str:
    if one["samples"] is None:
        return f"the {one['source']}"
    return f"{one['source']} with {one['samples']} a step"


def _told(one: Mapping[str, Any]) -> str:
    per = _number(one["exact_per_1000_tokens"]["value"])
    return f"{per} per 1,000 tokens, F1 {percent(one['f1']['value'])}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _ends(ends: Sequence[float | None]) -> str:
    return "–" if None in ends else f"({_number(ends[0])} to {_number(ends[1])})"


def _chart(points: Sequence[Mapping[str, Any]], now: Palette) -> go.Figure:
    figure = go.Figure()
    for source in dict.fromkeys(one["source"] for one in points):
        mine = [one for one in points if one["source"] == source]
        agreed = source.startswith(CONSENSUS)
        hue = "judge" if source == JUDGE else "prm" if agreed else "mc"
        symbol = "diamond" if source == JUDGE else SYMBOLS[source.rpartition(" ")[2]]
        figure.add_scatter(
            x=[one["tokens_per_solution"] for one in mine],
            y=[one["f1"]["value"] for one in mine],
            mode="markers" if len(mine) == 1 else "lines+markers",
            name=source,
            line={"color": now.hues[hue], "width": 1.5, "dash": "dot" if agreed else "solid"},
            marker={"color": now.hues[hue], "size": 9, "symbol": symbol},
            text=["" if one["samples"] is None else f", {one['samples']} a step" for one in mine],
            hovertemplate=f"{source}%{{text}}: F1 %{{y:.1%}} for %{{x:,.0f}} tokens<extra></extra>",
        )
    figure.update_layout(
        height=440,
        margin={"l": 48, "r": 16, "t": 16, "b": 96},
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top"},
    )
    figure.update_xaxes(title="generated tokens a solution", type="log", dtick="D2")
    figure.update_yaxes(title="F1 of the labels", tickformat=".0%")
    dress(figure, now)
    return figure
