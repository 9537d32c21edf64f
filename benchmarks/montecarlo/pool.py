"""A pool of real completions, sampled once, from which every Monte-Carlo strategy then draws.

    python -m benchmarks.montecarlo.pool POOL.json [--solutions 600] [--samples 16] [--seed 11]

The playground's policy writes one solution to each problem (the exact checker knows its first
error) and `samples` completions of every prefix. All strategies then see the same world, and
trying one takes milliseconds. 600 solutions take about 6 minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MODEL = "playground:policy"
MAX_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Pooled:
    """One solution: its truth, and for each prefix its tokens and (outcome, tokens) a sample."""

    problem: str
    steps: tuple[str, ...]
    answer_is_correct: bool
    truth: int
    rest_tokens: tuple[int, ...]  # the solution's own tokens behind each prefix
    prompt_tokens: tuple[int, ...]
    samples: tuple[tuple[tuple[str, int], ...], ...]


def read_pool(file: Path) -> list[Pooled]:
    """The pool that `python -m benchmarks.montecarlo.pool` wrote."""
    return as_pool(json.loads(file.read_text()))


def as_pool(stored: dict[str, Any]) -> list[Pooled]:
    """What `make_pool` made, as it is used."""
    return [
        Pooled(
            row["problem"],
            tuple(row["steps"]),
            row["answer_is_correct"],
            row["truth"],
            tuple(row["rest_tokens"]),
            tuple(row["prompt_tokens"]),
            tuple(tuple((o, n) for o, n in step) for step in row["samples"]),
        )
        for row in stored["solutions"]
    ]


def make_pool(solutions: int, samples: int, seed: int) -> dict[str, Any]:
    """Sample the pool; one thread, so that others on the machine are left a core."""
    from labeling.answers.extract import extract_answer
    from labeling.answers.grade import grade
    from labeling.montecarlo.outcomes import outcome
    from labeling.seeds import completion_seed
    from models.generation.base import CompletionRequest, Sampling, default_temperature
    from models.generation.load import load_generator
    from models.playground.world import first_error, sample_problems
    from models.steps import join_steps, split_steps

    generator = load_generator(MODEL)
    sampling = Sampling(default_temperature(generator), max_tokens=MAX_TOKENS)
    problems = sample_problems(solutions, seed)
    chats = [[{"role": "user", "content": problem.text}] for problem in problems]
    prompts = [generator.prompt_ids(chat) for chat in chats]
    asked = [
        CompletionRequest(p, completion_seed(seed, str(n), 0, 0)) for n, p in enumerate(prompts)
    ]
    texts = [completion.text for completion in generator.complete(asked, sampling)]
    rows: list[Pooled] = []
    requests: list[CompletionRequest] = []
    places: list[tuple[int, int, str]] = []
    for number, (problem, text) in enumerate(zip(problems, texts, strict=True)):
        steps = split_steps(text)
        truth = first_error(problem, list(steps))
        if truth is None:
            continue
        answer = extract_answer(steps[-1])
        right = answer is not None and grade(answer, str(problem.answer)) == "correct"
        ends = [
            generator.prompt_ids(chats[number], join_steps(steps[: step + 1]) + "\n\n")
            for step in range(len(steps))
        ]
        for step, prompt in enumerate(ends[:-1]):
            for sample in range(samples):
                seeded = completion_seed(seed, f"{number}", step + 1, sample)
                requests.append(CompletionRequest(prompt, seeded))
                places.append((len(rows), step, str(problem.answer)))
        # The playground's policy runs here, so its prompts are token ids.
        lengths = [len(prompt) for prompt in ends if isinstance(prompt, tuple)]
        rows.append(
            Pooled(
                problem.text,
                steps,
                right,
                truth,
                tuple(lengths[-1] - length for length in lengths),
                tuple(lengths),
                tuple(() for _ in steps),
            )
        )
    drawn: list[list[list[tuple[str, int]]]] = [[[] for _ in row.steps] for row in rows]
    began, tokens = time.monotonic(), 0
    for start in range(0, len(requests), 4096):
        part = requests[start : start + 4096]
        for (row, step, gold), completion in zip(
            places[start:], generator.complete(part, sampling), strict=False
        ):
            said = outcome(completion.text, gold, completion.finish_reason)
            drawn[row][step].append((said, completion.n_tokens))
            tokens += completion.n_tokens
        seconds = time.monotonic() - began
        speed = f"{start + len(part):,}/{len(requests):,}, {tokens / seconds:,.0f} tokens/s"
        print(speed, file=sys.stderr)
    listed = [{**asdict(row), "samples": s} for row, s in zip(rows, drawn, strict=True)]
    return {"model": MODEL, "seed": seed, "samples": samples, "solutions": listed}


def main() -> None:
    """Write a pool."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--solutions", type=int, default=600)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    pool = make_pool(options.solutions, options.samples, options.seed)
    options.file.write_text(json.dumps(pool))


if __name__ == "__main__":
    main()
