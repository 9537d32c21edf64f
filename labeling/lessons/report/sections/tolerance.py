"""The second and the third bias: what PRMs let pass, and how often the last step is the lowest."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import plotly.graph_objects as go

from labeling.lessons.findings import LAST_LOWEST, TOLERANCE
from labeling.lessons.plan import SOURCES
from labeling.lessons.report.charts import SHORT, dot, hue
from labeling.lessons.report.section import Chart, Section, Table, Told
from labeling.lessons.report.words import with_interval
from labeling.look.dots import Series, dots
from labeling.look.palette import Palette, dress

ALTS = {
    TOLERANCE: "How often PRMs of each source name the exact error behind a right answer.",
    LAST_LOWEST: "How often the lowest score is at the last step, by the source of the labels.",
}


def section(told: Told) -> Section | None:
    """Both shares by the source of the labels."""
    if "figures" not in told:
        return None
    sources = {one: told["figures"]["sources"][one] for one in SOURCES}
    asked = next(iter(sources.values()))["asked"]
    shown = [name for name in ALTS if asked.get(name)]
    rows = tuple(
        (SOURCES[source], *(with_interval(one["figures"][name]) for name in shown))
        for source, one in sources.items()
    )
    told_of = {
        TOLERANCE: "How often a PRM names the exact error of the test's "
        f"{asked.get(TOLERANCE, 0):,} right answers with a wrong step.",
        LAST_LOWEST: f"How often the lowest score of a solution ({asked.get(LAST_LOWEST, 0):,} of "
        "more than one step) is at its last step.",
    }
    return Section(
        "Tolerance, and the last step",
        tuple(told_of[name] for name in shown),
        charts=tuple(Chart(partial(_chart, sources, name), ALTS[name]) for name in shown),
        table=Table(("labels from", *shown), rows),
    )


def _chart(sources: Mapping[str, Any], name: str, now: Palette) -> go.Figure:
    mine = [
        dot(SHORT.get(source, words), sources[source]["figures"][name], hue=hue(source))
        for source, words in SOURCES.items()
    ]
    figure = dots(now, [Series("here", "prm", "circle", mine)], axis=name)
    dress(figure, now)
    return figure
