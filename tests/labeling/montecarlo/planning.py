"""Worlds to plan in, and planning in them to the end."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from labeling.montecarlo.outcomes import OUTCOMES, Outcome
from labeling.montecarlo.planner import (
    MCConfig,
    MCResult,
    Planner,
    Probe,
    Work,
)

Table = dict[int, list[list[Outcome]]]  # solution -> step -> outcome of each sample
LETTERS: dict[str, Outcome] = {"c": "correct", "w": "wrong", "u": "unfinished", "?": "unknown"}


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Work], Table, int]:
    """Solutions, the outcome that each of their probes would have, and the samples a step."""
    samples = draw(st.integers(1, 4))
    # Mostly wrong and mostly right steps both have to be common.
    step = st.lists(st.sampled_from(OUTCOMES), min_size=samples, max_size=samples)
    failing = st.lists(st.sampled_from(("wrong", "unfinished")), min_size=samples, max_size=samples)
    passing = st.permutations(["correct"] + ["wrong"] * (samples - 1))
    works: list[Work] = []
    table: Table = {}
    for solution in range(draw(st.integers(0, 5))):
        n_steps = draw(st.integers(1, 5))
        answer = draw(st.sampled_from((True, False, None)))
        works.append(Work(solution, n_steps, answer))
        table[solution] = [
            list(draw(st.one_of(passing, passing, step, failing))) for _ in range(n_steps - 1)
        ]
    return works, table, samples


def run(
    works: list[Work],
    table: Table,
    config: MCConfig,
    width: int = 3,
    shuffled: random.Random | None = None,
    pilot: int = 2,
) -> tuple[dict[int, MCResult], list[list[Probe]]]:
    planner, results, waves = Planner(config, pilot), [], []
    planner.add(works)
    while not planner.done:
        wave = planner.next_wave(width)
        waves.append(list(wave))
        assert len(wave) <= width
        if shuffled is not None:
            shuffled.shuffle(wave)
        for probe in wave:
            planner.record(probe, table[probe.solution_id][probe.step][probe.sample])
        results += planner.take_finished()
    assert sorted(result.solution_id for result in results) == [w.solution_id for w in works]
    return {result.solution_id: result for result in results}, waves


def one(n_steps: int, answer: bool | None, *steps: str, strategy: str = "scan") -> MCResult:
    """The result of a solution whose steps had these outcomes: c(orrect) w u(nfinished) ?."""
    table: Table = {7: [[LETTERS[letter] for letter in step] for step in steps]}
    config = MCConfig(len(steps[0]) if steps else 8, strategy)  # type: ignore[arg-type]
    return run([Work(7, n_steps, answer)], table, config)[0][7]
