"""ProcessBench-style evaluation of an annotator against a reference in the database."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any

from db.annotations import compare
from db.annotators import find_annotator
from db.engine import Database
from db.records import Comparison, JobRecord
from labeling.datasets import require_dataset
from labeling.evaluation.provenance import training_data, training_of
from labeling.evaluation.results import ProcessBenchJson, ReportJson, report_json
from labeling.evaluation.stored import PROCESSBENCH, solutions_hash, store_evaluation
from labeling.jobs.context import JobContext

if TYPE_CHECKING:
    from training.metrics.processbench.thresholds import Sample


def run_evaluate(context: JobContext) -> dict[str, Any]:
    """The job form of `evaluate_processbench`."""
    params = context.params
    result = evaluate_processbench(
        context.database,
        params["annotator"],
        params["reference"],
        params.get("dataset"),
        params.get("tune_on"),
        context.job,
    )
    return dict(result)


def evaluate_processbench(
    database: Database,
    annotator: str,
    reference: str,
    dataset: str | None = None,
    tune_on: str | None = None,
    job: JobRecord | None = None,
) -> ProcessBenchJson:
    """ProcessBench's metric (PB 4.1) over every solution that both have annotated; stored.

    Each data set has figures of its own, and the headline is their unweighted mean, with the
    threshold that the annotator has. What other thresholds give (the best on the data set
    `tune_on`; the best for each) stands beside it. Where it is known what the annotator was
    trained on, `held_out` is of what is held out of that, and the figure to believe. Raises
    ValueError for a data set that is not there, or when the two share no solution, and
    LostJobError when `job`, if any, is no longer this process's.
    """
    require_dataset(database, dataset)
    mine, other = find_annotator(database, annotator), find_annotator(database, reference)
    training = training_of(database, mine)
    threshold: float | None = mine.config.get("threshold")
    require_dataset(database, tune_on)
    if tune_on is not None and threshold is None:
        raise ValueError(f"{mine.label} has no threshold to tune; only who scores steps has")
    every, unseen = _Verdicts(threshold), _Verdicts(threshold)
    for one in compare(database, mine.id, other.id, dataset):
        if one.expected is None:
            continue
        every.add(one, one.expected)
        if training.held_out(one.problem):
            unseen.add(one, one.expected)
    if not every.pairs:
        raise ValueError(
            f"{annotator} and {reference} have no solution in common"
            + (f" in {dataset}" if dataset else "")
            + ". Annotate first: steplens annotate --help"
        )
    result: ProcessBenchJson = {
        "annotator": mine.label,
        "reference": other.label,
        "dataset": dataset,
        "threshold": threshold,
        "threshold_policy": "not a threshold" if threshold is None else "fixed",
        "tuned_on": tune_on,
        "training_data": training_data(mine, training.problems),
        "trained_on_problems": None if training.problems is None else len(training.problems),
        "held_out_share": None if training.part is None else training.part.share,
        "all": every.report(tune_on),
        "held_out": unseen.report(unseen.tunable(tune_on)) if unseen.pairs else None,
    }
    headline = unseen if unseen.pairs else every
    store_evaluation(
        database,
        PROCESSBENCH,
        mine,
        other,
        chain.from_iterable(headline.fingerprints.values()),
        result,
        dataset=dataset,
        threshold=threshold,
        held_out=bool(unseen.pairs),
        job=job,
    )
    return result


class _Verdicts:
    """The pairs (predicted, reference) of each data set, and with a threshold their samples."""

    def __init__(self, threshold: float | None):
        self.threshold = threshold
        self.pairs: dict[str, list[tuple[int | None, int]]] = defaultdict(list)
        self.samples: dict[str, list[Sample]] = defaultdict(list)
        self.fingerprints: dict[str, list[str]] = defaultdict(list)

    def add(self, one: Comparison, expected: int) -> None:
        """Take in a solution."""
        from training.metrics.processbench.thresholds import sample

        self.pairs[one.dataset].append((one.first_error, expected))
        self.fingerprints[one.dataset].append(one.fingerprint)
        if self.threshold is not None:
            self.samples[one.dataset].append(sample(one.scores, expected))

    def tunable(self, dataset: str | None) -> str | None:
        """The data set, if a threshold can be tuned on its solutions here."""
        classes = {one.has_error for one in self.samples.get(dataset or "", [])}
        return dataset if len(classes) == 2 else None

    def report(self, tune_on: str | None) -> ReportJson:
        """The figures of all that was taken in."""
        from training.metrics.processbench.evaluation import (
            first_error_offsets,
            processbench_by_dataset,
        )
        from training.metrics.processbench.thresholds import policies

        pairs = dict(sorted(self.pairs.items()))
        samples = dict(sorted(self.samples.items()))
        return report_json(
            processbench_by_dataset(pairs),
            {name: solutions_hash(self.fingerprints[name]) for name in pairs},
            solutions_hash(chain.from_iterable(self.fingerprints.values())),
            first_error_offsets(chain.from_iterable(pairs.values())),
            [] if self.threshold is None else policies(samples, self.threshold, tune_on),
        )
