"""What an annotator was trained on: read from its checkpoint when it scores, then kept.

An evaluation may come later, on a machine without the checkpoint, or when another one stands in
its folder. What is not known must not pass for untrained.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from db import annotators
from db.annotators import TrainingRecord
from db.engine import Database
from db.records import AnnotatorRecord

TrainingData = Literal["known", "unknown", "not trained"]


def training_problems(database: Database, annotator: AnnotatorRecord) -> frozenset[str] | None:
    """Fingerprints of the problems a PRM was trained on, None where that is not known.

    What is not stored yet is looked for in its checkpoint, if that is at hand unchanged.
    """
    revision = annotator.config.get("revision")
    if annotator.kind != "prm" or not revision:
        return None
    stored = annotators.training_problems(database, revision)
    if stored is None and _revision(annotator) == revision:
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
    if (stored is None or stored.n_solutions is None) and _revision(annotator) == revision:
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
