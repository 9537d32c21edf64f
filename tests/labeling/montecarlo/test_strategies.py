"""What each strategy asks, where it stops, and what its outcomes amount to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from labeling.montecarlo.planner import (
    STRATEGIES,
    MCConfig,
    MCResult,
    PlanError,
    Planner,
    Work,
    first_error_by_vouching,
    first_error_from_counts,
    has_whole_steps,
)
from tests.labeling.montecarlo.planning import LETTERS, Table, one, run, worlds


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


@pytest.mark.parametrize(
    ("threshold", "first_error"), [(0.0, -1), (0.25, 1), (0.5, 1), (0.75, 0), (1.0, 0)]
)
def test_a_threshold_calls_a_step_wrong_that_is_not_above_it(
    threshold: float, first_error: int
) -> None:
    assert first_error_from_counts((6, 2, 8, 0), (8, 8, 8, 0), True, threshold) == first_error
