"""Each of the paper's findings: reproduced, not reproduced, or not testable at this size."""

from __future__ import annotations

from functools import partial
from typing import Any

import plotly.graph_objects as go

from labeling.lessons.findings import (
    F1,
    FLAWS,
    LAST_LOWEST,
    THRESHOLDS,
    TOLERANCE,
    VOTE,
    Finding,
    Place,
)
from labeling.lessons.plan import SOURCES
from labeling.lessons.report.charts import SHORT, dot
from labeling.lessons.report.section import Cell, Chart, Section, Table, Told, Verdict
from labeling.lessons.report.trace import links, numbered
from labeling.lessons.report.words import difference, percent
from labeling.look.dots import Dot, Series, Symbol, dots
from labeling.look.palette import Palette, dress

RULE = (
    "A finding says that one figure is above another. It is *reproduced* when the 95% interval of "
    "the difference is above 0, *not reproduced* when it is below 0, and *not testable at this "
    "size* when it holds 0, which says nothing against the paper. The interval holds both what "
    "other problems and what other trainings would change. All in percent."
)
ALT = "Each finding's difference with its 95% interval; right of 0 the paper's claim holds here."
HEAD = ("", "The paper's finding", "its figures", "here", "verdict", "why", "solutions")
# Told apart by symbol too: reproduced, not reproduced, not testable.
LOOKS: tuple[tuple[str, str, Symbol], ...] = (
    ("reproduced", "mc", "circle"),
    ("not reproduced", "wrong", "x"),
    ("not testable at this size", "grey", "diamond"),
)


def section(told: Told) -> Section | None:
    """A row for each finding, and all differences in one figure."""
    if "figures" not in told:
        return None
    figures = told["figures"]
    decided = {one["key"]: one for one in figures["findings"]}
    found = [(number, one, decided[one.key]) for number, one in numbered(told)]
    rows: list[tuple[Cell, ...]] = [
        (
            str(number),
            finding.claim,
            finding.paper,
            _compared(one),
            Verdict(one["verdict"]),
            one["why"],
            links(finding, figures),
        )
        for number, finding, one in found
    ]
    names = tuple(finding.key for _, finding, _ in found)
    return Section(
        "Findings",
        (RULE, _summary([one["verdict"] for *_, one in found])),
        charts=(Chart(partial(_forest, found), ALT),),
        table=Table(HEAD, tuple(rows), names),
    )


def _summary(verdicts: list[str]) -> str:
    counts = ", ".join(f"{verdicts.count(words)} {words}" for words, *_ in LOOKS)
    return f"Of {len(verdicts)} findings: {counts}."


def _compared(one: dict[str, Any]) -> Cell:
    told = difference(one["difference"])
    if one["lower"] is None:
        return told
    return f"{percent(one['higher'])} and {percent(one['lower'])}", told


def _forest(found: list[tuple[int, Finding, dict[str, Any]]], now: Palette) -> go.Figure:
    """The difference of each finding with its interval, a row each."""
    of: dict[str, list[Dot]] = {words: [] for words, *_ in LOOKS}
    rows = [f"{number}  {_words(finding)}" for number, finding, _ in found]
    for row, (_, finding, one) in zip(rows, found, strict=True):
        of[one["verdict"]].append(dot(row, one["difference"], finding.claim))
    series = [Series(words, hue, symbol, of[words]) for words, hue, symbol in LOOKS]
    figure = dots(now, series, axis="difference, in points", ends=None, order=rows)
    ends = [end for _, _, one in found for end in one["difference"]["both"] if end is not None]
    if ends:
        room = 0.04 * (max(*ends, 0) - min(*ends, 0))
        figure.update_xaxes(range=[min(*ends, 0) - room, max(*ends, 0) + room])
    figure.add_vline(x=0, line={"color": now.muted, "width": 1})
    dress(figure, now)
    return figure


def _words(finding: Finding) -> str:
    """What is compared, in short."""
    (source, figure), lower = finding.higher, finding.lower
    if source == THRESHOLDS:
        return f"fall with the threshold: {_figure(figure)}"
    if source == FLAWS:
        return "hot over cool: flawed right answers"
    if lower is not None and lower[0] == source:
        return f"{_side(finding.higher)}: {figure} over {lower[1]}"
    compared = lower[1] if source == VOTE and lower is not None else figure
    return f"{_side(finding.higher)} over {_side(lower)}: {_figure(compared)}"


def _side(place: Place | None) -> str:
    if place is None:
        return "0"
    source, figure = place
    return figure if source == VOTE else SHORT.get(source, SOURCES[source])


def _figure(name: str) -> str:
    return {F1: "F1", TOLERANCE: "exact on flawed", LAST_LOWEST: "lowest at last"}.get(name, name)
