"""What figures of a PRM's errors are measured on, and how they are stored and printed as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from typing import TYPE_CHECKING

import numpy as np

from db.annotators import find_annotator
from db.engine import Database
from db.lists.filters import SolutionFilter
from db.lists.scores import solution_texts
from db.records import AnnotatorRecord
from labeling.datasets import require_dataset
from labeling.evaluation.provenance import TrainingData
from labeling.evaluation.scored import ScoredSolutions, scored_solutions
from labeling.evaluation.stored import store_evaluation

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Plain = Mapping[str, "Plain"] | Sequence["Plain"] | str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class MeasuredOn:
    """Whose errors, beside whom, at which threshold, on how many solutions.

    `held_out` says that the `left_out` solutions whose problems the PRM was trained on do not
    count, as far as `training_data` knows of them.
    """

    annotator: str
    reference: str
    dataset: str | None
    threshold: float
    solutions: int
    held_out: bool
    left_out: int
    training_data: TrainingData


@dataclass(frozen=True, slots=True)
class Source:
    """The solutions that figures are made of, and the two annotators."""

    found: ScoredSolutions
    prm: AnnotatorRecord
    reference: AnnotatorRecord
    measured: MeasuredOn


def load(
    database: Database,
    annotator: str,
    reference: str,
    dataset: str | None = None,
    *,
    everything: bool = False,
) -> Source:
    """The solutions that a PRM and a reference share, without what the PRM was trained on.

    With `everything` that too. Raises ValueError for an annotator that is no PRM, a data set that
    is not there, or when no solution is left.
    """
    require_dataset(database, dataset)
    prm, other = find_annotator(database, annotator), find_annotator(database, reference)
    found = scored_solutions(database, prm, other, SolutionFilter(dataset=dataset))
    if not len(found):
        raise ValueError(
            f"{annotator} and {reference} have no solution in common"
            + (f" in {dataset}" if dataset else "")
            + ". Annotate first: steplens annotate --help"
        )
    seen = int(found.trained_on.sum())
    if not everything:
        if seen == len(found):
            raise ValueError(
                f"{annotator} was trained on every one of these problems: no figure would be held "
                "out. --all measures it on them all the same"
            )
        found = found.only(~found.trained_on)
    held_out = not everything and found.training == "known"
    measured = MeasuredOn(
        annotator=prm.label,
        reference=other.label,
        dataset=dataset,
        threshold=found.threshold,
        solutions=len(found),
        held_out=held_out,
        left_out=0 if everything else seen,
        training_data=found.training,
    )
    return Source(found, prm, other, measured)


def store(database: Database, kind: str, source: Source, result: DataclassInstance) -> int:
    """Remember a result with the solutions that it was measured on."""
    wanted = set(source.found.ids.tolist())
    fingerprints = [
        text.fingerprint
        for text in solution_texts(database, source.prm.id)
        if text.solution_id in wanted
    ]
    told = {name: plain(value) for name, value in asdict(result).items()}
    return store_evaluation(
        database,
        kind,
        source.prm,
        source.reference,
        fingerprints,
        told,
        dataset=source.measured.dataset,
        threshold=source.measured.threshold,
        held_out=source.measured.held_out,
    )


def plain(value: object) -> Plain:
    """A result as JSON that every database takes: NaN and infinities are null."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a result")
