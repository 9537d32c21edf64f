"""What `annotate mc` would cost, from a small pilot, before it is spent."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypedDict

from db.annotators import list_annotators
from db.engine import Database
from db.records import AnnotatorRecord, SolutionRecord
from labeling.jobs.cluster import cluster
from labeling.jobs.worklist import work_list
from labeling.montecarlo.job import SEGMENT, annotator_config, mc_config, mc_sampling, prompt, works
from labeling.montecarlo.outcomes import Outcome, outcomes
from labeling.montecarlo.planner import STRATEGIES, MCConfig, Planner, Strategy
from labeling.montecarlo.sharing import Shared, prefix_keys, remaining_characters
from labeling.seeds import completion_seed

if TYPE_CHECKING:
    from models.generation.base import Generator, Sampling

PILOT = 32  # solutions

# (solution, step, sample) -> the outcome, and the tokens generated and prompted
Outcomes = dict[tuple[int, int, int], tuple[Outcome, int, int]]


@dataclass(slots=True)
class _Pilot:
    """The completions of the pilot, and how fast the model made them."""

    outcomes: Outcomes = field(default_factory=dict)
    seconds: float = 0.0
    per_prompt_token: float = 0.0  # seconds
    per_token: float = 0.0


@dataclass(frozen=True, slots=True)
class _Spent:
    """What one strategy spent on one solution of the pilot."""

    generated: int
    prompted: int
    read: int  # prompt tokens, a prompt counted once for all completions asked for together


class PilotSpent(TypedDict):
    """What the pilot itself spent."""

    rollouts: int
    tokens_generated: int
    seconds: float


class Cost(TypedDict):
    """What a strategy would cost; `low` to `high` is a 95% interval of `tokens_generated`.

    It is that of which solutions were in the pilot. Seconds are for full waves: a list of a few
    hundred solutions ends in narrow ones and takes longer.
    """

    tokens_generated: int
    low: int
    high: int
    tokens_prompted: int
    seconds: float


class Estimate(TypedDict):
    """What is to be annotated, and what it would cost, the strategy asked for first."""

    solutions: int
    spent: PilotSpent
    strategies: dict[Strategy, Cost]


def estimate_mc(database: Database, params: dict[str, Any], pilot: int = PILOT) -> Estimate:
    """What the job `annotate_mc` with these `params` would cost; stores nothing.

    `pilot` solutions, spread evenly over the work list, are completed in full (`samples` from
    every prefix), and every strategy is played on these completions. What it spent, in
    proportion to what the solutions themselves wrote, is taken for the whole list.

    Raises PlanError and ModelError as the job does.
    """
    from models.generation.load import load_generator

    config = mc_config(params)
    generator = load_generator(params["model"], cluster(params))
    sampling = mc_sampling(params, generator)
    wanted = annotator_config(params["model"], generator, config, sampling)
    annotators = [one for one in list_annotators(database) if one.config == wanted]
    annotator = annotators[0] if annotators else AnnotatorRecord(0, "mc", "", wanted, False)
    total, whole, chosen = _survey(database, params, annotator, pilot)
    made = _complete(generator, sampling, config, chosen)
    others = [name for name in STRATEGIES if name != config.strategy]
    plans = [config, *(replace(config, strategy=name, soft=False) for name in others)]
    return {
        "solutions": total,
        "spent": {
            "rollouts": len(made.outcomes),
            "tokens_generated": sum(out for _, out, _ in made.outcomes.values()),
            "seconds": round(made.seconds, 1),
        },
        "strategies": {plan.strategy: _cost(plan, chosen, made, whole) for plan in plans},
    }


def _survey(
    database: Database, params: dict[str, Any], annotator: AnnotatorRecord, pilot: int
) -> tuple[int, float, list[SolutionRecord]]:
    """(solutions to annotate, characters behind all their distinct prefixes, the pilot)."""
    listed = work_list(database, annotator.id, params, with_gold=True)
    shared = Shared(lambda _: [])
    count, whole, chosen = 0, 0.0, []
    for _, total, segment in listed.segments(SEGMENT):
        for solution in segment:
            whole += shared.enter(solution, count, on_disk=False, asks=True)
            shared.leave(solution.id)
            if count * pilot // total != (count + 1) * pilot // total:
                chosen.append(solution)
            count += 1
    return count, whole, chosen


def _complete(
    generator: Generator,
    sampling: Sampling,
    config: MCConfig,
    chosen: Sequence[SolutionRecord],
) -> _Pilot:
    """Complete every prefix in full: first once each, then the rest, which tells two speeds.

    Both calls read every prompt once; the second generates more.
    """
    from models.generation.base import CompletionRequest, count_prompt_tokens

    made = _Pilot()
    calls: list[tuple[int, int, float]] = []  # tokens read, tokens generated, seconds
    for samples in (range(1), range(1, config.samples)):
        keys, requests = [], []
        for solution in chosen:
            prefixes = prefix_keys(solution.problem, solution.steps)
            for step in range(len(solution.steps) - 1):
                begun = prompt(generator, solution, step)
                for sample in samples:
                    seed = completion_seed(config.seed, prefixes[step], step, sample)
                    keys.append((solution, step, sample))
                    requests.append(CompletionRequest(begun, seed))
        if not requests:
            continue
        began = time.monotonic()
        completions = generator.complete(requests, sampling)
        seconds = time.monotonic() - began
        graded = outcomes(
            [
                (completion.text, solution.gold_answer, completion.finish_reason)
                for (solution, _, _), completion in zip(keys, completions, strict=True)
            ]
        )
        for (solution, step, sample), request, completion, said in zip(
            keys, requests, completions, graded, strict=True
        ):
            made.outcomes[solution.id, step, sample] = (
                said,
                completion.n_tokens,
                count_prompt_tokens(request, completion),
            )
        read = sum(map(count_prompt_tokens, requests, completions)) // len(samples)
        calls.append((read, sum(c.n_tokens for c in completions), seconds))
        made.seconds += seconds
    made.per_prompt_token, made.per_token = _speeds(calls)
    return made


def _speeds(calls: Sequence[tuple[int, int, float]]) -> tuple[float, float]:
    """Seconds a prompt token and a generated one, by two calls; all on the latter if unclear."""
    if not calls:
        return 0.0, 0.0
    generated = sum(tokens for _, tokens, _ in calls)
    simple = sum(seconds for _, _, seconds in calls) / max(generated, 1)
    if len(calls) < 2 or calls[1][1] <= calls[0][1]:
        return 0.0, simple
    (read, first, short), (_, second, long) = calls
    per_token = max(long - short, 0.0) / (second - first)
    per_prompt_token = (short - per_token * first) / read
    return (per_prompt_token, per_token) if per_prompt_token > 0 else (0.0, simple)


def _cost(config: MCConfig, chosen: Sequence[SolutionRecord], made: _Pilot, whole: float) -> Cost:
    """One strategy's cost for the whole list: a ratio estimate from the pilot."""
    spent = _play(config, chosen, made.outcomes)
    sizes = [sum(remaining_characters(solution.steps)[:-1]) for solution in chosen]
    written = sum(sizes) or 1.0
    scale = whole / written
    generated = sum(one.generated for one in spent)
    ratio = generated / written
    errors = [one.generated - ratio * size for one, size in zip(spent, sizes, strict=True)]
    n = len(errors)
    variance = sum(error**2 for error in errors) / max(n - 1, 1)
    spread = 1.96 * scale * math.sqrt(n * variance)
    value = scale * generated
    seconds = scale * (
        made.per_token * generated + made.per_prompt_token * sum(one.read for one in spent)
    )
    return {
        "tokens_generated": round(value),
        "low": round(max(value - spread, 0.0)),
        "high": round(value + spread),
        "tokens_prompted": round(scale * sum(one.prompted for one in spent)),
        "seconds": round(seconds, 1),
    }


def _play(config: MCConfig, chosen: Sequence[SolutionRecord], pool: Outcomes) -> list[_Spent]:
    """What the strategy would have asked of the pilot, solution by solution.

    `adaptive` plays with its first beliefs: the pilot here is too small to learn from.
    """
    spent = []
    for solution, work in zip(chosen, works(chosen), strict=True):
        planner = Planner(config, pilot=0)
        planner.add([work])
        generated = prompted = read = 0
        while wave := planner.next_wave(config.samples * len(solution.steps)):
            prompts: dict[int, int] = {}
            for probe in wave:
                said, out, begun = pool[probe.solution_id, probe.step, probe.sample]
                planner.record(probe, said)
                generated, prompted = generated + out, prompted + begun
                prompts[probe.step] = begun
            read += sum(prompts.values())
        spent.append(_Spent(generated, prompted, read))
    return spent
