"""Training as a job of the app; `steplens train` calls `training.train` without a database."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from db.engine import Database
from db.solutions import problem_texts
from labeling.consensus.held_out import held_out
from labeling.jobs.context import JobContext
from labeling.sources import read_sources

if TYPE_CHECKING:
    from training.config import Course

# What a job may be asked for besides its export, base and folder: fields of TrainConfig.
SETTINGS = ("epochs", "learning_rate", "head", "lora", "labels", "device_tokens", "seed")


def run_train(context: JobContext) -> dict[str, Any]:
    """Train a PRM on params["export"], from params["base"], into the folder params["out"].

    The export may be a file or folder in an import format, too.

    What the project holds out is never trained on, in another spelling neither.

    How it goes stands in the job's state as `losses`, `history`, `epochs` and `patience` (of
    Course), while it runs.
    """
    from training.train import TrainConfig, train

    def watch(course: Course) -> None:
        context.remember(
            losses=[list(point) for point in course.losses],
            history=[dataclasses.asdict(record) for record in course.history],
            epochs=course.epochs,
            patience=course.patience,
        )

    params = context.params
    config = TrainConfig(**{name: params[name] for name in SETTINGS if name in params})
    report = train(
        read_sources([params["export"]], config.labels),
        params["base"],
        params["out"],
        config,
        progress=context.report,
        watch=watch,
        evaluation_sets={"what this project holds out": _held_out(context.database)},
        say=context.say,
    )
    return {"checkpoint": str(params["out"]), **dataclasses.asdict(report)}


def _held_out(database: Database) -> Iterator[str]:
    part = held_out(database)
    return (problem for problem in problem_texts(database) if problem in part)
