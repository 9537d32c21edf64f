"""What the playground's judge reads and writes: its prompt, and the replies it learns from.

The prompt is that of labeling/judge/prompts/playground.md, the reply keeps the output contract of
the paper's judge (arXiv 2501.07301, App. C): <analysis_i> blocks, one a paragraph, up to the first
wrong one, then a conclusion.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.playground.checker import boxed_answers, read_equations
from models.playground.world import WorldProblem


def judge_message(problem: str, reference: str, steps: Sequence[str]) -> str:
    """The user message of the judge's second stage; `reference` is its own blind solution.

    As labeling/judge/templates.py writes it: the reference is cut into numbered analyses, so that
    what is needed for paragraph 2 stands behind the very tag that the reply about it begins with.
    """
    own = "\n\n".join(
        f"<analysis_{number}>\n{step}\n</analysis_{number}>"
        for number, step in enumerate(reference.split("\n\n"), start=1)
    )
    paragraphs = "\n\n".join(
        f"<paragraph_{number}>\n{step}\n</paragraph_{number}>"
        for number, step in enumerate(steps, start=1)
    )
    return (
        f"<math_problem>\n{problem}\n</math_problem>\n\n"
        f"<reference>\n{own}\n</reference>\n\n{paragraphs}"
    )


def judge_reply(problem: WorldProblem, steps: Sequence[str], error: int) -> str:
    """The reply that finds the first error at `error` (-1: none), as the judge learns it."""
    seen = steps if error < 0 else steps[: error + 1]
    blocks = [
        f"<analysis_{i + 1}>\n{_critique(problem, i, step, i != error)}\n</analysis_{i + 1}>"
        for i, step in enumerate(seen)
    ]
    conclusion = "Correct" if error < 0 else "Incorrect"
    return "\n\n".join([*blocks, f"<conclusion>\n{conclusion}\n</conclusion>"])


def _critique(problem: WorldProblem, index: int, step: str, right: bool) -> str:
    needed = "no further step"
    if index < len(problem.steps):
        gold = problem.steps[index]
        needed = gold.equation
        last = index == len(problem.steps) - 1 and gold.value == problem.answer
        if last and boxed_answers(step):
            needed += f" and the answer {problem.answer}"
    verdict = "as needed." if right else "which is wrong. This is the first error."
    # The tag stands in the prompt before the paragraph, and is what a small model finds it by.
    return f"Needed here: {needed}. <paragraph_{index + 1}> has {_content(step)}, {verdict}"


def _content(step: str) -> str:
    """The equation and answer that a step states, as a critique quotes them."""
    found = [equation.text for equation in read_equations(step)[:2]]
    found += [f"the answer {text}" for text in boxed_answers(step)[:1]]
    return " and ".join(found) or "no equation"
