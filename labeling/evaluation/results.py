"""Results of evaluations as JSON that every database takes, and its types."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict, cast

from labeling.evaluation.provenance import TrainingData
from training.metrics.few import FEW

if TYPE_CHECKING:
    from training.metrics.best_of_n import Curves
    from training.metrics.pick_lengths import PickLengths
    from training.metrics.processbench.evaluation import (
        Offsets,
        ProcessBenchReport,
        ProcessBenchResult,
    )
    from training.metrics.processbench.thresholds import Policy


class IntervalJson(TypedDict):
    """A 95% interval; null where the quantity is not defined."""

    low: float | None
    high: float | None


class Figures(TypedDict):
    """A `ProcessBenchResult`; null where a figure is not defined."""

    error_accuracy: float | None
    correct_accuracy: float | None
    f1: float | None
    n_error: int
    n_correct: int
    n_unparsed: int
    intervals: dict[str, IntervalJson]
    solutions: str | None  # a hash of those that were measured; missing in older results


class OffsetsJson(TypedDict):
    """A `training.metrics.processbench.evaluation.Offsets`."""

    early: int
    exact: int
    late: int
    missed: int
    no_verdict: int
    right: int
    false_alarm: int
    no_verdict_right: int


class PolicyJson(TypedDict):
    """A `training.metrics.processbench.thresholds.Policy`; null where a figure is not defined."""

    name: Literal["fixed", "tuned", "best"]
    thresholds: dict[str, float | None]
    f1s: dict[str, float | None]
    mean: float | None


class ReportJson(Figures):
    """The unweighted mean over data sets, the figures of each, and what lies behind them.

    `policies` are the ways to set a threshold, empty for who has none.
    """

    datasets: dict[str, Figures]
    offsets: OffsetsJson
    policies: list[PolicyJson]


class ProcessBenchJson(TypedDict):
    """The stored result of `evaluate_processbench`.

    `held_out` is of the problems that the annotator was not trained on; null where there are none,
    or where that is not known (`training_data`). Of a PRM that learnt from an export of this
    project these are the share `held_out_share` that the export left out, if it left out any.
    """

    annotator: str
    reference: str
    dataset: str | None
    threshold: float | None
    threshold_policy: str
    tuned_on: str | None
    training_data: TrainingData
    trained_on_problems: int | None
    held_out_share: float | None
    all: ReportJson
    held_out: ReportJson | None


class PickJson(TypedDict):
    """A `training.metrics.best_of_n.Pick`."""

    accuracy: float
    interval: IntervalJson  # null where the figure is the same for all problems
    above_majority: float
    above_majority_interval: IntervalJson


CurvesJson = dict[str, list[PickJson]]  # by way to choose, a pick for each of `sizes`


class MeanJson(TypedDict):
    """A `Mean` over `n` problems; null where it is not defined."""

    n: int
    value: float | None
    interval: IntervalJson


class PickedJson(TypedDict):
    """A `training.metrics.pick_lengths.Picked`."""

    steps: MeanJson
    above_all: MeanJson
    above_right: MeanJson


class LengthGroupJson(TypedDict):
    """A `training.metrics.pick_lengths.LengthGroup`."""

    attribute: str
    name: str
    problems: int
    accuracy: dict[str, MeanJson]


class LengthsJson(TypedDict):
    """A `training.metrics.pick_lengths.PickLengths`."""

    all: MeanJson
    right: MeanJson
    picked: dict[str, PickedJson]
    groups: list[LengthGroupJson]


class DatasetCurvesJson(TypedDict):
    """Best-of-N of one data set."""

    problems: int
    responses: int
    curves: CurvesJson
    lengths: LengthsJson | None  # None where steps are not known, or nothing is scored
    solutions: NotRequired[str]  # a hash of the responses, where they are a project's


class ResponsesJson(TypedDict):
    """Best-of-1 to Best-of-`n`: `curves` over `sizes` are the unweighted mean of data sets.

    `lengths` are of the problems of all data sets together. `left_out` has the numbers of problems
    that could not be used, by the reason.
    """

    n: int
    sizes: list[int]
    problems: int
    responses: int
    left_out: dict[str, int]
    curves: CurvesJson
    lengths: LengthsJson | None
    datasets: dict[str, DatasetCurvesJson]


class BestOfNJson(ResponsesJson):
    """The result of `evaluate_best_of_n`; `graded` answers were graded for this evaluation."""

    annotator: str
    dataset: str | None
    training_data: TrainingData
    graded: int


def picks(curves: CurvesJson) -> dict[str, PickJson]:
    """What each way to choose gives of the most responses."""
    return {way: over_sizes[-1] for way, over_sizes in curves.items()}


def too_few(report: Mapping[str, Any]) -> bool:
    """Whether a class that a data set's figures are made of has fewer solutions than FEW.

    `report` may be the stored result of an older version, without data sets.
    """
    parts = list((report.get("datasets") or {"": report}).values())
    counts = [part.get(name, 0) for part in parts for name in ("n_error", "n_correct")]
    return min((count for count in counts if count), default=0) < FEW


def few_in_validation(n_validation: int, n_wrong: int | None) -> bool:
    """Whether a training's validation figures rest on fewer than FEW of a class."""
    return n_wrong is not None and min(n_wrong, n_validation - n_wrong) < FEW


def report_json(
    report: ProcessBenchReport,
    hashes: Mapping[str, str],
    hash_of_all: str,
    offsets: Offsets,
    policies: Iterable[Policy],
) -> ReportJson:
    """The stored form of ProcessBench's figures; `hashes` of the solutions of each data set."""
    return {
        **_figures(report.mean, hash_of_all),
        "datasets": {
            name: _figures(result, hashes[name]) for name, result in report.datasets.items()
        },
        "offsets": cast(OffsetsJson, asdict(offsets)),
        "policies": [cast(PolicyJson, _without_nan(asdict(policy))) for policy in policies],
    }


def curves_json(curves: Curves) -> CurvesJson:
    """The stored form of Best-of-N's curves."""
    return {
        way: [cast(PickJson, _without_nan(asdict(pick))) for pick in over_sizes]
        for way, over_sizes in curves.items()
    }


def lengths_json(lengths: PickLengths | None) -> LengthsJson | None:
    """The stored form of what is told of the lengths of picks."""
    return None if lengths is None else cast(LengthsJson, _without_nan(asdict(lengths)))


def _figures(result: ProcessBenchResult, solutions: str) -> Figures:
    return cast(Figures, {**_without_nan(asdict(result)), "solutions": solutions})


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
