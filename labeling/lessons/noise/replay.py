"""Monte Carlo by any strategy, answered by completions that were sampled once, and its tokens.

What a strategy asks follows from the outcomes, and a completion from its prefix and number. So
one exhaustive annotation holds what every other strategy, with as many samples or fewer, would
have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from labeling.lessons.noise.completions import Case
from labeling.montecarlo.job import works
from labeling.montecarlo.outcomes import Outcome
from labeling.montecarlo.planner import MCConfig, MCResult, Planner
from labeling.montecarlo.sharing import BLOCK, prefix_keys


def replay(config: MCConfig, cases: Sequence[Case]) -> tuple[list[MCResult], list[int]]:
    """The results in the order of `cases`, and the tokens that each added.

    As in the job, what solutions of one block have in common is sampled once: its tokens are
    those of the solution that asked first.
    """
    places = {case.solution.id: place for place, case in enumerate(cases)}
    keys = [prefix_keys(case.solution.problem, case.solution.steps) for case in cases]
    tokens = [0] * len(cases)
    sampled: set[tuple[int, str, int]] = set()
    planner = Planner(config)
    planner.add(works([case.solution for case in cases]))
    while wave := planner.next_wave(1):
        (probe,) = wave
        place = places[probe.solution_id]
        completion = cases[place].completions[probe.step][probe.sample]
        this = (place // BLOCK, keys[place][probe.step], probe.sample)
        if this not in sampled:
            sampled.add(this)
            tokens[place] += completion.n_tokens
        planner.record(probe, cast(Outcome, completion.outcome))
    results = {result.solution_id: result for result in planner.take_finished()}
    return [results[case.solution.id] for case in cases], tokens
