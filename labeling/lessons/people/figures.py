"""What corrections are worth: the F1 of the PRMs trained with them, beside the consensus alone."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from db.engine import open_database
from labeling.lessons.measured import measured, said_by, test_of
from labeling.lessons.parts import Result, Task
from training.metrics.estimates import Figure, f1_of, samples_of

PER = 100  # corrections


def measure_people(task: Task) -> Result:
    """The F1 of each queue and number of corrections, what it gained, and which queue gains most.

    Differences are between PRMs of the same seed, on the same problems.
    """
    params = task.params
    told = [task.inputs[name] for name in params["queues"]]
    database = open_database(task.database_url)
    try:
        test = test_of(database, params["dataset"])
        samples = samples_of(len(test.problems))

        def f1(prms: list[str]) -> Figure:
            said = (said_by(database, test, f"prm:{name}") for name in prms)
            return f1_of([measured(test, one, params["n"]).counts for one in said], samples)

        consensus = f1(params["consensus"])
        figures = {}
        for done, cell in enumerate(params["cells"]):
            figures[cell["queue"], cell["corrections"]] = f1(cell["prms"])
            task.report(done + 1, len(params["cells"]), cell["queue"])
    finally:
        database.close()
    return {
        "disagreements": told[0]["disagreements"],
        "consensus": consensus.estimate.to_json(),
        "cells": [
            _cell(cell, figures[cell["queue"], cell["corrections"]], consensus, told)
            for cell in params["cells"]
        ],
        "queues": [
            {
                "queue": one[0],
                "other": other[0],
                "corrections": one[1],
                "difference": (figures[one] - figures[other]).estimate.to_json(),
            }
            for one, other in combinations(figures, 2)
            if one[1] == other[1]
        ],
    }


def _cell(cell: dict[str, Any], f1: Figure, consensus: Figure, told: list[Result]) -> Result:
    """One queue and number: its labels seed by seed, its F1, and what it gained by label."""
    labels = [one["exports"][name] for one, name in zip(told, cell["prms"], strict=True)]
    gain = f1 - consensus
    share = PER / min(one["corrected"] for one in labels)
    by_label = Figure(gain.points * share, gain.draws * share)
    return {
        **cell,
        "labels": labels,
        "f1": f1.estimate.to_json(),
        "gain": gain.estimate.to_json(),
        f"gain_per_{PER}": by_label.estimate.to_json(),
    }
