"""Training as a job of the app; `steplens train` calls `training.train` without a database."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from labeling.consensus.held_out import evaluation_sets
from labeling.jobs.context import JobContext
from labeling.sources import read_sources

if TYPE_CHECKING:
    from training.config import Course

# What a job may be asked for besides its export, base and folder: fields of TrainConfig.
SETTINGS = ("epochs", "learning_rate", "head", "lora", "labels", "device_tokens", "seed")


def run_train(context: JobContext) -> dict[str, Any]:
    """Train a PRM on params["export"], from params["base"], into the folder params["out"].

    The export may be a file or folder in an import format, too.

    What is to evaluate on in the project is not trained on, in another spelling neither.

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
    data = read_sources([params["export"]], config.labels)
    learnt = {example.problem for example in data.examples}
    report = train(
        data,
        params["base"],
        params["out"],
        config,
        progress=context.report,
        watch=watch,
        evaluation_sets=evaluation_sets(context.database, learnt),
        say=context.say,
    )
    return {"checkpoint": str(params["out"]), **dataclasses.asdict(report)}
