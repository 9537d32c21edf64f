"""What each Monte-Carlo strategy costs, and how good its labels are.

    python -m benchmarks.montecarlo.pool POOL.json     first: real completions, sampled once
    python -m benchmarks.montecarlo.tokens [--pool POOL.json] [--repeats 10] [--simulate]

On the pool every strategy draws from the same completions. A strategy's labels are compared with
those of an `exhaustive` run on OTHER completions of the same prefixes (the noise floor is what
two exhaustive runs agree on), and with the exact checker's first error. `--simulate` shows the
saving as a function of length and accuracy, on a scripted policy.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

from benchmarks.montecarlo.pool import Pooled, read_pool
from labeling.montecarlo.planner import (
    MCConfig,
    Outcome,
    Planner,
    Probe,
    Work,
    first_error_from_counts,
)

K = 8
Draw = Callable[[Probe], tuple[Outcome, int]]  # the outcome of a probe, and its tokens


@dataclass(slots=True)
class Tried:
    """What one strategy did on some solutions, summed over repeats."""

    solutions: int = 0
    tokens: int = 0
    probes: int = 0
    agreed: int = 0
    exact: int = 0
    wrong: list[bool] = field(default_factory=list)  # exact, of the solutions with an error
    right: list[bool] = field(default_factory=list)

    @property
    def f1(self) -> float:
        """ProcessBench's: the harmonic mean of the accuracies on wrong and on right solutions."""
        a, b = mean(self.wrong or [0]), mean(self.right or [0])
        return 2 * a * b / (a + b) if a + b else 0.0


def label(
    works: Sequence[Work], config: MCConfig, draw: Draw, width: int = 512
) -> tuple[dict[int, int | None], dict[int, int], int]:
    """(first error, tokens) of each solution by one strategy, and the completions it took."""
    planner = Planner(config)
    planner.add(works)
    errors: dict[int, int | None] = {}
    tokens = {work.solution_id: 0 for work in works}
    probes = 0
    while not planner.done:
        for probe in planner.next_wave(width):
            outcome, spent = draw(probe)
            tokens[probe.solution_id] += spent
            probes += 1
            planner.record(probe, outcome)
        errors.update((r.solution_id, r.first_error) for r in planner.take_finished())
    return errors, tokens, probes


def full_label(samples: Sequence[Sequence[tuple[str, int]]], answer: bool) -> int | None:
    """The paper's hard label from all these completions."""
    successes = [sum(outcome == "correct" for outcome, _ in step) for step in samples]
    return first_error_from_counts(successes, [len(step) for step in samples], answer)


def least(solution: Pooled) -> float:
    """The expected tokens that the paper's label law asks for at least.

    At a step with f failures in a pool of n the law needs the samples up to the first success,
    or all K; the mean is over all orders of the pool.
    """
    total, reached = 0.0, 1.0
    for step in solution.samples[:-1]:
        n, fails = len(step), sum(outcome != "correct" for outcome, _ in step)
        still = [math.comb(fails, i) / math.comb(n, i) for i in range(K + 1)]  # first i all fail
        total += reached * sum(still[:K]) * mean(tokens for _, tokens in step)
        reached *= 1 - still[K]
    return total


def on_pool(
    pool: Sequence[Pooled], configs: dict[str, MCConfig], repeats: int, seed: int = 0
) -> tuple[dict[str, Tried], Tried, float]:
    """(by strategy, exhaustive against exhaustive, the least) over random halves of the pool."""
    works = [
        Work(n, len(s.steps), s.answer_is_correct, tuple(max(t, 1) for t in s.rest_tokens))
        for n, s in enumerate(pool)
    ]
    rng = random.Random(seed)
    tried, floor = {name: Tried() for name in configs}, Tried()
    for _ in range(repeats):
        mixed = [[rng.sample(step, len(step)) for step in s.samples] for s in pool]
        other = [
            full_label([step[K : 2 * K] for step in one], s.answer_is_correct)
            for one, s in zip(mixed, pool, strict=True)
        ]
        mine = [
            full_label([step[:K] for step in one], s.answer_is_correct)
            for one, s in zip(mixed, pool, strict=True)
        ]
        cost = [sum(t for step in one for _, t in step[:K]) for one in mixed]
        probes = K * sum(len(s.steps) - 1 for s in pool)
        _count(floor, pool, mine, other, cost, probes)

        def draw(
            probe: Probe, mixed: list[list[list[tuple[str, int]]]] = mixed
        ) -> tuple[Outcome, int]:
            return mixed[probe.solution_id][probe.step][probe.sample]  # type: ignore[return-value]

        for name, config in configs.items():
            errors, tokens, probes = label(works, config, draw)
            order = [errors[n] for n in range(len(pool))]
            _count(tried[name], pool, order, other, list(tokens.values()), probes)
    return tried, floor, mean(least(s) for s in pool)


def _count(
    tried: Tried,
    pool: Sequence[Pooled],
    mine: Sequence[int | None],
    other: Sequence[int | None],
    tokens: Sequence[int],
    probes: int,
) -> None:
    tried.solutions += len(pool)
    tried.tokens += sum(tokens)
    tried.probes += probes
    for solution, one, two in zip(pool, mine, other, strict=True):
        tried.agreed += one == two
        tried.exact += one == solution.truth
        (tried.right if solution.truth == -1 else tried.wrong).append(one == solution.truth)


def show(tried: dict[str, Tried], floor: Tried, least_tokens: float) -> None:
    """One line a strategy."""
    print("| strategy | tokens a solution | of exhaustive | completions | agreement | exact | F1 |")
    print("|---|---|---|---|---|---|---|")
    for name, one in {"exhaustive": floor, **tried}.items():
        print(
            f"| {name} | {one.tokens / one.solutions:.0f} | {one.tokens / floor.tokens:.1%} | "
            f"{one.probes / one.solutions:.2f} | {one.agreed / one.solutions:.1%} | "
            f"{one.exact / one.solutions:.1%} | {one.f1:.3f} |"
        )
    share = least_tokens * floor.solutions / floor.tokens
    print(f"the least for the paper's label law: {least_tokens:.0f} tokens, {share:.1%}\n")


def simulated(n_steps: int, accuracy: float, count: int, seed: int) -> list[Pooled]:
    """Solutions of a scripted policy, with 2 K completions of each prefix.

    It takes a step rightly with a chance that varies by problem (Beta, 12 pseudo-counts) around
    `accuracy`. Behind an error a completion succeeds with 1%, or 30% in a quarter of the
    solutions. 16 tokens a step and 7 more at the end.
    """
    rng = random.Random(f"{n_steps}/{accuracy}/{seed}")
    made = []
    for number in range(count):
        rate = min(max(rng.betavariate(12 * accuracy, 12 * (1 - accuracy)), 0.05), 0.995)
        error = next((step for step in range(n_steps) if rng.random() > rate), -1)
        stray = 0.3 if rng.random() < 0.25 else 0.01
        right = error == -1 or (error < n_steps - 1 and rng.random() < stray)
        rest = [16 * (n_steps - 1 - step) + 7 for step in range(n_steps)]
        samples = [
            tuple(
                ("correct" if rng.random() < chance else "wrong", rest[step]) for _ in range(2 * K)
            )
            for step in range(n_steps - 1)
            for chance in [rate ** (n_steps - 1 - step) if error < 0 or step < error else stray]
        ]
        made.append(
            Pooled(
                str(number), ("",) * n_steps, right, error, tuple(rest), tuple(rest),
                (*samples, ()),
            )
        )  # fmt: skip
    return made


def simulate(repeats: int) -> None:
    """The saving as a function of length and accuracy."""
    print("| steps | accuracy a step | answers right | floor | " + " | ".join(SIMULATED) + " |")
    print("|---|---|---|---|" + "---|" * len(SIMULATED))
    for n_steps in (3, 4, 6, 8, 12, 16):
        for accuracy in (0.98, 0.95, 0.9, 0.8):
            pool = simulated(n_steps, accuracy, 3200 // n_steps, 0)
            configs = {name: MCConfig(K, name) for name in SIMULATED}  # type: ignore[arg-type]
            tried, floor, _ = on_pool(pool, configs, repeats)
            cells = [
                f"{one.tokens / floor.tokens:.1%} ({one.agreed / one.solutions:.0%}, "
                f"{one.exact / one.solutions:.0%})"
                for one in tried.values()
            ]
            print(
                f"| {n_steps} | {accuracy} | {mean(s.answer_is_correct for s in pool):.0%} | "
                f"{floor.agreed / floor.solutions:.0%}, {floor.exact / floor.solutions:.0%} | "
                + " | ".join(cells)
                + " |",
                flush=True,
            )


SIMULATED = ("scan", "bisect", "adaptive")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pool", type=Path)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--simulate", action="store_true")
    options = parser.parse_args()
    if options.pool:
        pool = [one for one in read_pool(options.pool) if len(one.steps) > 1]
        print(f"{len(pool)} solutions, {mean(len(s.steps) for s in pool):.2f} steps, K = {K}")
        configs = {
            "scan": MCConfig(K, "scan"),
            "scan, two at a time": MCConfig(K, "scan", chunk=2),
            "bisect": MCConfig(K, "bisect"),
            **{
                f"adaptive {mass}": MCConfig(K, "adaptive", stop_mass=mass)
                for mass in (0.8, 0.85, 0.9, 0.92, 0.95, 1.0)
            },
        }
        show(*on_pool(pool, configs, options.repeats))
        for n_steps in sorted({len(one.steps) for one in pool}):
            part = [one for one in pool if len(one.steps) == n_steps]
            if len(part) >= 20:
                print(f"{len(part)} solutions of {n_steps} steps")
                show(*on_pool(part, configs, options.repeats))
        print("Label quality by tokens: other K")
        at_k = {
            f"{strategy}, K = {samples}": MCConfig(samples, strategy)
            for strategy in ("exhaustive", "scan", "bisect", "adaptive")
            for samples in (1, 2, 4, 8)  # more would be the reference's own completions
        }
        show(*on_pool(pool, at_k, options.repeats))
    if options.simulate:
        simulate(options.repeats)


if __name__ == "__main__":
    main()
