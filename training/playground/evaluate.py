"""Measures the playground's models on problems that they were not trained on."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.generation.base import CompletionRequest, Generator, Sampling
from models.playground.checker import boxed_answers
from models.playground.critique import judge_message
from models.playground.world import WorldProblem, first_error

_REPLY = re.compile(r"<(?:analysis_(\d+)|conclusion)>\s*(Correct|Incorrect)?")


@dataclass(frozen=True, slots=True)
class Sampled:
    """One solution of a problem, cut in steps, and its first error by the exact checker."""

    problem: WorldProblem
    steps: tuple[str, ...]
    error: int | None

    @property
    def answered(self) -> bool:
        """Whether the final answer is right, whatever the steps."""
        boxed = boxed_answers(self.steps[-1]) if self.steps else []
        return boxed[-1:] == [str(self.problem.answer)]


def solve(
    generator: Generator,
    problems: Sequence[WorldProblem],
    temperature: float,
    samples: int = 1,
    seed: int = 0,
) -> list[Sampled]:
    """`samples` solutions a problem, problem by problem; temperature 0 is greedy."""
    requests = [
        CompletionRequest(
            generator.prompt_ids([{"role": "user", "content": problem.text}]),
            seed + 1000 * place + sample,
        )
        for place, problem in enumerate(problems)
        for sample in range(samples)
    ]
    sampling = Sampling(temperature=temperature, max_tokens=200)
    solved = []
    for number, completion in enumerate(generator.complete(requests, sampling)):
        problem = problems[number // samples]
        steps = tuple(part.strip() for part in completion.text.split("\n\n") if part.strip())
        solved.append(Sampled(problem, steps, first_error(problem, steps)))
    return solved


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`."""

    hits: int
    n: int

    @property
    def value(self) -> float:
        """The share itself; 0 of nothing."""
        return self.hits / max(self.n, 1)

    def __str__(self) -> str:
        """With its 95% interval (Wilson, 1927)."""
        n, p, z = max(self.n, 1), self.value, 1.96
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return f"{p:.3f} ({max(middle - half, 0):.3f} to {min(middle + half, 1):.3f})"


def share(hits: Iterable[bool]) -> Share:
    """How many are true, of how many."""
    found = list(hits)
    return Share(sum(found), len(found))


def accuracy(solved: Sequence[Sampled]) -> Share:
    """The share of solutions with the right final answer."""
    return share(one.answered for one in solved)


@dataclass(frozen=True, slots=True)
class JudgeFigures:
    """How a judge's first errors compare with the truth; F1 is ProcessBench's."""

    exact: Share
    error_accuracy: Share
    correct_accuracy: Share
    unparsed: int
    blind: Share

    @property
    def f1(self) -> float:
        """The harmonic mean of the accuracies on wrong and on right solutions."""
        a, b = self.error_accuracy.value, self.correct_accuracy.value
        return 2 * a * b / (a + b) if a + b else 0.0


def judge(
    generator: Generator, solved: Sequence[Sampled], references: Sequence[str]
) -> list[tuple[int | None, str]]:
    """For each solution the judge's first error (None: unparsed) and its reply, greedily."""
    requests = [
        CompletionRequest(
            generator.prompt_ids(
                [{"role": "user", "content": judge_message(one.problem.text, reference, one.steps)}]
            ),
            0,
        )
        for one, reference in zip(solved, references, strict=True)
    ]
    replies = generator.complete(requests, Sampling(temperature=0.0, max_tokens=512))
    return [(read_reply(reply.text), reply.text) for reply in replies]


def read_reply(reply: str) -> int | None:
    """The first error a reply names: -1 for Correct, None when it does not say."""
    last = 0
    for number, conclusion in _REPLY.findall(reply):
        if conclusion:
            return -1 if conclusion == "Correct" else last - 1 if last else None
        last = int(number or 0)
    return None


def judge_figures(generator: Generator, solved: Sequence[Sampled]) -> JudgeFigures:
    """The judge end to end: blind solution once a problem, then each solution against it.

    Solutions without a truth are left out. An unparsed reply counts as wrong.
    """
    told = [one for one in solved if one.error is not None]
    problems = list({one.problem.text: one.problem for one in told}.values())
    blind = solve(generator, problems, 0.0)
    reference = {one.problem.text: "\n\n".join(one.steps) for one in blind}
    verdicts = [v for v, _ in judge(generator, told, [reference[o.problem.text] for o in told])]
    pairs = list(zip(verdicts, told, strict=True))
    return JudgeFigures(
        exact=share(verdict == one.error for verdict, one in pairs),
        error_accuracy=share(v == one.error for v, one in pairs if one.error != -1),
        correct_accuracy=share(v == one.error for v, one in pairs if one.error == -1),
        unparsed=verdicts.count(None),
        blind=accuracy(blind),
    )
