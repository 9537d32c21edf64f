"""ProcessBench-style evaluation of an annotator against a reference in the database."""

from __future__ import annotations

from typing import Any

from db.annotations import first_errors
from db.annotators import find_annotator
from db.engine import Database
from db.results import add_evaluation
from labeling.evaluation.provenance import training_problems
from labeling.evaluation.results import plain
from labeling.jobs.context import JobContext


def run_evaluate(context: JobContext) -> dict[str, Any]:
    """The job form of `evaluate_processbench`."""
    params = context.params
    return evaluate_processbench(
        context.database, params["annotator"], params["reference"], params.get("dataset")
    )


def evaluate_processbench(
    database: Database, annotator: str, reference: str, dataset: str | None = None
) -> dict[str, Any]:
    """ProcessBench's metric (PB 4.1) over every solution that both have annotated; stored.

    Where the annotator is a PRM of ours, solutions to problems it was trained on are told apart:
    `held_out` is the figure to believe. Raises ValueError when the two share no solution.
    """
    from training.data import fingerprint
    from training.evaluation import processbench_metrics

    mine, other = find_annotator(database, annotator), find_annotator(database, reference)
    trained_on = training_problems(mine)
    predicted: list[int | None] = []
    truth: list[int] = []
    unseen: list[bool] = []
    for _, problem, _, first_error, expected, _ in first_errors(
        database, mine.id, other.id, dataset
    ):
        if expected is None:
            continue
        predicted.append(first_error)
        truth.append(expected)
        unseen.append(fingerprint(problem) not in trained_on)
    if not truth:
        raise ValueError(
            f"{annotator} and {reference} have no solution in common. Annotate first: "
            "steplens annotate --help"
        )
    result: dict[str, Any] = {
        "annotator": mine.label,
        "reference": other.label,
        "dataset": dataset,
        "threshold": mine.config.get("threshold"),
        "threshold_policy": "fixed" if "threshold" in mine.config else "not a threshold",
        "all": plain(processbench_metrics(predicted, truth)),
    }
    if trained_on:
        held = [place for place, new in enumerate(unseen) if new]
        result["trained_on_problems"] = len(trained_on)
        result["held_out"] = (
            plain(processbench_metrics([predicted[i] for i in held], [truth[i] for i in held]))
            if held
            else None
        )
    add_evaluation(database, "processbench", mine.id, other.id, result)
    return result
