"""Measures the playground's models on problems that they were not trained on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.generators import CompletionRequest, Generator, Sampling
from models.playground.critique import judge_message
from models.playground.world import WorldProblem, first_error

_BOXED = re.compile(r"\\boxed\{(\d+)\}")
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
        found = _BOXED.findall(self.steps[-1]) if self.steps else []
        return bool(found) and int(found[-1]) == self.problem.answer


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


def accuracy(solved: Sequence[Sampled]) -> float:
    """The share of solutions with the right final answer."""
    return sum(one.answered for one in solved) / max(len(solved), 1)


@dataclass(frozen=True, slots=True)
class JudgeFigures:
    """How a judge's first errors compare with the truth; F1 is ProcessBench's."""

    n: int
    exact: float
    error_accuracy: float
    correct_accuracy: float
    f1: float
    unparsed: int
    blind_accuracy: float


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
    hits = [verdict == one.error for verdict, one in zip(verdicts, told, strict=True)]
    wrong = [hit for hit, one in zip(hits, told, strict=True) if one.error != -1]
    right = [hit for hit, one in zip(hits, told, strict=True) if one.error == -1]
    e, c = sum(wrong) / max(len(wrong), 1), sum(right) / max(len(right), 1)
    return JudgeFigures(
        n=len(told),
        exact=sum(hits) / max(len(hits), 1),
        error_accuracy=e,
        correct_accuracy=c,
        f1=2 * e * c / (e + c) if e + c else 0.0,
        unparsed=verdicts.count(None),
        blind_accuracy=accuracy(blind),
    )
