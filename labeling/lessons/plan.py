"""Which parts a run has: the solutions, what everybody says of them, PRMs from each source."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from labeling.lessons.parts import Part
from labeling.lessons.settings import Settings

MC, JUDGE, CONSENSUS, TRUTH, RANDOM = "mc", "judge", "consensus", "truth", "random"
# Where the labels of a PRM come from, with words: the first four are of the SAME solutions, the
# consensus is of those that it keeps, and RANDOM of as many that are drawn from Monte Carlo's.
SOURCES = {
    MC: "Monte Carlo",
    JUDGE: "judge",
    TRUTH: "true labels",
    CONSENSUS: "consensus",
    RANDOM: "Monte Carlo, as many as the consensus",
}
TRAINING, TEST = "lessons-training", "lessons-test"  # data sets of the project


def parts_of(settings: Settings) -> list[Part]:
    """All parts, each behind what it needs."""
    s = settings
    learnt = s.training_problems * s.training_solutions
    measured = s.test_problems * s.test_solutions
    project = Part("project", "labeling.lessons.solutions:make_project")
    parts = [
        project,
        _sample(s, TRAINING, s.training_problems, s.training_solutions, s.data_seed),
        _sample(s, TEST, s.test_problems, s.test_solutions, s.data_seed + 1),
        Part(
            "monte-carlo",
            "labeling.lessons.solutions:annotate_mc",
            {"model": s.policy, "samples": s.samples, "seed": s.data_seed, "dataset": TRAINING},
            (TRAINING,),
            0.12 * learnt,
        ),
        Part(
            "judge",
            "labeling.lessons.solutions:annotate_judge",
            {"model": s.judge, "prompt": s.prompt, "seed": s.data_seed, "dataset": TRAINING},
            (TRAINING,),
            0.1 * learnt,
        ),
        Part(
            "labels",
            "labeling.lessons.labels:export_labels",
            {"training": TRAINING, "test": TEST, "seeds": list(s.seeds)},
            ("monte-carlo", "judge", TEST),
            3,
        ),
    ]
    for seed in s.seeds:
        for source in SOURCES:
            cost = 0.013 * learnt * s.epochs + 0.006 * measured
            parts.append(_prm(prm_name(source, seed), _export(source, seed), seed, s, cost))
    parts.append(
        Part(
            "figures",
            "labeling.lessons.figures:measure",
            {"sources": list(SOURCES), "seeds": list(s.seeds), "n": s.n, "dataset": TEST},
            tuple(prm_name(source, seed) for seed in s.seeds for source in SOURCES),
            0.01 * measured * len(s.seeds),
        )
    )
    return parts


def prm_name(source: str, seed: int) -> str:
    """A PRM's part, checkpoint and annotator."""
    return f"{source}-seed{seed}"


def _export(source: str, seed: int) -> str:
    """The export that a PRM learns from: each seed draws at random anew."""
    return f"{source}-{seed}" if source == RANDOM else source


def _sample(settings: Settings, dataset: str, problems: int, solutions: int, seed: int) -> Part:
    params = {"problems": problems, "solutions": solutions, "seed": seed, "dataset": dataset}
    work = "labeling.lessons.solutions:sample"
    return Part(dataset, work, params, ("project",), 0.018 * problems * solutions)


def _prm(name: str, export: str, seed: int, settings: Settings, cost: float) -> Part:
    params: dict[str, Any] = {
        "name": name,
        "export": export,
        "base": settings.base,
        "config": {"epochs": settings.epochs, "patience": settings.epochs, "seed": seed},
        "dataset": TEST,
    }
    return Part(name, "labeling.lessons.prms:train_prm", params, ("labels",), cost)


def settings_hash(settings: Settings) -> str:
    """12 hex digits of the settings."""
    from labeling.lessons.parts import digest

    return digest(asdict(settings))
