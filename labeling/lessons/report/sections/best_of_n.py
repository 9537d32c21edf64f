"""How often the response that a PRM picks has the right answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import plotly.graph_objects as go

from labeling.lessons.findings import BASELINES, WAYS
from labeling.lessons.plan import SOURCES
from labeling.lessons.report.charts import SHORT, dot
from labeling.lessons.report.section import Chart, Section, Table, Told
from labeling.lessons.report.words import interval, percent, with_interval
from labeling.look.dots import Series, Symbol, dots
from labeling.look.palette import Palette, dress

LOOKS: tuple[tuple[str, Symbol], ...] = (
    ("prm", "circle"),
    ("mc", "square"),
    ("human", "triangle-up"),
    ("judge", "diamond"),
)
ALT = "Right answers picked by the PRMs of each source, by the way to choose, beside a vote."


def section(told: Told) -> Section | None:
    """Each way to choose by each source's PRMs, and what needs none."""
    if "figures" not in told:
        return None
    figures = told["figures"]
    sources = {one: figures["sources"][one]["figures"] for one in SOURCES}
    rows = tuple(
        (SOURCES[source], *(with_interval(one[way]) for way in WAYS))
        for source, one in sources.items()
    )
    base = {name: figures["baselines"][name] for name in BASELINES}
    without = ", ".join(
        f"{name} {percent(one['value'])} {interval(one['problems'])}" for name, one in base.items()
    )
    text = (
        f"The share of {figures['best_of_n_problems']:,} problems whose picked response has the "
        "right answer, with the interval over problems and seeds. Without a PRM (over problems): "
        f"{without}."
    )
    return Section(
        f"Best-of-{told['settings']['n']}",
        (text,),
        charts=(Chart(partial(_chart, sources, base), ALT),),
        table=Table(("labels from", *WAYS), rows),
    )


def _chart(sources: Mapping[str, Any], base: Mapping[str, Any], now: Palette) -> go.Figure:
    series = [
        Series(
            way,
            hue,
            symbol,
            [
                dot(SHORT.get(source, SOURCES[source]), one[way], way)
                for source, one in sources.items()
            ],
        )
        for way, (hue, symbol) in zip(WAYS, LOOKS, strict=True)
    ]
    figure = dots(now, series, axis="right answers picked", ends=None)
    for name, one in base.items():
        if one["value"] is not None:
            figure.add_vline(
                x=one["value"],
                line={"color": now.muted, "dash": "dot", "width": 1.5},
                annotation={"text": name, "font": {"color": now.muted}},
                annotation_position="top",
            )
    # The names of the lines stand between the rows and the legend.
    figure.update_layout(height=figure.layout.height + 26, margin_t=56, legend_y=1.1)
    dress(figure, now)
    return figure
