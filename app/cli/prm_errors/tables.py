"""Biases, calibration, slices and agreement as tables for the terminal."""

from __future__ import annotations

import math

from rich.markup import escape
from rich.table import Table

from labeling.evaluation.prm_errors import published
from labeling.evaluation.prm_errors.agreement import PrmAgreement
from labeling.evaluation.prm_errors.biases import Biases
from labeling.evaluation.prm_errors.calibration import CalibrationReport
from labeling.evaluation.prm_errors.slices import Slices
from labeling.evaluation.prm_errors.source import MeasuredOn
from training.metrics.biases import PLACES
from training.metrics.calibration import Calibration, Group
from training.metrics.intervals import Mean, Share
from training.metrics.length import LengthEffect
from training.metrics.processbench.evaluation import Interval
from training.metrics.slices import FigureName, Figures, by_loss

PUBLISHED = "published"
SHOWN = ("Qwen2.5-Math-7B-Math-Shepherd", "Qwen2.5-Math-7B-PRM800K", "Qwen2.5-Math-PRM-7B")


def biases_tables(told: Biases) -> list[Table]:
    """The three biases, each with the paper's values under it."""
    return [_flawed(told), _tolerance(told), _lowest(told), _places(told), _mean_lowest(told),
            _aggregations(told)]  # fmt: skip


def _flawed(told: Biases) -> Table:
    table = _titled(
        f"right answers with a wrong step, by {told.measured.reference}",
        "of", "share", "95%", "solutions",
    )  # fmt: skip
    table.add_row("all", *_share(told.flawed))
    for parts in (told.flawed_by_dataset, told.flawed_by_generator):
        for name, part in parts.items() if len(parts) > 1 else ():
            if part.n:
                table.add_row(escape(name), *_share(part))
    for name, (count, n) in published.FLAWED_IN_PROCESSBENCH.items():
        table.add_row(f"ProcessBench {name}", f"{count / n:.1%}", PUBLISHED, f"{count} of {n}")
    return table


def _tolerance(told: Biases) -> Table:
    table = _titled(
        "tolerance: what is made of right answers",
        "by", "exact, of flawed", "95%", "solutions", "caught, of flawed", "95%",
        "flagged, of clean", "95%", "solutions",
    )  # fmt: skip
    for who, one in told.tolerances.items():
        table.add_row(
            escape(who), *_share(one.exact), *_share(one.caught)[:2], *_share(one.false_alarms)
        )
    for who, percent in published.TOLERANCE_BY_SOURCE.items():
        table.add_row(f"PRM trained on {who}", f"{percent:.1f}%", PUBLISHED)
    for who in SHOWN:
        table.add_row(who, f"{published.TOLERANCE[who]:.1f}%", PUBLISHED)
    return table


def _lowest(told: Biases) -> Table:
    table = _titled("lowest score on the last step", "of", "share", "95%", "solutions")
    lowest = told.lowest
    table.add_row("all", *_share(lowest.last))
    table.add_row("right answers", *_share(lowest.last_of_right))
    table.add_row("wrong answers", *_share(lowest.last_of_wrong))
    table.add_row("true first errors on it", *_share(lowest.last_error))
    for who in SHOWN:
        table.add_row(who, f"{published.LOWEST_ON_LAST[who]:.1f}%", PUBLISHED)
    return table


def _places(told: Biases) -> Table:
    table = _titled("where it lies in solutions with an error", "", *PLACES)
    for name, parts in (("lowest score", told.lowest.lowest), ("first error", told.lowest.errors)):
        table.add_row(name, *(_percent(part.value) for part in parts))
    return table


def _mean_lowest(told: Biases) -> Table:
    table = _titled("mean lowest score", "", "mean", "95%", "solutions")
    for name, mean in told.mean_lowest.items():
        table.add_row(name, *_mean(mean))
    return table


def _aggregations(told: Biases) -> Table:
    table = _titled(
        "area under ROC of a solution's score", "score", "tells answers", "tells processes"
    )
    for one in told.aggregations:
        table.add_row(one.name, _figure(one.of_answers), _figure(one.of_processes))
    return table


def calibration_tables(told: CalibrationReport) -> list[Table]:
    """Reliability first, then what a low score detects, then position and length."""
    tables = [_calibrations(told), _reliability(told.steps)]
    if told.detection is not None:
        found = told.detection
        table = _titled("a low score as a sign of a first error", "", "area", "95%")
        table.add_row("ROC", _figure(found.curves.area), _span(found.area_interval))
        table.add_row(
            "precision and recall",
            _figure(found.curves.average_precision),
            _span(found.average_precision_interval),
        )
        tables.append(table)
    return [
        *tables,
        _groups("mean score of a step", told.by_position, "right", "first errors"),
        _groups("mean lowest score", told.by_steps, "without an error", "with one"),
        _groups("mean lowest score", told.by_characters, "without an error", "with one"),
        _length("steps", told.length_in_steps),
        _length("characters", told.length_in_characters),
    ]


def _calibrations(told: CalibrationReport) -> Table:
    table = _titled(_head(told.measured), "scores of", "ECE", "95%", "Brier", "95%", "n")
    for name, one in (
        ("steps up to the first error", told.steps),
        *((f"those of a {name}", one) for name, one in told.by_answer.items()),
        ("solutions, by the lowest", told.solutions),
    ):
        if one.n:
            table.add_row(
                name,
                _figure(one.ece), _span(one.ece_interval),
                _figure(one.brier), _span(one.brier_interval),
                f"{one.n:,}",
            )  # fmt: skip
    first = told.at_first_errors
    if first.score.n:
        table.add_row(
            "first errors, where 0 is due",
            _figure(first.score.value), _span(first.score.interval),
            _figure(first.brier.value), _span(first.brier.interval),
            _n(first.score),
        )  # fmt: skip
    return table


def _reliability(one: Calibration) -> Table:
    table = _titled("steps by score", "score", "mean", "right", "95%", "steps")
    for each in one.bins:
        table.add_row(
            f"{each.low:.1f} to {each.high:.1f}", _figure(each.score), *_share(each.right)
        )
    return table


def _groups(title: str, groups: list[Group], right: str, wrong: str) -> Table:
    table = _titled(title, "", right, "95%", "n", wrong, "95%", "n")
    for one in groups:
        table.add_row(one.name, *_mean(one.right), *_mean(one.wrong))
    return table


def _length(unit: str, effects: list[LengthEffect]) -> Table:
    table = _titled(
        f"length in {unit}: correlation with the score among the equally right, and the best "
        "of a problem against its mean",
        "score", "correlation", "95%", "best is longer by", "95%", "problems",
        "among right ones", "95%", "problems",
    )  # fmt: skip
    for one in effects:
        table.add_row(
            one.name,
            _figure(one.correlation, "+"),
            _span(one.correlation_interval, "+"),
            *_mean(one.chosen, "+", 1),
            *_mean(one.of_right, "+", 1),
        )
    return table


def slices_tables(told: Slices, figure: FigureName) -> list[Table]:
    """All slices that define the figure, the greatest loss first."""
    table = _titled(
        _head(told.measured),
        "slice", "loss", "F1", "95%", "exact of wrong", "clean of right", "wrong/right",
    )  # fmt: skip
    table.add_row("all", "", *_figures(told.all, figure))
    for one in by_loss(told.slices, figure):
        few = one.figures.too_few(figure)
        table.add_row(
            escape(f"{one.attribute}: {one.name}"),
            f"{one.loss[figure]:+.3f}",
            *_figures(one.figures, figure),
            style="dim" if few else "",
        )
    return [table]


def _figures(figures: Figures, figure: FigureName) -> list[str]:
    few = " too few" if figures.too_few(figure) else ""
    return [
        _figure(figures.f1),
        _span(figures.f1_interval),
        f"{_figure(figures.exact.value)} [{_span(figures.exact.interval)}]".replace("[", r"\["),
        f"{_figure(figures.clean.value)} [{_span(figures.clean.interval)}]".replace("[", r"\["),
        f"{figures.exact.n:,}/{figures.clean.n:,}{few}",
    ]


def agreement_table(told: PrmAgreement) -> Table:
    """One line for each way in which two PRMs may agree."""
    table = _titled(f"{told.first} and {told.second}", "", "", "95%", "solutions")
    table.add_row(
        "rank correlation of lowest scores",
        _figure(told.correlation), _span(told.correlation_interval), f"{told.n_ranked:,}",
    )  # fmt: skip
    for name, one in (("same verdict", told.same), ("kappa of first errors", told.kappa)):
        low, high = one.low, one.high
        known = low is not None and high is not None
        table.add_row(
            name,
            _figure(math.nan if one.value is None else one.value),
            f"{low:.3f} to {high:.3f}" if known else "–",
            f"{one.n:,}",
        )
    return table


def _head(on: MeasuredOn) -> str:
    return f"{on.annotator} against {on.reference}, threshold {on.threshold:g}"


def _share(one: Share) -> list[str]:
    few = " too few" if one.too_few and one.n else ""
    low, high = one.interval.low, one.interval.high
    span = "–" if math.isnan(low) else f"{low:.1%} to {high:.1%}"
    return [_percent(one.value), span, f"{one.count:,} of {one.n:,}{few}"]


def _mean(one: Mean, sign: str = "", digits: int = 3) -> list[str]:
    return [_figure(one.value, sign, digits), _span(one.interval, sign, digits), _n(one)]


def _n(one: Mean) -> str:
    return f"{one.n:,}" + (" too few" if one.too_few and one.n else "")


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1%}"


def _figure(value: float, sign: str = "", digits: int = 3) -> str:
    return "–" if math.isnan(value) else f"{value:{sign}.{digits}f}"


def _span(interval: Interval, sign: str = "", digits: int = 3) -> str:
    if math.isnan(interval.low):
        return "–"
    return f"{interval.low:{sign}.{digits}f} to {interval.high:{sign}.{digits}f}"


def _titled(title: str, *heads: str) -> Table:
    return Table(*heads, title=title, box=None, pad_edge=False, title_justify="left")
