"""The solutions of a run, and what Monte Carlo and the judge say of them: jobs of its project."""

from __future__ import annotations

from typing import Any

from db.engine import create_database, open_database
from db.jobs import create_job
from labeling.consensus.held_out import hold_out
from labeling.jobs.runner import run_job
from labeling.lessons.parts import Result, Task
from training.data import HeldOut

MC, JUDGE = "mc:lessons", "judge:lessons"
NAME = "lessons"  # of both annotators


def make_project(task: Task) -> Result:
    """An empty project. The test problems are a data set of their own, so none is held out."""
    database = create_database(task.database_url)
    hold_out(database, HeldOut(0.0))
    database.close()
    return {}


def sample(task: Task) -> Result:
    """Sample solutions, with their exact labels."""
    return _do(task, "sample")


def annotate_mc(task: Task) -> Result:
    """Monte Carlo with all samples of each step up to the first that never succeeds.

    Behind it nothing is trained on. With `chunk` every step has whole rates: soft labels and other
    thresholds can be made of the same completions.
    """
    return _do(task, "annotate_mc", strategy="scan", chunk=task.params["samples"], name=NAME)


def annotate_judge(task: Task) -> Result:
    """The judge's verdicts."""
    return _do(task, "annotate_judge", name=NAME)


def _do(task: Task, kind: str, **more: Any) -> Result:
    """Run one job to its end; a killed one goes on."""
    database = open_database(task.database_url)
    try:
        job = create_job(database, kind, {**task.params, **more})
        return run_job(database, job.id, task.report)
    finally:
        database.close()
