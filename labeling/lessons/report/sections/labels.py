"""What the labels of each source are worth themselves, by the exact ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import plotly.graph_objects as go

from labeling.lessons.plan import CONSENSUS, SOURCES
from labeling.lessons.report.section import Chart, Section, Table, Told
from labeling.lessons.report.words import percent
from labeling.look.dots import Dot, Series, Symbol, dots
from labeling.look.palette import Palette, dress

HEAD = ("labels from", "solutions", "with an error", "exact", "on wrong", "on right", "F1")
ALT = "Of each source of labels the accuracy on wrong and on right solutions, and the F1."


def section(told: Told) -> Section | None:
    """The labels' accuracies, and how much the consensus keeps."""
    if "labels" not in told:
        return None
    labels = told["labels"]
    rows = tuple(
        (
            SOURCES[source],
            f"{one['solutions']:,}",
            f"{one['with_error']:,}",
            percent(one["exact"] / one["solutions"] if one["solutions"] else None),
            percent(one["error_accuracy"]),
            percent(one["correct_accuracy"]),
            percent(one["f1"]),
        )
        for source, one in labels["sources"].items()
    )
    kept = labels["sources"][CONSENSUS]["solutions"] / labels["solutions"]
    left_out = "".join(f" Left out: {n:,}, {reason}." for reason, n in labels["left_out"].items())
    text = (
        "What the labels themselves are worth, by the exact ones (F1 is ProcessBench's: the "
        f"harmonic mean of the two accuracies). The consensus keeps {percent(kept)}% of the "
        f"solutions; the paper's kept about 40%.{left_out}"
    )
    chart = Chart(partial(_chart, labels["sources"]), ALT)
    return Section("Labels", (text,), charts=(chart,), table=Table(HEAD, rows))


def _chart(sources: Mapping[str, Any], now: Palette) -> go.Figure:
    shown: tuple[tuple[str, str, str, Symbol], ...] = (
        ("on wrong", "error_accuracy", "wrong", "triangle-up"),
        ("on right", "correct_accuracy", "mc", "square"),
        ("F1", "f1", "prm", "circle"),
    )
    series = [
        Series(
            words,
            hue,
            symbol,
            [Dot(SOURCES[source], one[name], note=words) for source, one in sources.items()],
        )
        for words, name, hue, symbol in shown
    ]
    figure = dots(now, series, axis="share of solutions")
    dress(figure, now)
    return figure
