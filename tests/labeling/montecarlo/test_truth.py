"""Monte Carlo against the truth: Game of 24, where chances are exact, and the playground."""

from __future__ import annotations

import gzip
import json
import math
import random
import re
from fractions import Fraction
from functools import cache
from itertools import combinations
from statistics import mean
from typing import Any

import pytest

from labeling.montecarlo.outcomes import Outcome
from labeling.montecarlo.planner import (
    STRATEGIES,
    MCConfig,
    MCResult,
    Planner,
    Probe,
    Work,
)
from labeling.seeds import completion_seed
from tests.support.data import shared_data

Numbers = tuple[Fraction, ...]


def moves(numbers: Numbers) -> list[Numbers]:
    """Every position that one move of the game leads to, as often as there are such moves."""
    found = []
    for i, j in combinations(range(len(numbers)), 2):
        a, b = numbers[i], numbers[j]
        rest = [n for place, n in enumerate(numbers) if place not in (i, j)]
        results = [a + b, a - b, b - a, a * b] + [x / y for x, y in ((a, b), (b, a)) if y]
        found += [tuple(sorted([*rest, result])) for result in results]
    return found


@cache
def chance(numbers: Numbers) -> Fraction:
    """The exact chance that moving at random ends at 24."""
    if len(numbers) == 1:
        return Fraction(numbers[0] == 24)
    after = moves(numbers)
    return sum((chance(position) for position in after), Fraction(0)) / len(after)


class Chain:
    """A chain of GPT-4's, its exact labels, and a player who goes on from it at random."""

    def __init__(self, row: dict[str, Any]):
        self.row = row
        self.last = len(row["steps"]) - 1
        self.reaches = row["reaches_24_after_step"]
        lost = [step for step in range(self.last) if not self.reaches[step]]
        self.truth = lost[0] if lost else (-1 if row["final_correct"] else self.last)

    def chance(self, step: int) -> Fraction:
        """The exact chance of a completion from the end of `step`."""
        return chance(self.left(step)) if self.reaches[step] else Fraction(0)

    def left(self, step: int) -> Numbers:
        """The numbers that are left after `step`."""
        told = re.search(r"left: ([^)]*)\)", self.row["steps"][step])
        assert told is not None
        return tuple(sorted(Fraction(number) for number in told[1].split()))

    def play(self, probe: Probe) -> Outcome:
        """One random completion. An illegal step cannot be made good."""
        if not self.row["step_ok_so_far"][probe.step]:
            return "wrong"
        rng = random.Random(completion_seed(0, self.row["id"], probe.step, probe.sample))
        numbers = self.left(probe.step)
        while len(numbers) > 1:
            numbers = rng.choice(moves(numbers))
        return "correct" if numbers[0] == 24 else "wrong"


@pytest.fixture(scope="module")
def chains() -> list[Chain]:
    with gzip.open(shared_data("game24/chains.jsonl.gz"), "rt") as stream:
        rows = [json.loads(line) for _, line in zip(range(2_000), stream, strict=False)]
    whole = [row for row in rows if all("left: " in step for step in row["steps"][:-1])]
    return [Chain(row) for row in whole if len(row["steps"]) > 1][:300]


def label(chains: list[Chain], config: MCConfig) -> tuple[list[MCResult], int]:
    """The results in the order of the chains, and the completions that they took."""
    planner, results, probes = Planner(config), [], 0
    planner.add(
        Work(n, chain.last + 1, chain.row["final_correct"]) for n, chain in enumerate(chains)
    )
    while not planner.done:
        for probe in planner.next_wave(512):
            planner.record(probe, chains[probe.solution_id].play(probe))
            probes += 1
        results += planner.take_finished()
    return sorted(results, key=lambda result: result.solution_id), probes


def test_the_shares_estimate_the_exact_chance(chains: list[Chain]) -> None:
    results, _ = label(chains, MCConfig(32, "exhaustive"))
    off, variance = 0.0, 0.0
    for chain, result in zip(chains, results, strict=True):
        for step in range(chain.last):
            p = float(chain.chance(step))
            assert p > 0 or not result.successes[step]  # 24 out of reach is never reached
            assert p < 1 or result.successes[step] == 32
            off += result.successes[step] - 32 * p
            variance += 32 * p * (1 - p)
    assert variance > 100
    assert abs(off) < 4 * math.sqrt(variance)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_with_many_samples_the_first_error_is_the_exact_one(
    strategy: str, chains: list[Chain]
) -> None:
    """A random move reaches 24 in a few per cent of cases, so only 512 samples tell that."""
    if strategy in ("exhaustive", "adaptive"):  # many completions, and many decisions
        chains = chains[:60]
    config = MCConfig(512, strategy, chunk=16, stop_mass=1.0)  # type: ignore[arg-type]
    results, _ = label(chains, config)
    exact = [r.first_error == c.truth for r, c in zip(results, chains, strict=True)]
    assert {chain.truth for chain in chains} >= {0, 1, 2}
    assert mean(exact) > 0.97


def test_too_few_samples_put_the_error_too_early_never_too_late(chains: list[Chain]) -> None:
    for strategy in ("scan", "bisect"):
        results, _ = label(chains, MCConfig(8, strategy))  # type: ignore[arg-type]
        for chain, result in zip(chains, results, strict=True):
            assert result.first_error is not None
            end = [chain.last + 1 if e == -1 else e for e in (result.first_error, chain.truth)]
            assert end[0] <= end[1]


def test_the_strategies_against_the_playgrounds_exact_labels() -> None:
    """benchmarks/montecarlo/tokens.py at a tenth of its size; the margins are wide."""
    pytest.importorskip("torch")
    from benchmarks.montecarlo.pool import as_pool, make_pool
    from benchmarks.montecarlo.tokens import on_pool

    pool = [one for one in as_pool(make_pool(60, 16, seed=31)) if len(one.steps) > 1]
    configs: dict[str, MCConfig] = {name: MCConfig(8, name) for name in STRATEGIES}
    tried, floor, least = on_pool(pool, configs, 4)
    share = {name: one.tokens / floor.tokens for name, one in tried.items()}
    exact = {name: one.exact / one.solutions for name, one in tried.items()}
    assert share["exhaustive"] == 1
    assert exact["exhaustive"] == floor.exact / floor.solutions
    assert tried["scan"].agreed == floor.agreed  # the same law, here on the same completions
    assert tried["scan"].tokens / tried["scan"].solutions == pytest.approx(least, rel=0.1)
    assert share["adaptive"] < share["bisect"] < share["scan"] < 0.35
    assert min(exact.values()) > 0.7
