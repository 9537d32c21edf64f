"""Monte-Carlo labels at every threshold are those that the planner would have made."""

from __future__ import annotations

import random

import pytest

from db.annotations import save_wave
from db.annotators import ensure_annotator
from db.engine import Database
from db.ingest import insert_rows
from db.lists.filters import MISTAKEN, OUTCOMES
from db.records import AnnotationRecord, ImportRow, SourceLabel
from labeling.evaluation.mc_thresholds import mc_thresholds, solutions_at
from labeling.montecarlo.planner import first_error_from_counts
from training.metrics.processbench.evaluation import processbench_by_dataset


def test_each_threshold_gives_the_planners_own_labels(database: Database) -> None:
    chance = random.Random(3)
    rows, records, told = [], [], []
    mc = ensure_annotator(database, "mc", "m", {"samples": 8, "strategy": "exhaustive"})
    for number in range(60):
        n_steps, right = chance.randint(1, 5), chance.random() < 0.5
        truth = chance.randint(-1, n_steps - 1)
        successes = [chance.randint(0, 8) for _ in range(n_steps - 1)] + [0]
        trials = [8] * (n_steps - 1) + [0]
        rows.append(
            ImportRow(
                problem=f"p{number}",
                steps=tuple(map(str, range(n_steps))),
                generator="g",
                dataset=f"d{number % 2}",
                is_correct=right,
                labels=(SourceLabel("people", (None,) * n_steps, truth),),
            )
        )
        scores = (*(one / 8 for one in successes[:-1]), float(right))
        records.append(AnnotationRecord(number + 1, mc.id, scores, None, "ok", {}))
        told.append((successes, trials, right, truth))
    insert_rows(database, rows)
    save_wave(database, mc.id, None, records)
    found = mc_thresholds(database, "mc:m", "human:people")
    assert found.thresholds == tuple(k / 8 for k in range(8))
    for threshold, report, offsets in zip(
        found.thresholds, found.reports, found.offsets, strict=True
    ):
        mistaken = set()
        pairs: dict[str, list[tuple[int | None, int]]] = {"d0": [], "d1": []}
        for place, (successes, trials, right, truth) in enumerate(told):
            verdict = first_error_from_counts(successes, trials, right, threshold)
            pairs[f"d{place % 2}"].append((verdict, truth))
            mistaken |= {place + 1} if verdict != truth else set()
        assert report == processbench_by_dataset(pairs)
        asked = (database, "mc:m", "human:people", threshold)
        assert set(solutions_at(*asked, MISTAKEN)) == mistaken
        for outcome in OUTCOMES:
            count = sum(getattr(one, outcome) for one in offsets.values())
            assert len(solutions_at(*asked, outcome)) == count
    with pytest.raises(ValueError, match="no outcome at a threshold"):
        solutions_at(database, "mc:m", "human:people", 0.5, "both")


@pytest.mark.parametrize("strategy", ["scan", "bisect"])
def test_shares_that_stopped_early_are_refused(database: Database, strategy: str) -> None:
    ensure_annotator(database, "mc", "m", {"samples": 8, "strategy": strategy})
    ensure_annotator(database, "human", "people", {})
    with pytest.raises(ValueError, match="exhaustive"):
        mc_thresholds(database, "mc:m", "human:people")
