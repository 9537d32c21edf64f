"""The parts of a run that ask what is wrong with labels, and what they cost."""

from __future__ import annotations

from labeling.lessons.parts import Part
from labeling.lessons.plan import TRAINING
from labeling.lessons.settings import Settings


def noise_parts(settings: Settings) -> list[Part]:
    """What needs the playground's exact checker, and no further training."""
    s = settings
    learnt = s.training_problems * s.training_solutions
    problems = {"problems": s.training_problems, "seed": s.data_seed}
    return [
        Part(
            "exhaustive",
            "labeling.lessons.noise.completions:complete_the_rest",
            {"model": s.policy, "samples": s.samples, "seed": s.data_seed, "dataset": TRAINING},
            ("monte-carlo",),
            0.03 * learnt,
        ),
        Part(
            "noise",
            "labeling.lessons.noise.mistakes:measure_mistakes",
            {**problems, "samples": s.samples, "dataset": TRAINING},
            ("exhaustive", "judge"),
            0.01 * learnt,
        ),
        Part(
            "cost",
            "labeling.lessons.noise.cost:measure_cost",
            {"samples": list(s.cost_samples), "judge": s.judge, "dataset": TRAINING},
            ("exhaustive", "judge"),
            0.01 * learnt,
        ),
    ]
