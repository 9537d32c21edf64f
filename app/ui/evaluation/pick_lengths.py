"""Length: whether a way to choose among N picks short responses, and what that costs."""

from __future__ import annotations

import math

from app.components.data_table import data_table
from app.components.figure.downloads import Numbers
from app.ui import charts
from app.ui.evaluation.matrix import number
from app.ui.figures.figure import figure
from app.ui.formatting import number_of
from db.results import EvaluationRecord
from labeling.evaluation.results import LengthsJson, MeanJson
from labeling.look.dots import Dot, Series, dots
from training.metrics.few import FEW
from training.metrics.intervals import UNKNOWN
from training.metrics.processbench.evaluation import Interval

SENTENCE = (
    "How many steps longer the pick of each score among {n} is than the right responses to its "
    "problem, which have {right} steps on average, and than all of them, which have {all}. Left of "
    "the line a score prefers short responses. A wrong response may be long because it went "
    "astray, so the comparison with the right ones tells more of the score. Lines are 95% "
    "intervals over problems."
)
BY_LENGTH = (
    "Below: how often each pick is right, by the length of the responses. A score that punishes "
    "length loses where the right responses have more steps than the wrong ones."
)


def draw(label: str, stored: EvaluationRecord, dataset: str | None) -> None:
    """The figure and the table of one annotator; nothing of results from before they were kept."""
    result = stored.result
    part = result if dataset is None else result["datasets"][dataset]
    lengths: LengthsJson | None = part.get("lengths")
    if lengths is None:
        return
    n = result["n"]
    right, everything = _steps(lengths["right"]), _steps(lengths["all"])
    names = " and ".join(result["datasets"]) if dataset is None else dataset
    pooled = dataset is None and len(result["datasets"]) > 1
    figure(
        "Length of the picks",
        SENTENCE.format(n=n, right=right, all=everything)
        + (f" The problems of {names} are pooled here. " if pooled else " ")
        + BY_LENGTH,
        dots(
            charts.palette(),
            [
                Series("than the right ones", "prm", "circle", _dots(lengths, "above_right")),
                Series("than all", "", "diamond", _dots(lengths, "above_all")),
            ],
            axis="steps longer (95% interval)",
            whole=0,
            ends=_ends(lengths),
            percent=False,
        ),
        _numbers(lengths),
        f"best-of-n-length-{label}-{names}",
    )
    _table(lengths, n)


def _dots(lengths: LengthsJson, beside: str) -> list[Dot]:
    return [
        Dot(
            way,
            math.nan if mean["value"] is None else mean["value"],
            _interval(mean),
            number_of(mean["n"], "problem"),
            few=mean["n"] < FEW,
        )
        for way, picked in lengths["picked"].items()
        for mean in [picked["above_right"] if beside == "above_right" else picked["above_all"]]
    ]


def _ends(lengths: LengthsJson) -> tuple[float, float]:
    """Half a step to both sides of the line at least, so that little looks little."""
    reach = [
        abs(end)
        for picked in lengths["picked"].values()
        for mean in (picked["above_all"], picked["above_right"])
        for end in (mean["value"], mean["interval"]["low"], mean["interval"]["high"])
        if end is not None
    ]
    most = max([0.5, *reach])
    return -most, most


def _interval(mean: MeanJson) -> Interval:
    low, high = mean["interval"]["low"], mean["interval"]["high"]
    return UNKNOWN if low is None or high is None else Interval(low, high)


def _steps(mean: MeanJson) -> str:
    return "–" if mean["value"] is None else f"{mean['value']:.2f}"


def _numbers(lengths: LengthsJson) -> Numbers:
    return Numbers(
        ("chosen by", "steps", *(f"above {beside}{end}" for beside in ("right", "all")
                                 for end in ("", " low", " high"))),
        [
            [
                way,
                picked["steps"]["value"],
                *(
                    value
                    for mean in (picked["above_right"], picked["above_all"])
                    for value in (mean["value"], mean["interval"]["low"], mean["interval"]["high"])
                ),
            ]
            for way, picked in lengths["picked"].items()
        ],
    )  # fmt: skip


def _table(lengths: LengthsJson, n: int) -> None:
    """A row for each group of problems, a column for each way."""
    groups = lengths["groups"]
    if not groups:
        return
    ways = list(groups[0]["accuracy"])
    rows: list[list[data_table.Cell]] = []
    before = ""
    for one in groups:
        first = one["attribute"] != before
        before = one["attribute"]
        few = "muted" if one["problems"] < FEW else ""
        count = f"{one['problems']:,}" + (" too few" if few else "")
        rows.append(
            [
                data_table.text(one["attribute"].capitalize() if first else "", "nowrap"),
                data_table.text(one["name"], "nowrap"),
                *(data_table.text(number(one["accuracy"][way]["value"]), few) for way in ways),
                data_table.text(count, "nowrap muted"),
            ]
        )
    columns: list[str | data_table.Column] = ["", data_table.column("Steps", "nowrap")]
    columns += [data_table.column(way.replace("N", str(n)), "right nowrap") for way in ways]
    data_table.table([*columns, data_table.column("Problems", "right")], rows, key="by-length")
