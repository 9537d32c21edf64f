"""The Monte-Carlo planner: same labels for less, never twice, the same in any order."""

from __future__ import annotations

import random
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.montecarlo.outcomes import OUTCOMES, Outcome
from labeling.montecarlo.planner import (
    STRATEGIES,
    MCConfig,
    MCResult,
    PlanError,
    Planner,
    Probe,
    Work,
    first_error_by_vouching,
    first_error_from_counts,
    has_whole_steps,
)
from labeling.seeds import completion_seed

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


def one(n_steps: int, answer: bool | None, *steps: str, strategy: str = "scan") -> MCResult:
    """The result of a solution whose steps had these outcomes: c(orrect) w u(nfinished) ?."""
    table: Table = {7: [[LETTERS[letter] for letter in step] for step in steps]}
    config = MCConfig(len(steps[0]) if steps else 8, strategy)  # type: ignore[arg-type]
    return run([Work(7, n_steps, answer)], table, config)[0][7]


def test_a_scan_stops_at_the_first_step_without_a_success() -> None:
    result = one(4, True, "wcw", "www", "ccc")
    assert result == MCResult(
        7, (0.5, 0.0, None, None), (1, 0, 0, 0), (2, 3, 0, 0), (0,) * 4, (0,) * 4, 1, "ok"
    )


def test_exhaustive_gives_the_curve_after_the_error_too() -> None:
    result = one(4, False, "wcw", "www", "ccw", strategy="exhaustive")
    assert result.scores == (pytest.approx(1 / 3), 0.0, pytest.approx(2 / 3), 0.0)
    assert (result.first_error, result.trials) == (1, (3, 3, 3, 0))


@pytest.mark.parametrize(
    ("answer", "score", "first_error", "status"),
    [(True, 1.0, -1, "ok"), (False, 0.0, 1, "ok"), (None, None, None, "unfinished")],
)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_answer_settles_the_last_step(
    strategy: str, answer: bool | None, score: float | None, first_error: int | None, status: str
) -> None:
    result = one(2, answer, "c", strategy=strategy)
    assert (result.scores, result.trials) == ((1.0, score), (1, 0))
    assert (result.first_error, result.status) == (first_error, status)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_error_before_an_unknown_answer_is_a_verdict(strategy: str) -> None:
    assert one(2, None, "wwwwwwww", strategy=strategy).first_error == 0


def test_bisect_lets_a_success_vouch_for_what_is_before() -> None:
    right = one(5, True, "wwww", "wwww", "wwww", "wcww", strategy="bisect")
    assert (right.first_error, right.trials) == (-1, (0, 0, 0, 2, 0))
    assert right.scores == (None, None, None, 0.5, 1.0)
    wrong = one(5, False, "wwww", "cwww", "wwww", "wwww", strategy="bisect")
    assert (wrong.first_error, wrong.trials) == (2, (0, 1, 4, 0, 0))
    assert wrong.scores == (None, 1.0, 0.0, None, 0.0)


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_bisect_ends_behind_a_success_and_at_a_step_without_any(
    world: tuple[list[Work], Table, int],
) -> None:
    works, table, samples = world
    results, _ = run(works, table, MCConfig(samples, "bisect"))
    for work in works:
        result = results[work.solution_id]
        asked = [
            sum(counts)
            for counts in zip(result.trials, result.unfinished, result.unknown, strict=True)
        ]
        assert result.first_error == first_error_by_vouching(
            result.successes, result.trials, asked, samples, work.answer_is_correct
        )
        error = result.first_error
        if error is None:
            continue
        end = work.n_steps - 1 if error == -1 else error
        assert end == 0 or result.successes[end - 1] > 0
        assert end == work.n_steps - 1 or (asked[end], result.successes[end]) == (samples, 0)


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_adaptive_has_a_success_before_its_first_error_and_a_failure_at_it(
    world: tuple[list[Work], Table, int],
) -> None:
    works, table, samples = world
    results, waves = run(works, table, MCConfig(samples, "adaptive"))
    asked = [probe for wave in waves for probe in wave]
    assert len(set(asked)) == len(asked)
    for work in works:
        result = results[work.solution_id]
        error = result.first_error
        if error is None:
            continue
        assert result.belief is not None
        end = work.n_steps - 1 if error == -1 else error
        assert end == 0 or result.successes[end - 1] > 0
        assert end == work.n_steps - 1 or result.trials[end] > 0


def test_adaptive_stops_at_the_mass_or_at_the_k_rule() -> None:
    steps = ("cccccccc", "wwwwwwww", "wwwwwwww")
    table: Table = {7: [[LETTERS[letter] for letter in step] for step in steps]}
    trials = {}
    for mass in (0.6, 0.9, 1.0):
        config = MCConfig(8, "adaptive", stop_mass=mass)
        result = run([Work(7, 4, False)], table, config)[0][7]
        assert result.first_error == 1
        trials[mass] = sum(result.trials)
    assert trials[0.6] < trials[0.9] < trials[1.0]
    assert result.trials[1] == 8


def test_adaptive_learns_from_the_first_outcomes_of_the_first_solutions_only() -> None:
    config = MCConfig(8, "adaptive")
    works = [Work(n, 4, False) for n in range(6)]
    hard: Table = {n: [["wrong"] * 8 for _ in range(3)] for n in range(6)}
    waves = run(works, hard, config, width=100, pilot=3)[1]
    assert {probe.solution_id for probe in waves[0]} == {0, 1, 2}  # the others wait ...
    later = next(n for n, wave in enumerate(waves) if {p.solution_id for p in wave} - {0, 1, 2})
    assert later <= 4  # ... for four outcomes of each, not for their end
    # What comes after the pilot's first outcomes changes nothing for the others.
    other: Table = {n: [[*step] for step in steps] for n, steps in hard.items()}
    other[0][0][7] = "correct"
    before = {n: r for n, r in run(works, hard, config, pilot=3)[0].items() if n > 2}
    assert {n: r for n, r in run(works, other, config, pilot=3)[0].items() if n > 2} == before
    # A policy that succeeds leads to other beliefs than one that fails.
    good: Table = {n: [["correct"] * 8 for _ in range(3)] for n in range(6)}
    mixed: Table = {n: good[n] if n < 3 else hard[n] for n in range(6)}
    learnt = run(works, mixed, config, pilot=3)[0][5].belief
    assert learnt != before[5].belief


def test_a_thousand_samples_and_steps_do_not_underflow() -> None:
    many: Table = {1: [["wrong"] * 1024], 2: [["wrong"] * 2 for _ in range(299)]}
    config = MCConfig(1024, "adaptive", stop_mass=1.0)
    assert run([Work(1, 2, False)], many, config)[0][1].trials == (1024, 0)
    result = run([Work(2, 300, False)], many, MCConfig(2, "adaptive"), pilot=1)[0][2]
    assert result.first_error == 0


@pytest.mark.parametrize(
    ("strategy", "chunk", "allowed"),
    [
        ("exhaustive", 1, True),
        ("scan", 8, True),
        ("scan", 4, False),
        ("bisect", 8, False),
        ("adaptive", 1, False),
    ],
)
def test_soft_labels_are_refused_where_a_step_may_stop_early(
    strategy: str, chunk: int, allowed: bool
) -> None:
    told = {"samples": 8, "strategy": strategy, "chunk": chunk}
    assert has_whole_steps(told) == allowed
    assert has_whole_steps({"source": "math-shepherd"})
    if allowed:
        assert MCConfig(8, strategy, chunk=chunk, soft=True).whole_steps  # type: ignore[arg-type]
        return
    with pytest.raises(PlanError, match=f"{strategy} stops before. Use the strategy exhaustive"):
        MCConfig(8, strategy, chunk=chunk, soft=True)  # type: ignore[arg-type]


def test_chunks_of_k_give_whole_shares_up_to_the_first_error() -> None:
    table: Table = {7: [["wrong", "correct"] * 2, ["wrong"] * 4, ["correct"] * 4]}
    result = run([Work(7, 4, True)], table, MCConfig(4, "scan", chunk=4, soft=True))[0][7]
    assert (result.scores, result.trials) == ((0.5, 0.0, None, None), (4, 4, 0, 0))


def test_a_single_step_needs_no_completion_and_is_still_handed_out() -> None:
    planner = Planner(MCConfig())
    planner.add([Work(1, 1, True), Work(2, 1, False)])
    assert not planner.done
    assert planner.next_wave(8) == []
    assert [(r.scores, r.first_error) for r in planner.take_finished()] == [
        ((1.0,), -1),
        ((0.0,), 0),
    ]
    assert planner.done


@pytest.mark.parametrize("strategy", ["bisect", "adaptive"])
def test_a_step_of_undecided_outcomes_is_no_verdict(strategy: str) -> None:
    some = one(2, True, "uwwwww?w", strategy=strategy)
    assert (some.first_error, some.status) == (0, "ok")
    none = one(2, True, "uu?uuuuu", strategy=strategy)
    assert (none.first_error, none.status, none.scores[0]) == (None, "unfinished", None)


@pytest.mark.parametrize("strategy", ["scan", "exhaustive"])
def test_undecided_outcomes_are_neither_right_nor_wrong(strategy: str) -> None:
    some = one(3, True, "uw?", "ccc", strategy=strategy)
    assert (some.first_error, some.trials[0], some.unfinished[0], some.unknown[0]) == (0, 1, 1, 1)
    none = one(3, True, "uu?", "www", strategy=strategy)
    assert (none.first_error, none.status, none.scores[0]) == (None, "unfinished", None)


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


@pytest.mark.parametrize(
    ("threshold", "first_error"), [(0.0, -1), (0.25, 1), (0.5, 1), (0.75, 0), (1.0, 0)]
)
def test_a_threshold_calls_a_step_wrong_that_is_not_above_it(
    threshold: float, first_error: int
) -> None:
    assert first_error_from_counts((6, 2, 8, 0), (8, 8, 8, 0), True, threshold) == first_error


def test_seeds_are_stable_distinct_and_fit_a_signed_64_bit_integer() -> None:
    assert completion_seed(0, "ab", 1, 2) == 6974980186390703301
    seeds = {
        completion_seed(seed, name, step, sample)
        for seed in (0, 1)
        for name in ("a", "b", "1/a")
        for step in range(12)
        for sample in range(12)
    }
    assert len(seeds) == 2 * 3 * 12 * 12
    assert all(0 <= seed < 2**63 for seed in seeds)
