"""Results of evaluations as JSON that every database takes, and its types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypedDict, cast

from labeling.evaluation.provenance import TrainingData

FEW = 30  # solutions of a class; with fewer, one more or less is over 3 points of accuracy

if TYPE_CHECKING:
    from training.best_of_n import Pick
    from training.evaluation import ProcessBenchReport, ProcessBenchResult


class IntervalJson(TypedDict):
    """A 95% interval; null where the quantity is not defined."""

    low: float | None
    high: float | None


class Figures(TypedDict):
    """A `training.evaluation.ProcessBenchResult`; null where a figure is not defined."""

    error_accuracy: float | None
    correct_accuracy: float | None
    f1: float | None
    n_error: int
    n_correct: int
    n_unparsed: int
    intervals: dict[str, IntervalJson]


class ReportJson(Figures):
    """The unweighted mean over data sets, and the figures of each."""

    datasets: dict[str, Figures]


class ProcessBenchJson(TypedDict):
    """The stored result of `evaluate_processbench`.

    `held_out` is of the problems that the annotator was not trained on; null where it was
    trained on all of them, or where that is not known (`training_data`).
    """

    annotator: str
    reference: str
    dataset: str | None
    threshold: float | None
    threshold_policy: str
    training_data: TrainingData
    trained_on_problems: int | None
    all: ReportJson
    held_out: ReportJson | None


class PickJson(TypedDict):
    """A `training.best_of_n.Pick`."""

    accuracy: float
    interval: IntervalJson  # null where the figure is the same for all problems
    above_majority: float
    above_majority_interval: IntervalJson


class BestOfNJson(TypedDict):
    """The result of `evaluate_best_of_n`; `picks` by the way to choose.

    `left_out` has the numbers of problems that could not be used, by the reason; `graded` is how
    many answers were graded for this evaluation.
    """

    annotator: str
    dataset: str | None
    n: int
    problems: int
    responses: int
    training_data: TrainingData
    left_out: dict[str, int]
    graded: int
    picks: dict[str, PickJson]


def too_few(report: Mapping[str, Any]) -> bool:
    """Whether a class that a data set's figures are made of has fewer solutions than FEW.

    `report` may be the stored result of an older version, without data sets.
    """
    parts = list((report.get("datasets") or {"": report}).values())
    counts = [part.get(name, 0) for part in parts for name in ("n_error", "n_correct")]
    return min((count for count in counts if count), default=0) < FEW


def report_json(report: ProcessBenchReport) -> ReportJson:
    """The stored form of ProcessBench's figures."""
    datasets = {name: _figures(result) for name, result in report.datasets.items()}
    return {**_figures(report.mean), "datasets": datasets}


def pick_json(pick: Pick) -> PickJson:
    """The stored form of one way to choose."""
    return cast(PickJson, _without_nan(asdict(pick)))


def _figures(result: ProcessBenchResult) -> Figures:
    return cast(Figures, _without_nan(asdict(result)))


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
