"""The parts of a run that spend people's corrections, and train on what comes of them."""

from __future__ import annotations

from typing import Any

from labeling.lessons.parts import Part
from labeling.lessons.plan import CONSENSUS, TEST, TRAINING, prm_name
from labeling.lessons.settings import Settings

ANYWHERE, DISAGREEMENTS, LEAST_SURE = "anywhere", "disagreements", "least-sure"
QUEUES = {
    ANYWHERE: "at random",
    DISAGREEMENTS: "where Monte Carlo and the judge differ",
    LEAST_SURE: "where the PRM of the consensus is least sure",
}


def people_parts(settings: Settings) -> list[Part]:
    """For each seed its corrections, and a PRM for each queue and number of them."""
    s = settings
    learnt = s.training_problems * s.training_solutions
    measured = s.test_problems * s.test_solutions
    cells = [(queue, n) for queue, numbers in s.corrections for n in numbers]
    queues = [_queues(seed, s, cells, 0.007 * learnt) for seed in s.seeds]
    prms = [
        _prm(queue, n, seed, s, 0.011 * learnt * s.epochs + 0.006 * measured)
        for queue, n in cells
        for seed in s.seeds
    ]
    names = [
        {"queue": queue, "corrections": n, "prms": [cell_name(queue, n, seed) for seed in s.seeds]}
        for queue, n in cells
    ]
    return [
        *queues,
        *prms,
        Part(
            "people",
            "labeling.lessons.people.figures:measure_people",
            {
                "cells": names,
                "consensus": [prm_name(CONSENSUS, seed) for seed in s.seeds],
                "queues": [one.name for one in queues],
                "dataset": TEST,
                "n": s.n,
            },
            tuple(one.name for one in (*queues, *prms)),
            0.002 * measured * len(prms),
        ),
    ]


def cell_name(queue: str, corrections: int, seed: int) -> str:
    """A PRM's part, checkpoint and annotator; and its export."""
    return f"people-{queue}-{corrections}-seed{seed}"


def _queues(seed: int, settings: Settings, cells: list[tuple[str, int]], cost: float) -> Part:
    params: dict[str, Any] = {
        "training": TRAINING,
        "test": TEST,
        "prm": prm_name(CONSENSUS, seed),
        "seed": seed,
        "mistakes": settings.people_mistakes,
        "exports": {cell_name(queue, n, seed): [queue, n] for queue, n in cells},
    }
    work = "labeling.lessons.people.queues:spend_corrections"
    return Part(f"people-seed{seed}", work, params, ("labels", prm_name(CONSENSUS, seed)), cost)


def _prm(queue: str, n: int, seed: int, settings: Settings, cost: float) -> Part:
    """Trained and measured just as the PRMs of the other sources are."""
    name = cell_name(queue, n, seed)
    params: dict[str, Any] = {
        "name": name,
        "export": name,
        "base": settings.base,
        "config": {"epochs": settings.epochs, "patience": settings.epochs, "seed": seed},
        "dataset": TEST,
    }
    return Part(name, "labeling.lessons.prms:train_prm", params, (f"people-seed{seed}",), cost)
