"""Stored evaluations: what each was measured on, and whether two may be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from db.engine import Database
from db.records import REWARD, AnnotatorRecord, JobRecord
from db.results import EvaluationRecord, Measured, add_evaluation
from labeling.evaluation.provenance import training_record

# Kinds of evaluations.
PROCESSBENCH, BEST_OF_N = "processbench", "best_of_n"
BIASES, CALIBRATION, SLICES = "biases", "calibration", "slices"


def solutions_hash(fingerprints: Iterable[str]) -> str:
    """A hash of a set of solutions by their fingerprints: the same in every project.

    Ids would not do: each project counts its own.
    """
    return hashlib.sha256("".join(sorted(fingerprints)).encode()).hexdigest()[:32]


def store_evaluation(
    database: Database,
    kind: str,
    annotator: AnnotatorRecord,
    reference: AnnotatorRecord | None,
    fingerprints: Iterable[str],
    result: Mapping[str, Any],
    *,
    dataset: str | None = None,
    threshold: float | None = None,
    held_out: bool = False,
    job: JobRecord | None = None,
) -> int:
    """Remember a result with the solutions (their `fingerprints`) that its headline is of.

    `dataset` is the one that was asked for, None for all. Raises LostJobError, and stores nothing,
    when `job` is no longer this process's.
    """
    solutions = list(fingerprints)
    trained = training_record(database, annotator)
    measured = Measured(
        dataset=dataset,
        threshold=threshold,
        held_out=held_out,
        n_solutions=len(solutions),
        solutions=solutions_hash(solutions),
        n_training=trained.n_solutions,
        training_export=trained.export,
    )
    other = None if reference is None else reference.id
    return add_evaluation(database, kind, annotator.id, other, measured, dict(result), job)


def outdated(
    evaluation: EvaluationRecord,
    annotator: AnnotatorRecord,
    common: Mapping[str, int],
    dataset: str | None = None,
) -> bool:
    """Whether ProcessBench's figures would be of other verdicts now than when they were measured.

    `common` are the solutions that the annotator shares with the reference now, by data set. More
    or fewer of those, of `dataset` alone where it is given, or another threshold since, and the
    figures are older than the verdicts.
    """
    only = dataset or evaluation.measured.dataset
    everything = (evaluation.result.get("all") or {}).get("datasets") or {}
    measured = {
        name: one["n_error"] + one["n_correct"]
        for name, one in everything.items()
        if only in (None, name)
    }
    now = {name: n for name, n in common.items() if only in (None, name)}
    cut, cut_now = evaluation.measured.threshold, annotator.config.get("threshold")
    return (bool(measured) and measured != now) or (cut is not None and cut != cut_now)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a figure rests on: who was right, and which solutions (`Measured`)."""

    reference: str | None
    n_solutions: int | None
    solutions: str | None


def basis(evaluation: EvaluationRecord) -> Basis:
    """Of an evaluation's headline."""
    told = evaluation.result
    return Basis(
        told.get("reference") or told.get("measured", {}).get("reference"),
        evaluation.measured.n_solutions,
        evaluation.measured.solutions,
    )


def headline(evaluation: EvaluationRecord) -> tuple[str, float | None]:
    """The figure that stands for an evaluation, and its name; None where it is not defined."""
    result = evaluation.result
    if evaluation.kind == PROCESSBENCH:
        return "F1", (result.get("held_out") or result.get("all") or {}).get("f1")
    if evaluation.kind == BEST_OF_N:
        way = next(one for one in ("product", REWARD) if one in result["curves"])
        return f"{way}, best of {result['n']}", result["curves"][way][-1]["accuracy"]
    if evaluation.kind == BIASES:
        mine = result["tolerances"][result["measured"]["annotator"]]
        return "exact on flawed right answers", mine["exact"]["value"]
    if evaluation.kind == CALIBRATION:
        return "ECE of steps", result["steps"]["ece"]
    if evaluation.kind == SLICES:
        return "F1", result["all"]["f1"]
    return "", None


def warning(bases: Mapping[str, Basis]) -> str | None:
    """Why figures that stand side by side cannot be compared, in a sentence; None if they can.

    `bases` are by what the figure is of, such as an annotator.
    """
    references = {one.reference for one in bases.values()}
    if len(references) > 1:
        told = ", ".join(f"{who} against {one.reference}" for who, one in bases.items())
        return f"Not comparable, as measured against different references: {told}."
    unknown = [who for who, one in bases.items() if one.solutions is None]
    if unknown and len(bases) > 1:
        return (
            f"It was not recorded which solutions {_and(unknown)} "
            f"{'was' if len(unknown) == 1 else 'were'} measured on: measure again to compare."
        )
    if len({one.solutions for one in bases.values()}) > 1:
        told = ", ".join(f"{who} on {one.n_solutions:,}" for who, one in bases.items())
        return f"Not comparable, as measured on different solutions: {told}."
    return None


def warnings(evaluations: Iterable[EvaluationRecord], labels: Mapping[int, str]) -> list[str]:
    """`warning` of the newest evaluation of each annotator, by kind, data set and reference.

    `evaluations` are the newest first, `labels` the annotators' by id.
    """
    beside: dict[tuple[str, str | None, int | None], dict[str, Basis]] = {}
    for one in evaluations:
        group = beside.setdefault((one.kind, one.measured.dataset, one.reference_id), {})
        group.setdefault(labels.get(one.annotator_id, "?"), basis(one))
    return [
        f"{kind} of {dataset or 'all data sets'}: {doubt}"
        for (kind, dataset, _), group in beside.items()
        if (doubt := warning(group)) is not None
    ]


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
