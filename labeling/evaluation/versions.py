"""Two annotators, such as two versions of a PRM, against the same reference."""

from __future__ import annotations

from typing import TypedDict

from db.annotations import compare
from db.annotators import find_annotator
from db.engine import Database
from labeling.datasets import require_dataset
from labeling.evaluation.provenance import TrainingData, training_data, training_of


class PairedJson(TypedDict):
    """A `training.metrics.mcnemar.Paired`."""

    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float


class VersionsJson(TypedDict):
    """The result of `compare_versions`: of solutions with an error, those without one, and all."""

    first: str
    second: str
    reference: str
    dataset: str | None
    training_data: dict[str, TrainingData]
    trained_on: int  # solutions left out, since their problems are not held out of both trainings
    with_an_error: PairedJson
    without_one: PairedJson
    together: PairedJson


def compare_versions(
    database: Database, first: str, second: str, reference: str, dataset: str | None = None
) -> VersionsJson:
    """McNemar's test over the solutions that both and the reference have annotated.

    Right is the exact first error, or no error where there is none; no verdict is wrong. What is
    not held out of the training of both is left out, as far as that is known. Raises ValueError
    for a data set that is not there, or when no solution is left.
    """
    from training.metrics.mcnemar import mcnemar

    require_dataset(database, dataset)
    one, two, other = (find_annotator(database, name) for name in (first, second, reference))
    trainings = [training_of(database, who) for who in (one, two)]
    said = {found.solution_id: found.first_error for found in compare(database, two.id, other.id)}
    pairs: dict[bool, list[tuple[bool, bool]]] = {True: [], False: []}
    n_trained_on = 0
    for found in compare(database, one.id, other.id, dataset):
        if found.expected is None or found.solution_id not in said:
            continue
        if any(training.seen(found.problem) for training in trainings):
            n_trained_on += 1
            continue
        right = (found.first_error == found.expected, said[found.solution_id] == found.expected)
        pairs[found.expected >= 0].append(right)
    if not pairs[True] and not pairs[False]:
        raise ValueError(
            f"{first}, {second} and {reference} have no solution in common"
            + (f", apart from {n_trained_on:,} that one was trained on" if n_trained_on else "")
        )

    def tested(which: list[tuple[bool, bool]]) -> PairedJson:
        result = mcnemar(which)
        return {
            "both": result.both,
            "only_first": result.only_first,
            "only_second": result.only_second,
            "neither": result.neither,
            "p_value": result.p_value,
        }

    return {
        "first": one.label,
        "second": two.label,
        "reference": other.label,
        "dataset": dataset,
        "training_data": {
            who.label: training_data(who, training.problems)
            for who, training in zip((one, two), trainings, strict=True)
        },
        "trained_on": n_trained_on,
        "with_an_error": tested(pairs[True]),
        "without_one": tested(pairs[False]),
        "together": tested(pairs[True] + pairs[False]),
    }
