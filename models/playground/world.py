"""The playground's world: word problems whose every step is known, and the exact checker.

The shipped models were trained on problems drawn with seeds at or above `TRAINING_SEEDS`.
Everything else (projects, evaluation, tests, demonstrations) takes seeds below it. Problems of
two seeds are drawn independently; about one in 3,000 texts coincides with a trained one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from models.playground import checker
from models.playground.story import DoesNotWorkOutError, GoldStep, Story, join
from models.playground.templates.journeys import MORE_TEMPLATES
from models.playground.templates.parts import PART_TEMPLATES
from models.playground.templates.trade import TEMPLATES
from models.playground.templates.unseen import UNSEEN_TEMPLATES
from models.playground.writing import Manner, draw_manner, write

ALL_TEMPLATES = (*TEMPLATES, *MORE_TEMPLATES, *PART_TEMPLATES)
SUBJECTS = {
    template.__name__: subject
    for subject, templates in (
        ("trade", TEMPLATES),
        ("journeys and work", MORE_TEMPLATES),
        ("parts and rates", PART_TEMPLATES),
        ("unseen", UNSEEN_TEMPLATES),
    )
    for template in templates
}
TRAINING_SEEDS = 1_000_000_000
DISTRACTORS = 1 / 3  # the share of problems with a sentence that nobody needs

_SIMPLE = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)")


@dataclass(frozen=True, slots=True)
class WorldProblem:
    """A word problem, its answer, its derivation, and how its gold solution is written."""

    text: str
    answer: int
    steps: tuple[GoldStep, ...]
    template: str
    manner: Manner = Manner()

    @property
    def kind(self) -> str:
        """The template's name in words; `subject` is the group that it belongs to."""
        return self.template.replace("_", " ")

    @property
    def subject(self) -> str:
        """One of SUBJECTS."""
        return SUBJECTS[self.template]


def sample_problems(
    n: int, seed: int, templates: Sequence[Callable[[Story], None]] = ALL_TEMPLATES
) -> list[WorldProblem]:
    """`n` problems with distinct texts; the same seed gives the same ones in the same order.

    Seeds from `TRAINING_SEEDS` on are for training the shipped models only. No model was trained
    on `UNSEEN_TEMPLATES`, with any seed.
    """
    rng = random.Random(seed)
    seen: set[str] = set()
    problems: list[WorldProblem] = []
    while len(problems) < n:
        problem = _tell(random.Random(rng.getrandbits(64)), templates)
        if problem.text not in seen:
            seen.add(problem.text)
            problems.append(problem)
    return problems


def _tell(rng: random.Random, templates: Sequence[Callable[[Story], None]]) -> WorldProblem:
    template = rng.choice(templates)
    while True:
        story = Story(rng)
        try:
            template(story)
        except DoesNotWorkOutError:
            continue
        if rng.random() < DISTRACTORS:
            story.distract()
        text = join([*story.facts, story.question])
        steps = tuple(story.steps)
        manner = draw_manner(rng)
        return WorldProblem(text, steps[-1].value, steps, template.__name__, manner)


def gold_solution(problem: WorldProblem) -> list[str]:
    """The right solution, one string a step, in the problem's manner."""
    return write([step.text for step in problem.steps], problem.answer, problem.manner)


def written(problem: WorldProblem, changes: Mapping[int, str]) -> list[str]:
    """The gold solution with the equations of some steps replaced; so is the answer it boxes."""
    sentences = [
        step.text.replace(step.equation, changes.get(place, step.equation))
        for place, step in enumerate(problem.steps)
    ]
    last = changes.get(len(sentences) - 1, str(problem.answer))
    return write(sentences, int(last.split()[-1]), problem.manner)


def first_error(problem: WorldProblem, steps: Sequence[str]) -> int | None:
    """The 0-based first wrong step, -1 for none, None when it cannot be told (checker.py)."""
    return checker.first_error([step.equation for step in problem.steps], problem.answer, steps)


def equations(step: str) -> list[tuple[int, str, int, int]]:
    """The equations `a sign b = value` in whole numbers that a step states, true or not."""
    found = (_SIMPLE.fullmatch(equation.text) for equation in checker.read_equations(step))
    return [(int(m[1]), m[2], int(m[3]), int(m[4])) for m in found if m]
