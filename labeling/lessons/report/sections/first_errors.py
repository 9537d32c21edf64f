"""How well the PRMs of each source find the first error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import plotly.graph_objects as go

from labeling.lessons.findings import F1
from labeling.lessons.plan import SOURCES
from labeling.lessons.report.charts import SHORT, dot, hue, shares
from labeling.lessons.report.section import Chart, Section, Table, Told
from labeling.lessons.report.words import interval, mean, percent
from labeling.look.dots import Series, dots
from labeling.look.palette import Palette, dress

PLACES = ("exact", "early", "late", "missed")
HEAD = ("labels from", "F1", "over problems", "over seeds", "on wrong", "on right", *PLACES)
TEXT = (
    "Where the PRMs see the first error at a threshold of 0.5, which is not tuned; means over "
    "seeds. The last four are shares of the solutions with an error: the verdict is at the exact "
    "step, before it, behind it, or sees none."
)
F1_ALT = "The F1 of the PRMs by the source of their labels, with 95% intervals."
PLACES_ALT = "Where PRMs of each source see the first error of the solutions that have one."


def section(told: Told) -> Section | None:
    """F1 with its intervals, the two accuracies, and where the verdicts lie."""
    if "figures" not in told:
        return None
    sources = {one: told["figures"]["sources"][one] for one in SOURCES}
    rows = []
    for source, one in sources.items():
        f1 = one["figures"][F1]
        accuracies = [mean(values) for values in one["accuracies"].values()]
        rows.append(
            (
                SOURCES[source],
                percent(f1["value"]),
                interval(f1["problems"]),
                interval(f1["seeds"]),
                *map(percent, accuracies),
                *(percent(one) for one in _places(one).values()),
            )
        )
    return Section(
        "Finding the first error",
        (TEXT,),
        charts=(
            Chart(partial(_f1, sources), F1_ALT),
            Chart(partial(_where, sources), PLACES_ALT),
        ),
        table=Table(HEAD, tuple(rows)),
    )


def _places(one: Mapping[str, Any]) -> dict[str, float | None]:
    """The mean over seeds of the share of each of PLACES, of the solutions with an error."""
    totals = [sum(offsets[name] for name in (*PLACES, "no_verdict")) for offsets in one["offsets"]]
    return {
        name: mean(
            [
                offsets[name] / n if n else None
                for offsets, n in zip(one["offsets"], totals, strict=True)
            ]
        )
        for name in PLACES
    }


def _f1(sources: Mapping[str, Any], now: Palette) -> go.Figure:
    mine = [
        dot(SHORT.get(source, words), sources[source]["figures"][F1], hue=hue(source))
        for source, words in SOURCES.items()
    ]
    figure = dots(now, [Series("here", "prm", "circle", mine)], axis="F1")
    dress(figure, now)
    return figure


def _where(sources: Mapping[str, Any], now: Palette) -> go.Figure:
    found = [_places(one) for one in sources.values()]
    rows = [SHORT.get(source, words) for source, words in SOURCES.items()]
    parts = {name: [one[name] for one in found] for name in PLACES}
    return shares(now, rows, parts, "share of the solutions with an error")
