"""Training as a job of the app; `steplens train` calls `training.train` without a database."""

from __future__ import annotations

import dataclasses
from typing import Any

from labeling.jobs.context import JobContext


def run_train(context: JobContext) -> dict[str, Any]:
    """Train a PRM on params["export"], from params["base"], into the folder params["out"]."""
    from training.train import TrainConfig, train

    params = context.params
    config = TrainConfig(seed=params.get("seed", 0))
    report = train(params["export"], params["base"], params["out"], config, progress=context.report)
    return {"checkpoint": str(params["out"]), **dataclasses.asdict(report)}
