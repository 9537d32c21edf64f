"""The PRMs of a run, one from each source and seed: trained, and the test scored with them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from db.engine import open_database
from db.jobs import create_job
from labeling.jobs.runner import run_job
from labeling.lessons.parts import Result, Task

THRESHOLD = 0.5  # the usual one, not tuned


def train_prm(task: Task) -> Result:
    """Train a PRM on an export, as `steplens train` does, and score the test solutions with it."""
    from models.names import checkpoint_folder, checkpoint_revision
    from training.config import TrainConfig
    from training.train import train

    params = task.params
    out = task.folder / "prms" / params["name"]
    report = train(
        task.folder / "exports" / params["export"],
        params["base"],
        out,
        # Measuring which precision is faster would not end alike every time.
        TrainConfig(precision="float32", trees="off", **params["config"]),
        progress=task.report,
        overwrite=True,
    )
    database = open_database(task.database_url)
    try:
        asked = {
            "model": str(out),
            "name": params["name"],
            "threshold": THRESHOLD,
            "dataset": params["dataset"],
        }
        run_job(database, create_job(database, "annotate_prm", asked).id, task.report)
    finally:
        database.close()
    return {
        "annotator": f"prm:{params['name']}",
        "revision": checkpoint_revision(out),
        "base_revision": checkpoint_revision(checkpoint_folder(params["base"])),
        "training": _told(asdict(report)),
    }


def _told(report: dict[str, Any]) -> Result:
    """What a training says of itself, without paths and clocks."""
    for one in report["history"]:
        del one["seconds"]
    left_out = ("out", "seconds", "warning")
    return {name: value for name, value in report.items() if name not in left_out}
