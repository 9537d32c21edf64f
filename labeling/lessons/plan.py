"""Which parts a run has: the solutions, what everybody says of them, PRMs from each source."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from labeling.lessons.parts import Part, digest
from labeling.lessons.settings import Settings

MC, JUDGE, CONSENSUS, TRUTH, RANDOM = "mc", "judge", "consensus", "truth", "random"
SOFT_MC, SOFT_CONSENSUS = "mc-soft", "consensus-soft"
# Where the labels of a PRM come from, with words: the first three are of the SAME solutions, the
# consensus is of those that it keeps, and RANDOM of as many that are drawn from Monte Carlo's.
HARD = {
    MC: "Monte Carlo",
    JUDGE: "judge",
    TRUTH: "true labels",
    CONSENSUS: "consensus",
    RANDOM: "Monte Carlo, as many as the consensus",
}
# The same exports with success rates for labels, and the squared error, as the paper has it (2.1).
SOFT = {SOFT_MC: "Monte Carlo, soft", SOFT_CONSENSUS: "consensus, soft"}
SOURCES = HARD | SOFT
TRAINING, TEST = "lessons-training", "lessons-test"  # data sets of the project


def parts_of(settings: Settings) -> list[Part]:
    """The parts of the comparison, each behind what it needs."""
    s = settings
    learnt = s.training_problems * s.training_solutions
    measured = s.test_problems * s.test_solutions
    thresholds = [threshold_source(one) for one in s.thresholds]
    by_source = {source: list(s.seeds) for source in SOURCES}
    by_source |= {source: [s.seeds[0]] for source in thresholds}
    prms = [
        _prm(source, seed, s, 0.013 * learnt * s.epochs + 0.006 * measured)
        for source, seeds in by_source.items()
        for seed in seeds
    ]
    heat = {
        flaw_dataset(one): _sample(
            flaw_dataset(one), s.flaw_problems, s.test_solutions, s.data_seed + 2, temperature=one
        )
        for one in s.temperatures
    }
    return [
        Part("project", "labeling.lessons.solutions:make_project"),
        _sample(TRAINING, s.training_problems, s.training_solutions, s.data_seed),
        _sample(TEST, s.test_problems, s.test_solutions, s.data_seed + 1),
        *heat.values(),
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
        Part(
            "thresholds",
            "labeling.lessons.labels:export_thresholds",
            {
                "training": TRAINING,
                "test": TEST,
                "thresholds": list(s.thresholds),
                "samples": s.samples,
            },
            ("monte-carlo", "judge", TEST),
            3,
        ),
        *prms,
        Part(
            "figures",
            "labeling.lessons.figures:measure",
            {
                "prms": {source: [prm_name(source, seed) for seed in seeds]
                         for source, seeds in by_source.items()},
                "thresholds": dict(zip(thresholds, _shares(s), strict=True)),
                "temperatures": dict(zip(heat, s.temperatures, strict=True)),
                "n": s.n,
                "dataset": TEST,
            },
            tuple(one.name for one in (*heat.values(), *prms)),
            0.01 * measured * len(s.seeds),
        ),
    ]  # fmt: skip


def prm_name(source: str, seed: int) -> str:
    """A PRM's part, checkpoint and annotator."""
    return f"{source}-seed{seed}"


def export_of(source: str, seed: int) -> str:
    """What a PRM is trained on; each seed of RANDOM draws anew."""
    exports = {RANDOM: f"{RANDOM}-{seed}", SOFT_MC: MC, SOFT_CONSENSUS: CONSENSUS}
    return exports.get(source, source)


def threshold_source(successes: int) -> str:
    """Monte Carlo with so many successes still being an error: a source, and its export."""
    return f"mc-above-{successes}"


def flaw_dataset(temperature: float) -> str:
    """The data set of what the policy answers at a temperature."""
    return f"lessons-temperature-{temperature:g}"


def settings_hash(settings: Settings) -> str:
    """12 hex digits of the settings."""
    return digest(asdict(settings))


def _shares(settings: Settings) -> list[float]:
    return [one / settings.samples for one in settings.thresholds]


def _sample(dataset: str, problems: int, solutions: int, seed: int, **more: float) -> Part:
    params = {"problems": problems, "solutions": solutions, "seed": seed, "dataset": dataset}
    work = "labeling.lessons.solutions:sample"
    return Part(dataset, work, {**params, **more}, ("project",), 0.018 * problems * solutions)


def _prm(source: str, seed: int, settings: Settings, cost: float) -> Part:
    soft = {"labels": "soft", "loss": "mse"} if source in SOFT else {}
    name = prm_name(source, seed)
    params: dict[str, Any] = {
        "name": name,
        "export": export_of(source, seed),
        "base": settings.base,
        "config": {"epochs": settings.epochs, "patience": settings.epochs, "seed": seed, **soft},
        "dataset": TEST,
    }
    needs = "labels" if source in SOURCES else "thresholds"
    return Part(name, "labeling.lessons.prms:train_prm", params, (needs,), cost)
