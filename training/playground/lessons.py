"""The endless examples that the playground's models learn from."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from models.playground.critique import judge_message, judge_reply
from models.playground.world import (
    TRAINING_SEEDS,
    WorldProblem,
    gold_solution,
    sample_problems,
    written,
)
from models.playground.writing import draw_manner
from training.playground.mistakes import with_mistake
from training.playground.training import Example

MISTAKEN = 0.3  # the share of a policy's training solutions that hold a mistake
VERDICT_WEIGHT = 8.0  # of the few tokens that say which way a critique goes
ERROR_WEIGHT = 4.0  # of the critique of the first wrong step
REAL = 0.35  # of the whole solutions that a judge learns from are the policy's own
# A solution of a problem with its first error.
Judged = tuple[WorldProblem, Sequence[str], int]


def problems(seed: int) -> Iterator[WorldProblem]:
    """Training problems without end; `seed` counts from 0."""
    block = TRAINING_SEEDS + 1_000_000 * seed
    while True:
        block += 1
        yield from sample_problems(4096, block)


def prompt_ids(tokenizer: Any, content: str) -> list[int]:
    """The ids of a user's message up to where the assistant begins."""
    user, assistant = tokenizer.convert_tokens_to_ids(["<|user|>", "<|assistant|>"])
    body = tokenizer.encode(content, add_special_tokens=False)
    return [user, *body, tokenizer.eos_token_id, assistant]


def solving(tokenizer: Any, seed: int, mistaken: float = MISTAKEN) -> Iterator[Example]:
    """Problems and solutions; wrong steps are read but never learned.

    The loss covers the solution and its end. Of a solution with a mistake, the wrong step
    itself is masked: the model learns to go on after mistakes, not to make them.
    """
    rng = random.Random(seed)
    blank = tokenizer.encode("\n\n")[0]
    for problem in problems(seed):
        wrong = with_mistake(problem, rng) if rng.random() < mistaken else None
        steps = wrong.steps if wrong else gold_solution(problem)
        prompt = prompt_ids(tokenizer, problem.text)
        answer = [*tokenizer.encode("\n\n".join(steps)), tokenizer.eos_token_id]
        weights, place = [], 0
        for token in answer:
            masked = wrong is not None and place == wrong.index
            weights.append(0.0 if masked else 1.0)
            place += token == blank
        yield Example((*prompt, *answer), (*([0.0] * len(prompt)), *weights))


def judging(tokenizer: Any, seed: int, real: Sequence[Judged]) -> Iterator[Example]:
    """Whole solutions to judge: real samples (35%), invented mistakes (45%), right ones (20%).

    `real` has samples of the policy: (problem, steps, first error). The reference is gold.
    """
    rng = random.Random(seed)
    for problem in problems(seed):
        kind = rng.random()
        if kind < REAL and real:
            problem, steps, error = rng.choice(real)
        elif kind < 0.8:
            mistake = with_mistake(problem, rng)
            steps, error = mistake.steps, mistake.index
        else:
            steps, error = _rephrased(problem, rng), -1
        yield judged_example(tokenizer, problem, steps, _reference(problem, rng), error)


def _reference(problem: WorldProblem, rng: random.Random) -> list[str]:
    """The gold solution in a manner of its own, as a judge's blind solution will have."""
    return gold_solution(replace(problem, manner=draw_manner(rng)))


def _rephrased(problem: WorldProblem, rng: random.Random) -> Sequence[str]:
    """A right solution; sometimes with the sides of one + or * swapped."""
    place = rng.randrange(len(problem.steps))
    a, sign, b, _, value = problem.steps[place].equation.split()
    swapped = sign in "+*" and rng.random() < 0.3
    return written(problem, {place: f"{b} {sign} {a} = {value}"} if swapped else {})


def judged_example(
    tokenizer: Any,
    problem: WorldProblem,
    steps: Sequence[str],
    reference: Sequence[str],
    error: int,
    shown: str | None = None,
) -> Example:
    """One judge prompt with its reply; the tokens that decide a verdict weigh more.

    `shown` replaces the problem's text in the prompt.
    """
    text = problem.text if shown is None else shown
    prompt = prompt_ids(tokenizer, judge_message(text, "\n\n".join(reference), steps))
    reply = [*tokenizer.encode(judge_reply(problem, steps, error)), tokenizer.eos_token_id]
    heavy = set(tokenizer.convert_tokens_to_ids(["Ġas", "Ġwhich", "Correct", "Incorrect"]))
    # Up to the first error both quotes agree, and a judge might quote the reference twice: only
    # the last critique of a wrong solution shows that it must look at the paragraph.
    last = max(i for i, t in enumerate(reply) if t == tokenizer.convert_tokens_to_ids("<analysis_"))
    weights = [
        VERDICT_WEIGHT if token in heavy else ERROR_WEIGHT if error >= 0 and place > last else 1.0
        for place, token in enumerate(reply)
    ]
    return Example((*prompt, *reply), (*([0.0] * len(prompt)), *weights))


def drilling(tokenizer: Any, seed: int) -> Iterator[Example]:
    """Short drills in comparing: a window of one to three steps, the last one wrong or not.

    They are a third as long as whole solutions and have a verdict to find in every one, so that
    comparing is learnt before the long prompts come. Most leave the problem out.
    """
    rng = random.Random(seed)
    for problem in problems(seed):
        mistake, gold = with_mistake(problem, rng), gold_solution(problem)
        end = mistake.index + 1
        begin = max(0, end - rng.choice((1, 1, 2, 3)))
        wrong = rng.random() < 0.55
        steps = (mistake.steps if wrong else gold)[begin:end]
        window = WorldProblem(
            problem.text, problem.answer, problem.steps[begin:end], problem.template
        )
        shown = problem.text if rng.random() < 0.3 else ""
        error = len(steps) - 1 if wrong else -1
        reference = _reference(problem, rng)[begin:end]
        yield judged_example(tokenizer, window, steps, reference, error, shown)


def comparing(tokenizer: Any, seed: int) -> Iterator[Example]:
    """Bare pairs of equations in the words of a critique, half of them different.

    Only the first word of the verdict counts, and the example ends there: batches are made of
    examples of similar length, and with the rest of the sentence they would sort themselves by
    verdict, from which nothing can be learnt.
    """
    rng = random.Random(seed)
    prompt = prompt_ids(tokenizer, "")
    for problem in problems(seed):
        needed = rng.choice(problem.steps).equation
        found = needed if rng.random() < 0.5 else _other_equation(needed, rng)
        verdict = "as" if found == needed else "which"
        if rng.random() < 0.3:
            needed, found = (f"{one} and the answer {one.split()[-1]}" for one in (needed, found))
        number = rng.randint(1, 5)
        text = f"<analysis_{number}>\nNeeded here: {needed}. <paragraph_{number}> has {found},"
        ids = [*prompt, *tokenizer.encode(f"{text} {verdict}")]
        yield Example(tuple(ids), (*([0.0] * (len(ids) - 1)), 1.0))


def _other_equation(equation: str, rng: random.Random) -> str:
    a, sign, b, _, value = equation.split()
    kind = rng.random()
    if kind < 0.55:
        slip = rng.choice((-100, -20, -10, -9, -2, -1, 1, 2, 9, 10, 20, 100))
        return f"{a} {sign} {b} = {max(1, int(value) + slip)}"
    if kind < 0.7:
        a = str(rng.randint(2, 99))
    elif kind < 0.85:
        b = str(rng.randint(2, 99))
    else:
        sign = rng.choice("+-*/")
    return f"{a} {sign} {b} = {rng.randint(2, 300)}"


def schooling(
    tokenizer: Any, seed: int, real: Sequence[Judged], gone: Callable[[], float]
) -> Iterator[Example]:
    """What a judge learns from: pairs of equations, solving, drills, and whole solutions.

    `gone` says how much of the training has passed, 0 to 1: pairs come first. Telling equations
    apart is learnt from pairs alone; quoting the paragraph, and not the reference, takes all the
    rest. Solving is kept up lest it be forgotten.
    """
    rng = random.Random(seed)
    pair, solve = comparing(tokenizer, seed + 3), solving(tokenizer, seed, 0.1)
    drill, whole = drilling(tokenizer, seed + 2), judging(tokenizer, seed + 1, real)
    while True:
        if rng.random() < (0.7 if gone() < 0.25 else 0.2):
            yield next(pair)
            continue
        kind = rng.random()
        yield next(solve if kind < 0.25 else drill if kind < 0.6 else whole)
