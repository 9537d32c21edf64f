"""Stored figures side by side: annotators by data sets, and the versions of a PRM over time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.records import KINDS, AnnotatorRecord, JobRecord
from db.results import EvaluationRecord, ExportRecord
from labeling.evaluation.provenance import TrainingData
from labeling.evaluation.results import Figures, too_few
from labeling.evaluation.stored import Basis
from training.data_files import recorded_data

MEAN = ""  # the data set that stands for the unweighted mean of all

_VERSION = re.compile(r"(.+?)[-_. ]?v?\d+")


@dataclass(frozen=True, slots=True)
class Cell:
    """What an annotator reached on a data set, by the newest evaluation that has it.

    `held_out` says that problems which it was trained on were left out.
    """

    annotator: AnnotatorRecord
    dataset: str
    figures: Figures
    held_out: bool
    training: TrainingData
    evaluation: EvaluationRecord

    @property
    def few(self) -> bool:
        """Whether too few solutions of a class lie behind it."""
        return too_few(self.figures)

    @property
    def n(self) -> int:
        """The solutions that it is of."""
        return self.figures["n_error"] + self.figures["n_correct"]

    @property
    def basis(self) -> Basis:
        """What it rests on."""
        reference = self.evaluation.result.get("reference")
        return Basis(reference, self.n, self.figures.get("solutions"))

    @property
    def trained_on_these(self) -> bool:
        """Whether the annotator is known to have been trained on some of the solutions."""
        return self.training == "known" and not self.held_out and bool(self._trained_problems)

    @property
    def _trained_problems(self) -> int:
        return self.evaluation.result.get("trained_on_problems") or 0


def cells(
    evaluations: Iterable[EvaluationRecord],
    annotators: Mapping[int, AnnotatorRecord],
    *,
    held_out: bool,
) -> dict[tuple[int, str], Cell]:
    """(annotator id, data set or MEAN) -> the newest figures.

    `evaluations` are ProcessBench's against one reference, the newest first. With `held_out`,
    figures are of problems that the annotator was not trained on, as far as that is known.
    """
    found: dict[tuple[int, str], Cell] = {}
    for one in evaluations:
        if one.annotator_id not in annotators:
            continue
        unseen = one.result.get("held_out") if held_out else None
        report: dict[str, Any] = unseen or one.result.get("all") or {}
        parts = dict(report.get("datasets") or {})
        if not parts:  # stored before each data set had its figures
            continue
        if one.measured.dataset is None:
            parts[MEAN] = report
        for dataset, figures in parts.items():
            cell = Cell(
                annotators[one.annotator_id],
                dataset,
                figures,
                bool(unseen),
                one.result.get("training_data", "unknown"),
                one,
            )
            found.setdefault((one.annotator_id, dataset), cell)
    return found


def in_families(annotators: Iterable[AnnotatorRecord]) -> list[AnnotatorRecord]:
    """By kind, the versions of one PRM together and the newest last."""
    order = list(KINDS)
    listed = sorted(annotators, key=lambda one: one.id)
    first: dict[tuple[str, str], int] = {}
    for one in listed:
        first.setdefault((one.kind, family(one.name)), one.id)
    return sorted(
        listed,
        key=lambda one: (order.index(one.kind), first[one.kind, family(one.name)], one.id),
    )


def family(name: str) -> str:
    """The name without its version: "prm" of prm-v1, prm-v2 and prm."""
    found = _VERSION.fullmatch(name)
    return found[1] if found else name


@dataclass(frozen=True, slots=True)
class Version:
    """A PRM's figure, and what it was trained on; None where that is not known.

    `corrections` are the solutions of its export that people decided.
    """

    cell: Cell
    n_training: int | None
    export: ExportRecord | None
    corrections: int | None
    trained_by: JobRecord | None


def versions(
    figures: Iterable[Cell], exports: Sequence[ExportRecord], jobs: Sequence[JobRecord]
) -> list[Version]:
    """The PRMs among `figures` with their exports and the jobs that trained them, oldest first."""
    by_checksum = {_checksum(one): one for one in reversed(exports)}
    trained = {
        str((job.result or {}).get("checkpoint")): job
        for job in reversed(jobs)
        if job.kind == "train" and job.status == "done"
    }
    found = []
    for cell in figures:
        if cell.annotator.kind != "prm":
            continue
        measured = cell.evaluation.measured
        export = by_checksum.get(measured.training_export or "-")
        corrections = None if export is None else export.manifest["counts"].get("by_human")
        job = trained.get(str(cell.annotator.config.get("model")))
        found.append(Version(cell, measured.n_training, export, corrections, job))
    return sorted(found, key=lambda one: one.cell.annotator.id)


def _checksum(export: ExportRecord) -> str:
    return str(recorded_data(export.manifest)[1].get("sha256"))
