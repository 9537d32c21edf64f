"""The figures of a run with their intervals, and the findings that they decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from db.engine import open_database
from labeling.lessons.findings import (
    BASELINES,
    F1,
    FINDINGS,
    FLAWS,
    HOTTEST,
    SHARES,
    THRESHOLDS,
    VOTE,
    WAYS,
    Place,
    verdict_of,
    why,
)
from labeling.lessons.measured import Measured, flaws, measured, said_by, test_of
from labeling.lessons.parts import Result, Task
from labeling.lessons.plan import MC
from training.metrics.estimates import Figure, f1_of, mean_of, samples_of, share_of, slope_of
from training.metrics.processbench.evaluation import NO_ERROR, Offsets

ACCURACIES = ("error_accuracy", "correct_accuracy")


def measure(task: Task) -> Result:
    """All figures of the run's PRMs, and what they decide."""
    params = task.params
    n, by_source = params["n"], params["prms"]
    database = open_database(task.database_url)
    try:
        test = test_of(database, params["dataset"])
        prms: dict[str, list[Measured]] = {}
        for done, (source, names) in enumerate(by_source.items()):
            told = (said_by(database, test, f"prm:{name}") for name in names)
            prms[source] = [measured(test, said, n) for said in told]
            task.report(done + 1, len(by_source), source)
        heat = {
            temperature: flaws(test_of(database, dataset))
            for dataset, temperature in params["temperatures"].items()
        }
    finally:
        database.close()
    figures = Figures(prms, params["thresholds"], heat)
    return figures.to_json() | {
        "n": n,
        "solutions": sum(map(len, test.problems)),
        "with_error": sum(one is not None and one != NO_ERROR for one in test.true.values()),
        "prms": by_source,
    }


class Figures:
    """Every figure of a run, by its place: a source and a name.

    `thresholds` are the shares of successes of the sources at a threshold above 0; `heat` has the
    flawed and all right answers (problems, 2) at each temperature.
    """

    def __init__(
        self,
        prms: Mapping[str, Sequence[Measured]],
        thresholds: Mapping[str, float],
        heat: Mapping[float, np.ndarray],
    ):
        self.prms, self.thresholds, self.heat = prms, thresholds, heat
        self.first = next(iter(prms.values()))[0]
        self.seeds = max(map(len, prms.values()))
        self.n_voted = len(self.first.chances[BASELINES[0]])
        if not self.n_voted:
            raise ValueError("no problem of the test has enough responses for Best-of-N")
        self.problems = samples_of(len(self.first.counts))
        self.voted = samples_of(self.n_voted)

    def at(self, place: Place) -> Figure:
        """One figure; what needs no PRM is the same beside each seed."""
        source, name = place
        if source == VOTE:
            return mean_of([self.first.chances[name]] * self.seeds, self.voted)
        if source == FLAWS:
            heat = self.heat[max(self.heat) if name == HOTTEST else min(self.heat)]
            return share_of([heat] * self.seeds, samples_of(len(heat)))
        if source == THRESHOLDS:
            return self._slope(name)
        mine = self.prms[source]
        if name == F1:
            return f1_of([one.counts for one in mine], self.problems)
        if name in SHARES:
            return share_of([one.shares[name] for one in mine], self.problems)
        return mean_of([one.chances[name] for one in mine], self.voted)

    def to_json(self) -> Result:
        """All of them, and the findings."""
        return {
            "problems": len(self.first.counts),
            "best_of_n_problems": self.n_voted,
            "baselines": {name: self.at((VOTE, name)).estimate.to_json() for name in BASELINES},
            "sources": {source: self._of(source) for source in self.prms},
            "thresholds": {MC: 0.0, **self.thresholds},
            "flaws": [
                {
                    "temperature": temperature,
                    "flawed": int(counts[:, 0].sum()),
                    "right": int(counts[:, 1].sum()),
                    "share": share_of([counts], samples_of(len(counts))).estimate.to_json(),
                }
                for temperature, counts in sorted(self.heat.items())
            ],
            "findings": [
                _decided(
                    one.key, self.at(one.higher), None if one.lower is None else self.at(one.lower)
                )
                for one in FINDINGS
            ],
        }

    def _of(self, source: str) -> Result:
        mine = self.prms[source]
        names = (F1, *WAYS, *SHARES)
        return {
            "figures": {name: self.at((source, name)).estimate.to_json() for name in names},
            "accuracies": _accuracies(mine),
            "offsets": [
                {name: getattr(one.offsets, name) for name in Offsets.__slots__} for one in mine
            ],
            "asked": {name: int(self.first.shares[name][:, 1].sum()) for name in SHARES},
        }

    def _slope(self, name: str) -> Figure:
        """By how much a figure falls from a threshold of 0 to one of 1, by the line through all."""
        shares, figures = [], []
        for source, threshold in {MC: 0.0, **self.thresholds}.items():
            one = self.at((source, name))
            shares += [threshold] * len(one.points)
            figures.append(one)
        points = np.concatenate([one.points for one in figures])
        draws = np.concatenate([one.draws for one in figures])
        return slope_of(np.array(shares), -points, -draws)


def _accuracies(prms: Sequence[Measured]) -> dict[str, list[float | None]]:
    """ProcessBench's two accuracies of each seed."""
    found: dict[str, list[float | None]] = {name: [] for name in ACCURACIES}
    for one in prms:
        sums = one.counts.sum(axis=0)
        for name, hits, n in zip(ACCURACIES, sums[::2], sums[1::2], strict=True):
            found[name].append(float(hits / n) if n else None)
    return found


def _decided(key: str, higher: Figure, lower: Figure | None) -> dict[str, Any]:
    """What a difference decides, or a figure alone that the paper says is above 0."""
    difference = (higher if lower is None else higher - lower).estimate
    verdict = verdict_of(*difference.both)
    return {
        "key": key,
        "verdict": verdict,
        "higher": float(higher.points.mean()),
        "lower": None if lower is None else float(lower.points.mean()),
        "difference": difference.to_json(),
        "why": why(verdict, difference),
    }
