"""The first bias: right answers of the policy by a wrong process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import plotly.graph_objects as go

from labeling.lessons.report.charts import dot
from labeling.lessons.report.section import Chart, Section, Table, Told
from labeling.lessons.report.words import interval, percent
from labeling.look.dots import Series, dots
from labeling.look.palette import Palette, dress

HEAD = ("temperature", "right answers", "with a wrong step", "share", "over problems")
ALT = "The share of right answers with a wrong step, by the policy's temperature."


def section(told: Told) -> Section | None:
    """A row for each temperature."""
    flaws = told.get("figures", {}).get("flaws")
    if not flaws:
        return None
    rows = tuple(
        (
            f"{one['temperature']:g}",
            f"{one['right']:,}",
            f"{one['flawed']:,}",
            percent(one["share"]["value"]),
            interval(one["share"]["problems"]),
        )
        for one in flaws
    )
    text = "Right answers of the policy with a wrong step, by its temperature."
    chart = Chart(partial(_chart, flaws), ALT)
    table = Table(HEAD, rows)
    return Section("Right answers by a wrong process", (text,), charts=(chart,), table=table)


def _chart(flaws: Sequence[dict[str, Any]], now: Palette) -> go.Figure:
    mine = [
        dot(
            f"temperature {one['temperature']:g}",
            one["share"],
            f"{one['flawed']:,} of {one['right']:,}",
            over="problems",
        )
        for one in flaws
    ]
    series = [Series("here", "wrong", "circle", mine)]
    figure = dots(now, series, axis="share of right answers", ends=None)
    figure.update_xaxes(rangemode="tozero")
    dress(figure, now)
    return figure
