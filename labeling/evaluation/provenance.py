"""What an annotator was trained on: read from its checkpoint when it scores, then kept.

An evaluation may come later, on a machine without the checkpoint, or when another one stands in
its folder. What is not known must not pass for untrained.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from db import annotators
from db.annotators import TrainingRecord
from db.engine import Database
from db.lists.scores import annotated_solutions, problem_texts
from db.records import AnnotatorRecord
from db.results import list_exports
from training.data import HeldOut, fingerprint
from training.data_files import recorded_data

TrainingData = Literal["known", "unknown", "not trained"]


@dataclass(frozen=True, slots=True)
class Training:
    """What of a project's problems an annotator has learnt from, and what is held out of that.

    `problems` are the fingerprints of those that it was trained on, None where that is not known.
    `part` is what the export of this project that it learnt from left out, None of one that
    learnt elsewhere or from an export that left out nothing.
    """

    problems: frozenset[str] | None
    part: HeldOut | None

    def held_out(self, problem: str) -> bool:
        """Whether the annotator can be measured on the problem of this text without flattery.

        What a consensus dropped was not trained on either, but it is the hardest there is: where
        a random part was left out, that part alone counts. Never so where training is not known.
        """
        return self.problems is not None and not self.seen(problem)

    def seen(self, problem: str) -> bool:
        """Whether it is known that the problem is not held out."""
        if self.problems is None:
            return False
        if fingerprint(problem) in self.problems:
            return True
        return self.part is not None and problem not in self.part


def training_of(database: Database, annotator: AnnotatorRecord) -> Training:
    """What is known of an annotator's training, for telling what it may be measured on."""
    problems = training_problems(database, annotator)
    learnt_from = training_record(database, annotator).export if problems is not None else None
    if learnt_from is None:
        return Training(problems, None)
    for one in list_exports(database):
        if recorded_data(one.manifest)[1].get("sha256") == learnt_from:
            part = HeldOut.of_manifest(one.manifest)
            return Training(problems, part if part.share else None)
    return Training(problems, None)


def held_out_solutions(database: Database, annotator: AnnotatorRecord) -> list[int] | None:
    """Ids of the solutions that it annotated whose problems are held out of its training.

    None where it is not known what it was trained on.
    """
    training = training_of(database, annotator)
    if training.problems is None:
        return None
    texts = problem_texts(database, annotator.id)
    held_out = {problem for problem, text in texts if training.held_out(text)}
    annotated = annotated_solutions(database, annotator.id)
    return [solution for solution, problem in annotated if problem in held_out]


def training_problems(database: Database, annotator: AnnotatorRecord) -> frozenset[str] | None:
    """Fingerprints of the problems a PRM was trained on, None where that is not known.

    What is not stored yet is looked for in its checkpoint, if that is at hand unchanged.
    """
    revision = annotator.config.get("revision")
    if annotator.kind != "prm" or not revision:
        return None
    stored = annotators.training_problems(database, revision)
    if stored is None and not annotator.from_file and _revision(annotator) == revision:
        remember_training(database, annotator)
        stored = annotators.training_problems(database, revision)
    return stored


def training_record(database: Database, annotator: AnnotatorRecord) -> TrainingRecord:
    """How much a PRM was trained on, as far as that is known.

    Projects that stored the problems alone are told the rest by the checkpoint, if it is at hand.
    """
    revision = annotator.config.get("revision")
    nothing = TrainingRecord(None, None)
    if annotator.kind != "prm" or not revision:
        return nothing
    stored = annotators.training_record(database, revision)
    known = stored is not None and stored.n_solutions is not None
    if not known and not annotator.from_file and _revision(annotator) == revision:
        remember_training(database, annotator)
        stored = annotators.training_record(database, revision)
    return stored or nothing


def training_data(annotator: AnnotatorRecord, trained_on: Collection[str] | None) -> TrainingData:
    """How much is known of it, as results say it."""
    if annotator.kind == "human":
        return "not trained"
    return "unknown" if trained_on is None else "known"


def remember_training(database: Database, annotator: AnnotatorRecord) -> None:
    """Store what the checkpoint that the annotator scores with says it was trained on.

    The checkpoint must be the one of the annotator's revision. Public ones say nothing.
    """
    from models.names import resolve_checkpoint

    try:
        file = Path(resolve_checkpoint(annotator.config["model"])) / "steplens.json"
        told = json.loads(file.read_text("utf-8"))
        # The validation problems chose the best epoch, so they are not held out either; and what
        # a base learnt before is null where that is not known.
        problems = [
            *told["training_problems"],
            *told["validation_problems"],
            *told.get("base_problems", []),
        ]
        report = told.get("report") or {}
        annotators.save_training_problems(
            database,
            annotator.config["revision"],
            problems,
            report.get("n_training"),
            told.get("export_checksum"),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return


def _revision(annotator: AnnotatorRecord) -> str | None:
    """The revision of what stands in the checkpoint's folder now, None where nothing does."""
    from models.names import checkpoint_revision, resolve_checkpoint

    try:
        return checkpoint_revision(resolve_checkpoint(annotator.config["model"]))
    except (OSError, ValueError, KeyError):
        return None
