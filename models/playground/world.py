"""The playground's world: word problems whose every step is known, and the exact checker.

The shipped models were trained on problems drawn with seeds at or above `TRAINING_SEEDS`.
Everything else (projects, evaluation, tests, demonstrations) takes seeds below it. Problems of
two seeds are drawn independently; about one in 3,000 texts coincides with a trained one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.playground.story import DoesNotWorkOutError, GoldStep, Story, calculate, join
from models.playground.templates import TEMPLATES
from models.playground.templates_more import MORE_TEMPLATES

ALL_TEMPLATES = (*TEMPLATES, *MORE_TEMPLATES)
TRAINING_SEEDS = 1_000_000_000
DISTRACTORS = 1 / 3  # the share of problems with a sentence that nobody needs

_EQUATION = re.compile(r"(?<![\d.])(\d+) ?([-+*/]) ?(\d+) ?= ?(\d+)(?![\d.]\d|\d)")
_BOXED = re.compile(r"\\boxed\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class WorldProblem:
    """A word problem, its answer, and the derivation of it."""

    text: str
    answer: int
    steps: tuple[GoldStep, ...]
    template: str


def sample_problems(n: int, seed: int) -> list[WorldProblem]:
    """`n` problems with distinct texts; the same seed gives the same ones in the same order.

    Seeds from `TRAINING_SEEDS` on are for training the shipped models only.
    """
    rng = random.Random(seed)
    seen: set[str] = set()
    problems: list[WorldProblem] = []
    while len(problems) < n:
        problem = _tell(random.Random(rng.getrandbits(64)))
        if problem.text not in seen:
            seen.add(problem.text)
            problems.append(problem)
    return problems


def _tell(rng: random.Random) -> WorldProblem:
    while True:
        template = rng.choice(ALL_TEMPLATES)
        story = Story(rng)
        try:
            template(story)
        except DoesNotWorkOutError:
            continue
        if rng.random() < DISTRACTORS:
            story.distract()
        text = join([*story.facts, story.question])
        steps = tuple(story.steps)
        return WorldProblem(text, steps[-1].value, steps, template.__name__)


def gold_solution(problem: WorldProblem) -> list[str]:
    r"""The right solution, one string a step; the last ends in "The answer is \boxed{42}."."""
    steps = [step.text for step in problem.steps]
    steps[-1] += f" {final_sentence(problem.answer)}"
    return steps


def final_sentence(answer: int) -> str:
    """The sentence that closes a solution, as every solution of the world ends."""
    return f"The answer is \\boxed{{{answer}}}."


def equations(step: str) -> list[tuple[int, str, int, int]]:
    """Every equation `a sign b = value` in a step's text."""
    return [(int(a), sign, int(b), int(v)) for a, sign, b, v in _EQUATION.findall(step)]


def first_error(problem: WorldProblem, steps: Sequence[str]) -> int | None:
    """The 0-based first wrong step, -1 when all are right, None when there is nothing to judge.

    A step is right when it states exactly one equation, that of the gold derivation at its
    place (the sides of + and * may be swapped, the result must be right), and when it gives
    the answer exactly if it is the last of the derivation. An equation written with a needless
    or missing blank is read all the same. Known limits: a derivation in another valid order
    counts as wrong where it leaves the gold order, and words (a wrong name) are not read.
    None: no step at all, or a solution that breaks off before its answer without an error.
    """
    if not steps:
        return None
    for index, step in enumerate(steps):
        if index >= len(problem.steps) or not _step_right(problem, index, step):
            return index
    return -1 if len(steps) == len(problem.steps) else None


def _step_right(problem: WorldProblem, index: int, step: str) -> bool:
    found = equations(step)
    if len(found) != 1 or _canonical(found[0]) != _gold(problem.steps[index]):
        return False
    answers = [text.strip() for text in _BOXED.findall(step)]
    if index == len(problem.steps) - 1:
        return answers == [str(problem.answer)]
    return not answers and "\\boxed" not in step


def _gold(step: GoldStep) -> tuple[int, str, int, int]:
    return _canonical(equations(step.equation)[0])


def _canonical(equation: tuple[int, str, int, int]) -> tuple[int, str, int, int]:
    a, sign, b, value = equation
    return (min(a, b), sign, max(a, b), value) if sign in "+*" else equation


def arithmetic_holds(equation: tuple[int, str, int, int]) -> bool:
    """Whether an equation is true by itself, whatever was asked."""
    a, sign, b, value = equation
    return calculate(a, sign, b) == value
