"""Calibration: whether a score is the probability it claims to be, and what it detects."""

from __future__ import annotations

import math

import streamlit as st

from app.components.data_table import data_table
from app.components.figure.downloads import Numbers, Value
from app.ui import address
from app.ui.figures import reliability
from app.ui.figures.figure import figure
from app.ui.prm_errors.choice import Choice
from app.ui.prm_errors.chosen import here, of_part, of_threshold
from app.ui.prm_errors.population import Population, source
from app.ui.prm_errors.sliced import BETWEEN, texts
from app.ui.prm_errors.tabs import curves
from db.engine import Database
from labeling.evaluation.prm_errors.calibration import CalibrationReport, report
from labeling.evaluation.prm_errors.slices import Texts
from labeling.evaluation.prm_errors.source import Source
from training.metrics.calibration import Calibration, Group
from training.metrics.length import LengthEffect
from training.metrics.processbench.evaluation import Interval

STEPS, SOLUTIONS = "Steps up to the first error", "Solutions, by the lowest score"


def show(database: Database, choice: Choice, population: Population) -> None:
    """Reliability first, then detection, then scores by position and length."""
    found = _measured(
        population.key,
        source(choice, population, population.found.threshold),
        texts(database, choice, population.found, population.key),
    )
    name = choice.prm.name
    kinds = [STEPS, SOLUTIONS]
    kind = st.segmented_control(
        "Scores of", kinds, label_visibility="collapsed", **address.choice("scores", kinds, STEPS)
    )
    left, right = st.columns([1.3, 1], gap="large")
    with left:
        _reliability(found, name, kind)
    with right:
        _table(found)
    if found.detection is not None:
        drawn = found.detection.curves
        figure(
            "A low score as a sign of an error",
            "Every step scored below a threshold is flagged. Left: the share of first errors found "
            "against the share of right steps flagged; the area under the curve is "
            f"{drawn.area:.3f} {_span(found.detection.area_interval)}. Right: the share of flagged "
            "steps that are wrong; average precision is "
            f"{drawn.average_precision:.3f} {_span(found.detection.average_precision_interval)}. "
            "Click a point to move this page to its threshold and list what is flagged there.",
            curves.detection(found.detection),
            Numbers(
                ["threshold", "first errors found", "right steps flagged", "precision"],
                [
                    [None if math.isinf(t) else float(t), float(a), float(b), float(c)]
                    for t, a, b, c in zip(
                        drawn.thresholds, drawn.found, drawn.false_alarms, drawn.precision,
                        strict=True,
                    )
                ],
            ),
            f"detection-{name}",
            picked=of_threshold,
        )  # fmt: skip
    left, right = st.columns(2, gap="large")
    with left:
        figure(
            "By position",
            "Mean score of right steps and of first errors, by the number of the step. Hollow: "
            "fewer than 30. Click a mark to list the solutions whose first error is there.",
            curves.by_group(
                found.by_position,
                "right steps",
                "first errors",
                "step",
                [f"first error{BETWEEN}error in {one.name}" for one in found.by_position],
            ),
            _groups(found.by_position),
            f"position-{name}",
            picked=of_part,
        )
    with right:
        figure(
            "By length",
            "Mean lowest score of solutions without and with an error, by their number of steps. "
            "Click a mark to narrow this page to them.",
            curves.by_group(
                found.by_steps,
                "without an error",
                "with one",
                "steps of the solution",
                [f"steps{BETWEEN}{one.name}" for one in found.by_steps],
            ),
            _groups(found.by_steps),
            f"length-{name}",
            picked=of_part,
        )
    _length(found.length_in_steps)


@st.cache_data(max_entries=20, show_spinner="Measuring…")
def _measured(key: str, _source: Source, _texts: Texts) -> CalibrationReport:
    return report(_source, _texts)


def _reliability(found: CalibrationReport, name: str, kind: str | None) -> None:
    one, part, of = found.steps, "step", "steps"
    if kind == SOLUTIONS:
        one, part, of = found.solutions, "low", "solutions"
    figure(
        "Reliability",
        f"The share of {of} that are right against their mean score, in ten bins of equal width. "
        "On the dotted line a score is the probability that it claims to be. ECE "
        f"{one.ece:.3f} {_span(one.ece_interval)}. Larger points stand for more {of}, as the bars "
        "count; hollow ones for fewer than 30. Click a point to list its solutions.",
        reliability.reliability({of: one}, {of: part}),
        reliability.numbers({of: one}),
        f"reliability-{name}-{of}",
        picked=of_part,
    )  # fmt: skip


def _table(found: CalibrationReport) -> None:
    rows: list[list[data_table.Cell]] = []
    for words, one, part in (
        ("Steps up to the error", found.steps, "measured"),
        *(
            (f"… of a {answer}", one, answer.replace(" ", "-"))
            for answer, one in found.by_answer.items()
        ),
        ("Solutions, by lowest score", found.solutions, "scored"),
    ):
        if one.n:
            rows.append([data_table.text(words, "nowrap"), *_both(one), _door(one.n, part)])
    first = found.at_first_errors
    if first.score.n:
        rows.append(
            [
                data_table.text("First errors", title="0 is due: their ECE is their mean score"),
                _figure(first.score.value, first.score.interval),
                _figure(first.brier.value, first.brier.interval),
                _door(first.score.n, "with-error"),
            ]
        )
    st.subheader("How far off")
    st.text(
        "ECE is the mean distance between score and share right, over the bins. Brier is the mean "
        "squared distance of a score from 1 (right) or 0 (wrong). Lower is better."
    )
    data_table.table(
        ["", data_table.column("ECE", "nowrap"), data_table.column("Brier", "nowrap"),
         data_table.column("", "right")],
        rows,
        key="calibration",
    )  # fmt: skip


def _door(n: int, part: str) -> data_table.Cell:
    """A number, of steps or of solutions, that opens the solutions they are of."""
    return data_table.link(f"{n:,}", here(part=part), title="Opens their solutions")


def _both(one: Calibration) -> list[data_table.Cell]:
    return [_figure(one.ece, one.ece_interval), _figure(one.brier, one.brier_interval)]


def _figure(value: float, interval: Interval) -> data_table.Cell:
    return data_table.stack(
        data_table.text(f"{value:.3f}", "strong"), data_table.text(_span(interval), "muted nowrap")
    )


def _length(effects: list[LengthEffect]) -> None:
    """Whether a product punishes long solutions, in a sentence and a table."""
    product = next(one for one in effects if one.name == "product")
    value, ends = product.correlation, product.correlation_interval
    if math.isnan(value):
        return
    if ends.high < 0:
        verdict = "The product punishes length here"
    elif ends.low > 0:
        verdict = "The product favours length here"
    else:
        verdict = "The product neither punishes nor favours length here"
    st.subheader("Length")
    st.text(
        f"{verdict}: its rank correlation with the number of steps, among equally right "
        f"solutions, is {value:+.2f} {_span(ends, '+.2f')}."
    )
    data_table.table(
        [
            data_table.column("Score", width="9rem"),
            data_table.column("Correlation with steps", "right nowrap", width="10rem"),
            data_table.column("95% interval", "nowrap", width="10rem"),
            data_table.column(
                "Best one is longer by",
                "right nowrap",
                title="The best solution of a problem against the mean of its solutions, in steps",
                width="10rem",
            ),
            data_table.column(
                "Problems",
                "right nowrap",
                title="with solutions of different lengths",
                width="8rem",
            ),
            "",
        ],
        [
            [
                one.name,
                data_table.text(f"{one.correlation:+.2f}", "strong"),
                data_table.text(_span(one.correlation_interval, "+.2f"), "muted nowrap"),
                "–" if math.isnan(one.chosen.value) else f"{one.chosen.value:+.1f} steps",
                f"{one.chosen.n:,}" + (" too few" if one.chosen.too_few else ""),
                None,
            ]
            for one in effects
        ],
        key="length",
    )


def _groups(groups: list[Group]) -> Numbers:
    def value(number: float) -> Value:
        return None if math.isnan(number) else number

    return Numbers(
        ["", *(f"{one}{end}" for one in ("right", "wrong") for end in ("", " low", " high", " n"))],
        [
            [
                one.name,
                *(
                    cell
                    for mean in (one.right, one.wrong)
                    for cell in (
                        value(mean.value),
                        value(mean.interval.low),
                        value(mean.interval.high),
                        mean.n,
                    )
                ),
            ]
            for one in groups
        ],
    )  # fmt: skip


def _span(interval: Interval, form: str = ".3f") -> str:
    if math.isnan(interval.low):
        return ""
    return f"[{format(interval.low, form)} to {format(interval.high, form)}]"
