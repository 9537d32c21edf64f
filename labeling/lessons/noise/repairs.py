"""Completions that reach the answer without the step that they are to vouch for.

`vouches` reads texts alone and could be asked of any arithmetic: it is the check for
self-correction, after arXiv 2601.12748, which asks a language model. `kind_of_repair` knows the
derivation and says what became of a wrong step.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from models.playground.checker import boxed_answers, read_equations
from models.playground.world import WorldProblem, first_error

Repair = Literal["passed over", "done again", "same number", "second error", "otherwise"]
REPAIRS: tuple[Repair, ...] = (
    "passed over",
    "done again",
    "same number",
    "second error",
    "otherwise",
)


def vouches(step: str, completion: Sequence[str]) -> bool:
    """Whether a completion that reached the answer builds on the step before it, truly."""
    return not takes_back(step, completion) and not miscalculates(completion)


def takes_back(step: str, completion: Sequence[str]) -> bool:
    """Whether a completion makes no use of what the step before it computed.

    Neither an equation nor the answer has the step's last value in it. A step without an equation
    computes nothing that could be taken back.
    """
    equations = read_equations(step)
    if not equations:
        return False
    return equations[-1].value not in {number for one in completion for number in _used(one)}


def miscalculates(completion: Sequence[str]) -> bool:
    """Whether an equation of a completion is false, such as `235 - 188 = 57` behind 235."""
    return any(not equation.is_true for one in completion for equation in read_equations(one))


def kind_of_repair(
    problem: WorldProblem, steps: Sequence[str], completion: Sequence[str]
) -> Repair:
    """What became of the last of `steps`, a wrong one, in a completion that reached the answer.

    "done again": without that step the solution is right as a whole. "passed over": it would be
    right if a step of the derivation stood there, and the completion goes on as if it did; and
    "same number" where that step has the wrong one's value, so that nothing needed repair.
    "second error": it goes on with the wrong step's number, and a false equation makes up for it.
    """
    before, wrong = list(steps[:-1]), steps[-1]
    if first_error(problem, [*before, *completion]) == -1:
        return "done again"
    said = [equation.value for equation in read_equations(wrong)]
    for gold in problem.steps:
        if first_error(problem, [*before, gold.text, *completion]) == -1:
            return "same number" if said and said[-1] == gold.value else "passed over"
    if not takes_back(wrong, completion) and miscalculates(completion):
        return "second error"
    return "otherwise"


def _used(step: str) -> set[Fraction]:
    """The numbers that a step computes with, and those that it boxes."""
    numbers = {
        Fraction(str(node.value))
        for equation in read_equations(step)
        for node in ast.walk(equation.left)
        if isinstance(node, ast.Constant)
    }
    return numbers | {Fraction(text) for text in boxed_answers(step) if text.isdecimal()}
