"""The Monte-Carlo planner: same labels for less, never twice, the same in any order."""

from __future__ import annotations

import random
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.montecarlo.planner import (
    STRATEGIES,
    MCConfig,
    PlanError,
    Planner,
    Probe,
    Work,
)
from tests.labeling.montecarlo.planning import Table, run, worlds


@settings(max_examples=150, deadline=None)
@given(worlds(), st.integers(1, 7))
def test_scan_finds_the_first_errors_of_exhaustive(
    world: tuple[list[Work], Table, int], width: int
) -> None:
    works, table, samples = world
    scan, _ = run(works, table, MCConfig(samples, "scan"), width)
    full, _ = run(works, table, MCConfig(samples, "exhaustive"), width)
    for work in works:
        mine, other = scan[work.solution_id], full[work.solution_id]
        assert (mine.first_error, mine.status) == (other.first_error, other.status)
        for step, score in enumerate(mine.scores):
            if score is not None:  # the hard label of every visited step, not its fraction
                assert (score > 0) == ((other.scores[step] or 0) > 0)


@settings(max_examples=150, deadline=None)
@given(worlds(), st.integers(1, 7))
def test_scan_asks_the_least_and_never_twice(
    world: tuple[list[Work], Table, int], width: int
) -> None:
    works, table, samples = world
    _, waves = run(works, table, MCConfig(samples, "scan"), width)
    asked = [probe for wave in waves for probe in wave]
    assert len(set(asked)) == len(asked)
    needed = set()
    for work in works:
        for step, outcomes in enumerate(table[work.solution_id]):
            before = len(list(takewhile(lambda outcome: outcome != "correct", outcomes)))
            tried = min(before + 1, samples)
            needed |= {Probe(work.solution_id, step, sample) for sample in range(tried)}
            if before == samples:
                break
    assert set(asked) == needed


@settings(max_examples=100, deadline=None)
@given(worlds(), st.integers(1, 7))
def test_exhaustive_asks_everything_once(world: tuple[list[Work], Table, int], width: int) -> None:
    works, table, samples = world
    results, waves = run(works, table, MCConfig(samples, "exhaustive"), width)
    asked = [probe for wave in waves for probe in wave]
    assert sorted(asked, key=lambda p: (p.solution_id, p.step, p.sample)) == [
        Probe(work.solution_id, step, sample)
        for work in works
        for step in range(work.n_steps - 1)
        for sample in range(samples)
    ]
    for result in results.values():
        counted = zip(result.trials[:-1], result.unfinished[:-1], result.unknown[:-1], strict=True)
        assert all(sum(step) == samples for step in counted)


@settings(max_examples=150, deadline=None)
@given(
    worlds(),
    st.sampled_from(STRATEGIES),
    st.integers(1, 3),
    st.integers(1, 7),
    st.integers(1, 50),
    st.randoms(use_true_random=False),
)
def test_width_and_order_of_outcomes_change_no_result_and_replay_repeats_the_waves(
    world: tuple[list[Work], Table, int],
    strategy: str,
    chunk: int,
    width: int,
    other_width: int,
    shuffled: random.Random,
) -> None:
    works, table, samples = world
    config = MCConfig(samples, strategy, chunk=chunk)  # type: ignore[arg-type]
    results, waves = run(works, table, config, width)
    again, same_waves = run(works, table, config, width, shuffled)
    assert (again, same_waves) == (results, waves)
    assert run(works, table, config, other_width)[0] == results


def test_waves_are_full_while_there_is_enough_to_ask() -> None:
    planner = Planner(MCConfig(samples=2))
    planner.add([Work(n, 2, True) for n in range(10)])
    wave = planner.next_wave(6)
    assert [probe.solution_id for probe in wave] == [0, 1, 2, 3, 4, 5]
    # Those that wait for outcomes are passed over, not waited for.
    assert [probe.solution_id for probe in planner.next_wave(6)] == [6, 7, 8, 9]
    assert planner.next_wave(6) == []
    for probe in wave:
        planner.record(probe, "correct")
    assert [result.solution_id for result in planner.take_finished()] == [0, 1, 2, 3, 4, 5]
    planner.add([Work(10, 2, True)])
    assert planner.next_wave(6) == [Probe(10, 0, 0)]


def test_what_cannot_be_planned_is_refused() -> None:
    planner = Planner(MCConfig(samples=1))
    planner.add([Work(1, 2, True)])
    (probe,) = planner.next_wave(1)
    with pytest.raises(PlanError, match="planned already"):
        planner.add([Work(1, 2, True)])
    with pytest.raises(PlanError, match="no steps"):
        planner.add([Work(2, 0, True)])
    with pytest.raises(PlanError, match="no outcome 'right'"):
        planner.record(probe, "right")  # type: ignore[arg-type]
    with pytest.raises(PlanError, match="not asked for"):
        planner.record(Probe(1, 0, 1), "correct")
    planner.record(probe, "correct")
    with pytest.raises(PlanError, match="has its outcome already"):
        planner.record(probe, "correct")
    with pytest.raises(PlanError, match="at least one probe"):
        planner.next_wave(0)
    with pytest.raises(PlanError, match="no strategy 'guess'"):
        MCConfig(strategy="guess")  # type: ignore[arg-type]
    with pytest.raises(PlanError, match="chunk"):
        MCConfig(chunk=0)
    with pytest.raises(PlanError, match="stop_mass"):
        MCConfig(stop_mass=0.3)
    with pytest.raises(PlanError, match="a cost above 0 for each step"):
        planner.add([Work(3, 2, True, (1.0, 0.0))])
    with pytest.raises(PlanError, match="samples"):
        MCConfig(samples=0)
