"""What people's corrections are worth, by the queue that they are spent by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import plotly.graph_objects as go

from labeling.lessons.people.plan import QUEUES
from labeling.lessons.report.charts import dot
from labeling.lessons.report.section import Chart, Section, Table, Told
from labeling.lessons.report.words import difference, interval, mean, percent
from labeling.look.dots import Series, Symbol, dots
from labeling.look.palette import Palette, dress

HEAD = (
    "corrections",
    "number",
    "mistaken",
    "on disagreements",
    "labels kept",
    "exact",
    "F1",
    "gained",
    "per 100 corrections",
)
ALT = "F1 of PRMs by the queue and the number of corrections; the line is the consensus alone."
SYMBOLS: tuple[Symbol, ...] = ("circle", "diamond", "square")
HUES = ("mc", "judge", "prm")


def section(told: Told) -> Section | None:
    """A row for each queue and number, and which queue gains most."""
    if "people" not in told:
        return None
    people = told["people"]
    rows = tuple(
        (
            QUEUES[one["queue"]],
            f"{one['corrections']:,}",
            *(_mean_of(one, name) for name in ("mistakes", "disagreements")),
            f"{mean([labels['labels']['solutions'] for labels in one['labels']]) or 0:,.0f}",
            percent(mean([_exact(labels["labels"]) for labels in one["labels"]])),
            f"{percent(one['f1']['value'])} {interval(one['f1']['both'])}",
            difference(one["gain"]),
            difference(one["gain_per_100"]),
        )
        for one in people["cells"]
    )
    wrong = told["settings"]["people_mistakes"]
    text = (
        "The consensus' labels with corrections on top, drawn from the exact ones with "
        f"{100 * wrong:g}% mistakes at random; a corrected solution is kept whatever Monte Carlo "
        "and the judge say. A PRM is trained on each as on the other labels, seed by seed. Gains "
        "are against the consensus alone "
        f"(F1 {percent(people['consensus']['value'])} {interval(people['consensus']['both'])}), "
        "in points, with the interval over problems and seeds. Monte Carlo and the judge differ on "
        f"{people['disagreements']:,} solutions: more cannot be spent there."
    )
    return Section(
        "Corrections by people",
        (text, _told(people)),
        charts=(Chart(partial(_chart, people), ALT),),
        table=Table(HEAD, rows),
    )


def _mean_of(one: Mapping[str, Any], name: str) -> str:
    return f"{mean([labels[name] for labels in one['labels']]) or 0:,.0f}"


def _exact(labels: Mapping[str, Any]) -> float | None:
    return labels["exact"] / labels["solutions"] if labels["solutions"] else None


def _told(people: Mapping[str, Any]) -> str:
    """Which queue is ahead of which, where the interval says so."""
    ahead = []
    for one in people["queues"]:
        low, high = one["difference"]["both"]
        if low is None or high is None or low <= 0 <= high:
            continue
        pair = (one["queue"], one["other"]) if low > 0 else (one["other"], one["queue"])
        first, second = (QUEUES[name] for name in pair)
        ahead.append(
            f"{one['corrections']:,} corrections {first} gain more than {second} "
            f"({difference(one['difference'])})"
        )
    if not ahead:
        return "No queue is ahead of another by more than its interval."
    return f"By their intervals: {'; '.join(ahead)}."


def _chart(people: Mapping[str, Any], now: Palette) -> go.Figure:
    series = [
        Series(
            QUEUES[queue],
            hue,
            symbol,
            [
                dot(f"{one['corrections']:,} {QUEUES[queue]}", one["f1"])
                for one in people["cells"]
                if one["queue"] == queue
            ],
        )
        for queue, hue, symbol in zip(QUEUES, HUES, SYMBOLS, strict=True)
    ]
    whole = people["consensus"]["value"]
    figure = dots(now, series, axis="F1", ends=None, whole=float("nan") if whole is None else whole)
    dress(figure, now)
    return figure
