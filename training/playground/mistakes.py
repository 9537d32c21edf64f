"""Writes one mistake into a gold solution, as material to train and test on."""

from __future__ import annotations

import random
from dataclasses import dataclass

from models.playground.story import MAX_VALUE, calculate
from models.playground.world import (
    WorldProblem,
    equations,
    first_error,
    written,
)

IGNORED = 0.4  # the share of solutions that go on as if the mistake had not been made


@dataclass(frozen=True, slots=True)
class Mistaken:
    """A solution whose step `index` is its first wrong one."""

    steps: tuple[str, ...]
    index: int


def with_mistake(problem: WorldProblem, rng: random.Random) -> Mistaken:
    """The gold solution with one mistake at a random step.

    The mistake is a slip in the result, a wrong sign or a wrong number. Later steps carry the
    wrong value on, or ignore it (`IGNORED` of the time, and wherever carrying it on would leave
    the world).
    """
    while True:
        index = rng.randrange(len(problem.steps))
        wrong = _wrong_equation(problem, index, rng)
        if wrong is None:
            continue
        carried = None if rng.random() < IGNORED else _carry_on(problem, index, wrong)
        changed = carried or {index: wrong}
        steps = written(problem, {place: _text(one) for place, one in changed.items()})
        if first_error(problem, steps) == index:
            return Mistaken(tuple(steps), index)


Equation = tuple[int, str, int, int]


def _wrong_equation(problem: WorldProblem, index: int, rng: random.Random) -> Equation | None:
    a, sign, b, value = equations(problem.steps[index].equation)[0]
    kind = rng.random()
    if kind < 0.4:
        value += rng.choice((-20, -10, -2, -1, 1, 2, 9, 10, 20, 100))
    elif kind < 0.6:
        sign = rng.choice([other for other in "+-*/" if other != sign])
        value = calculate(a, sign, b) or 0
    else:
        known = _numbers(problem, index) or [value]  # all may coincide with later values
        if kind < 0.8:
            a = rng.choice(known)
        else:
            b = rng.choice(known)
        value = calculate(a, sign, b) or 0
    return (a, sign, b, value) if 1 <= value <= MAX_VALUE else None


def _numbers(problem: WorldProblem, index: int) -> list[int]:
    """Numbers a confused solver might take: from earlier steps and those the problem needs."""
    known = {step.value for step in problem.steps[:index]}
    for step in problem.steps:
        a, _, b, _ = equations(step.equation)[0]
        known |= {a, b} - {other.value for other in problem.steps}
    return sorted(known)


def _carry_on(problem: WorldProblem, index: int, wrong: Equation) -> dict[int, Equation] | None:
    """The equations from the mistake on, each computed from the changed values before it."""
    changed = {index: wrong}
    now = {problem.steps[index].value: wrong[3]}
    for place in range(index + 1, len(problem.steps)):
        a, sign, b, old = equations(problem.steps[place].equation)[0]
        a, b = now.get(a, a), now.get(b, b)
        value = calculate(a, sign, b)
        if value is None or not 1 <= value <= MAX_VALUE:
            return None
        changed[place] = (a, sign, b, value)
        now[old] = value
    return changed


def _text(equation: Equation) -> str:
    a, sign, b, value = equation
    return f"{a} {sign} {b} = {value}"
