"""ProcessBench-style evaluation of an annotator against a reference in the database."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from db.annotations import compare
from db.annotators import find_annotator
from db.engine import Database
from db.results import add_evaluation
from labeling.datasets import require_dataset
from labeling.evaluation.provenance import training_data, training_problems
from labeling.evaluation.results import ProcessBenchJson, ReportJson, report_json
from labeling.jobs.context import JobContext


def run_evaluate(context: JobContext) -> dict[str, Any]:
    """The job form of `evaluate_processbench`."""
    params = context.params
    return dict(
        evaluate_processbench(
            context.database, params["annotator"], params["reference"], params.get("dataset")
        )
    )


def evaluate_processbench(
    database: Database, annotator: str, reference: str, dataset: str | None = None
) -> ProcessBenchJson:
    """ProcessBench's metric (PB 4.1) over every solution that both have annotated; stored.

    Each data set has figures of its own, and the headline is their unweighted mean. Where it is
    known what the annotator was trained on, `held_out` is of the other problems, and the figure
    to believe. Raises ValueError for a data set that is not there, or when the two share no
    solution.
    """
    from training.data import fingerprint

    require_dataset(database, dataset)
    mine, other = find_annotator(database, annotator), find_annotator(database, reference)
    trained_on = training_problems(database, mine)
    every: _Verdicts = defaultdict(list)
    unseen: _Verdicts = defaultdict(list)
    for one in compare(database, mine.id, other.id, dataset):
        if one.expected is None:
            continue
        every[one.dataset].append((one.first_error, one.expected))
        if trained_on is not None and fingerprint(one.problem) not in trained_on:
            unseen[one.dataset].append((one.first_error, one.expected))
    if not every:
        raise ValueError(
            f"{annotator} and {reference} have no solution in common"
            + (f" in {dataset}" if dataset else "")
            + ". Annotate first: steplens annotate --help"
        )
    result: ProcessBenchJson = {
        "annotator": mine.label,
        "reference": other.label,
        "dataset": dataset,
        "threshold": mine.config.get("threshold"),
        "threshold_policy": "fixed" if "threshold" in mine.config else "not a threshold",
        "training_data": training_data(mine, trained_on),
        "trained_on_problems": None if trained_on is None else len(trained_on),
        "all": _report(every),
        "held_out": _report(unseen) if unseen else None,
    }
    add_evaluation(database, "processbench", mine.id, other.id, dict(result))
    return result


_Verdicts = dict[str, list[tuple[int | None, int]]]


def _report(verdicts: _Verdicts) -> ReportJson:
    from training.evaluation import processbench_by_dataset

    return report_json(processbench_by_dataset(dict(sorted(verdicts.items()))))
