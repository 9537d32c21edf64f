"""The paper's three biases of a PRM: a sentence and a figure each, beside the published values."""

from __future__ import annotations

import streamlit as st

from app.components.data_table import data_table
from app.components.figure.downloads import Numbers
from app.ui import charts, project
from app.ui.counts import counted
from app.ui.evaluation.doors import in_browse, on_prm_errors
from app.ui.evaluation.project import NONE_HELD_OUT, Shown, choose_prm
from app.ui.figures.figure import figure, go_to
from app.ui.navigation.beside import of_right_answers
from app.ui.prm_errors.sliced import BETWEEN
from labeling.evaluation.prm_errors import published
from labeling.evaluation.prm_errors.biases import Biases, biases, tolerances
from labeling.evaluation.prm_errors.source import load
from labeling.look.dots import Dot, Series, dots, published_series
from training.metrics.biases import PLACES
from training.metrics.intervals import Share

FLAWED = (
    "{count} of {n} solutions with a right answer have a wrong step, according to {reference}. "
    "Diamonds: published shares of a policy's own right answers (arXiv 2501.07301, 3.2.1)."
)
TOLERANCE = (
    "Right answers that hide a wrong step: how often an annotator flags that very step, and how "
    "often it flags any. A strict annotator pays with false alarms on clean ones. Diamonds: "
    "published means over ProcessBench (3.2.2)."
)
LOWEST = (
    "How often {prm} gives its lowest score to the last step. A PRM that has come to judge answers "
    "does so more often than first errors fall there. Diamonds: published shares, of other "
    "responses (3.2.3). Click a mark to open its solutions."
)
PANELS = {  # by field of Tolerance
    "exact": "Flawed: exact step",
    "caught": "Flawed: any step flagged",
    "false_alarms": "Clean: any step flagged",
}
LAST = {  # the parts on PRM errors that shares on the last step count
    "All solutions": "last",
    "Right answers": "last-right",
    "Wrong answers": "last-wrong",
    "True first errors": f"error-{len(PLACES) - 1}",
}
GRADED = "No solution here has a grade for its answer: grade them first, steplens grade."
BESIDE = ("Qwen2.5-Math-7B-Math-Shepherd", "Qwen2.5-Math-7B-PRM800K", "Qwen2.5-Math-PRM-7B")
HIGHEST = "EurusPRM-Stage1"  # of the published shares on the last step
NAMES = {
    "gsm8k": "GSM8K",
    "math": "MATH",
    "olympiadbench": "OlympiadBench",
    "omnimath": "Omni-MATH",
}
SHARE = "share (95% interval)"
Row = list[str | float | int | None]


def draw(found: Shown) -> None:
    """All three of the chosen PRM."""
    prm = choose_prm(found)
    if prm is None:
        return
    reference = found.reference.label
    key = f"biases {prm} {reference} {found.held_out}"
    try:
        told = counted(found.database, key, lambda: measured(found, prm))
    except ValueError as error:
        project.complain(NONE_HELD_OUT.format(prm=prm) if found.held_out else error)
        return
    if not told.flawed.n:
        st.text(GRADED)
    else:
        flawed(found, told, prm)
        tolerance(told, prm, reference)
    lowest(found, told, prm)


def measured(found: Shown, prm: str) -> Biases:
    """The figures of a PRM, of what it was not trained on unless all was asked for."""
    everything = not found.held_out
    source = load(found.database, prm, found.reference.label, everything=everything)
    return biases(source, tolerances(found.database, source))


def flawed(found: Shown, told: Biases, prm: str) -> None:
    """Bias 1: right answers with a wrong step."""
    reference = found.reference.name
    shares = {"All": told.flawed}
    slices: dict[str, dict[str, str]] = {"All": {}}
    for attribute, parts in (
        ("data set", told.flawed_by_dataset),
        ("generator", told.flawed_by_generator),
    ):
        shown = {name: one for name, one in parts.items() if len(parts) > 1 and one.n}
        shares |= shown
        slices |= {name: {"slice": f"{attribute}{BETWEEN}{name}"} for name in shown}
    beside = {
        f"{NAMES[name]}, a policy": percent / 100
        for name, percent in published.FLAWED_OF_POLICY.items()
    }
    mine = [
        _dot(name, one, on_prm_errors(found, prm, part="flawed", **slices[name]))
        for name, one in shares.items()
    ]
    paper = [Dot(name, value) for name, value in beside.items()]
    numbers: list[Row] = [_row(name, one) for name, one in shares.items()]
    numbers += [
        [f"{name} (published)", value, None, None, None, None] for name, value in beside.items()
    ]
    figure(
        "Right answers by a wrong process",
        FLAWED.format(count=f"{told.flawed.count:,}", n=f"{told.flawed.n:,}", reference=reference),
        dots(
            charts.palette(),
            [Series(reference, "human", "circle", mine), published_series(paper)],
            axis=SHARE,
        ),
        Numbers(("of", "share", "low", "high", "flawed", "right answers"), numbers),
        f"flawed-right-answers-{reference}",
        picked=go_to,
    )
    query = {
        "answer": "Right answer",
        "outcome": "with_error",
        "of": prm,
        "against": found.reference.label,
    }
    href = in_browse(query, prm, held_out=told.measured.held_out)
    data_table.line(
        data_table.sentence(
            data_table.link(f"{told.flawed.count:,}", href),
            data_table.text("right answers with a wrong step"),
        ),
        key="flawed-doors",
    )


def tolerance(told: Biases, prm: str, reference: str) -> None:
    """Bias 2: what annotators make of exactly these."""
    mine, paper = [], []
    numbers: list[Row] = []
    for who, one in told.tolerances.items():
        kind, _, called = who.partition(":")
        row = called if sum(other.endswith(f":{called}") for other in told.tolerances) == 1 else who
        for name, panel in PANELS.items():
            part: Share = getattr(one, name)
            mine.append(_dot(row, part, _behind(told, name, who, prm, reference), panel, kind))
            numbers.append([who, panel, *_row("", part)[1:]])
    for who in BESIDE:
        value = published.TOLERANCE[who] / 100
        paper.append(Dot(who, value, panel=PANELS["exact"]))
        numbers.append([f"{who} (published)", PANELS["exact"], value, None, None, None, None])
    figure(
        "Tolerance of right answers",
        TOLERANCE,
        dots(
            charts.palette(),
            [Series("here", "prm", "circle", mine), published_series(paper)],
            axis=SHARE,
            panels=list(PANELS.values()),
        ),
        Numbers(("annotator", "of", "share", "low", "high", "count", "solutions"), numbers),
        f"tolerance-{reference}",
        picked=go_to,
    )
    _tolerance_table(told, prm, reference)


def _behind(told: Biases, figure: str, who: str, prm: str, reference: str) -> str:
    """Browse with what one share of a tolerance counts."""
    query = of_right_answers(figure, who, prm, reference)
    return in_browse(query, prm, held_out=told.measured.held_out)


def _tolerance_table(told: Biases, prm: str, reference: str) -> None:
    """What the figure counts, each number with its solutions."""
    lines: list[list[data_table.Cell]] = []
    for who, one in told.tolerances.items():
        kind, _, name = who.partition(":")
        cells: list[data_table.Cell] = [data_table.kind(kind, name, title=who)]
        for figure_name in PANELS:
            part: Share = getattr(one, figure_name)
            href = _behind(told, figure_name, who, prm, reference)
            cells.append(data_table.link(f"{part.count:,}", href))
        lines.append(cells)
    flawed = f"Of {told.flawed.count:,} right answers with a wrong step"
    clean = f"Of {told.flawed.n - told.flawed.count:,} right answers without one"
    data_table.table(
        [
            data_table.column("Annotator", width="15rem"),
            data_table.column("Named exactly", "right nowrap", title=flawed, width="9rem"),
            data_table.column("Flagged", "right nowrap", title=flawed, width="7rem"),
            data_table.column("Clean, yet flagged", "right nowrap", title=clean, width="10rem"),
            "",
        ],
        [[*line, None] for line in lines],
        key="tolerance-counts",
    )


def lowest(found: Shown, told: Biases, prm: str) -> None:
    """Bias 3: where the lowest score lies."""
    called = prm.partition(":")[2]
    parts = {
        "All solutions": told.lowest.last,
        "Right answers": told.lowest.last_of_right,
        "Wrong answers": told.lowest.last_of_wrong,
        "True first errors": told.lowest.last_error,
    }
    parts = {name: one for name, one in parts.items() if one.n}
    hues = {"True first errors": "human"}
    mine = [
        _dot(name, one, on_prm_errors(found, prm, part=LAST[name]), hue=hues.get(name, "prm"))
        for name, one in parts.items()
    ]
    beside = {name: published.LOWEST_ON_LAST[name] / 100 for name in (*BESIDE, HIGHEST)}
    paper = [Dot(name, value) for name, value in beside.items()]
    numbers: list[Row] = [_row(name, one) for name, one in parts.items()]
    numbers += [
        [f"{name} (published)", value, None, None, None, None] for name, value in beside.items()
    ]
    figure(
        "Where the lowest score lies",
        LOWEST.format(prm=called),
        dots(
            charts.palette(),
            [Series(called, "prm", "circle", mine), published_series(paper)],
            axis=SHARE,
        ),
        Numbers(("of", "share", "low", "high", "on the last step", "solutions"), numbers),
        f"lowest-on-last-{prm}",
        picked=go_to,
    )


def _dot(row: str, part: Share, opens: str, panel: str = "", hue: str = "") -> Dot:
    note = f"{part.count:,} of {part.n:,}" + (", too few" if part.too_few else "")
    return Dot(row, part.value, part.interval, note, (opens,), part.too_few, hue, panel)


def _row(name: str, part: Share) -> Row:
    if not part.n:
        return [name, None, None, None, 0, 0]
    inside = (None, None) if part.too_few else (part.interval.low, part.interval.high)
    return [name, part.value, *inside, part.count, part.n]
