"""Monte-Carlo annotation as a job: waves of completions planned by labeling.montecarlo.

A resumed job replays stored rollouts through the planner, so that its waves, and with them its
labels, are those of a run that was never disturbed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from db import annotations as store
from db.annotators import ensure_annotator
from db.records import AnnotationRecord, AnnotatorRecord, RolloutRecord, SolutionRecord
from labeling import montecarlo
from labeling.annotation import Tally, question, segments, short_name
from labeling.answers import extract_answer, grade, outcome
from labeling.margin import mc_margin
from labeling.runner import JobContext
from labeling.steps import join_steps

if TYPE_CHECKING:
    from models.generators import Completion, Generator, Sampling

SEGMENT = 512  # Solutions planned together; bounds memory and what a resumed job replays.
WAVE = 512  # Completions asked for together; what a kill -9 can cost.


def annotate_mc(context: JobContext) -> dict[str, Any]:
    """Monte-Carlo annotation (paper 2.1). Solutions without a gold answer are left out.

    params: model, samples, strategy, seed; optional temperature, top_p, max_tokens, name,
    dataset, wave.
    """
    from models.generators import Sampling, default_temperature, load_generator

    params = context.params
    generator = load_generator(params["model"])
    temperature = params.get("temperature")
    sampling = Sampling(
        temperature=default_temperature(generator) if temperature is None else temperature,
        top_p=params.get("top_p", 1.0),
        max_tokens=params.get("max_tokens", 512),
    )
    config = montecarlo.MCConfig(
        samples=params["samples"], strategy=params["strategy"], seed=params["seed"]
    )
    annotator = ensure_annotator(
        context.database,
        "mc",
        params.get("name"),
        {
            "model": params["model"],
            "revision": generator.revision,
            "samples": config.samples,
            "strategy": config.strategy,
            "seed": config.seed,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
        },
        default_name=f"{short_name(params['model'])}-k{config.samples}-{config.strategy}",
    )
    tally = Tally()
    for done, total, segment in segments(context, annotator, SEGMENT, with_gold=True):
        finished = store.annotated_ids(context.database, annotator.id, [s.id for s in segment])
        if len(finished) < len(segment):
            _mc_segment(
                context, annotator, generator, sampling, config, segment, done, total, tally
            )
    return tally.result(annotator, "rollouts")


def _mc_segment(
    context: JobContext,
    annotator: AnnotatorRecord,
    generator: Generator,
    sampling: Sampling,
    config: montecarlo.MCConfig,
    segment: list[SolutionRecord],
    done: int,
    total: int,
    tally: Tally,
) -> None:
    from models.generators import CompletionRequest

    database = context.database
    solutions = {solution.id: solution for solution in segment}
    known = store.stored_rollouts(database, annotator.id, list(solutions))
    planner = montecarlo.Planner(config)
    planner.add(
        [
            montecarlo.Work(solution.id, len(solution.steps), _answer_is_correct(solution))
            for solution in segment
        ]
    )
    ended = 0
    while not planner.done:
        wave = planner.next_wave(context.params.get("wave", WAVE))
        # All of a wave or nothing of it is stored, so a replayed wave asks for nothing.
        asked = [probe for probe in wave if _key(probe) not in known]
        requests = [
            CompletionRequest(
                generator.prompt_ids(
                    question(solutions[probe.solution_id]),
                    join_steps(solutions[probe.solution_id].steps[: probe.step + 1]) + "\n\n",
                ),
                montecarlo.probe_seed(
                    config.seed,
                    solutions[probe.solution_id].fingerprint,
                    probe.step,
                    probe.sample,
                ),
            )
            for probe in asked
        ]
        completions = generator.complete(requests, sampling) if requests else []
        rollouts = [
            _rollout(probe, completion, solutions[probe.solution_id].gold_answer)
            for probe, completion in zip(asked, completions, strict=True)
        ]
        tally.add(rollouts=len(rollouts), tokens=sum(r.n_tokens for r in rollouts))
        new = {(r.solution_id, r.step, r.sample): r.outcome for r in rollouts}
        for probe in wave:
            key = _key(probe)
            planner.record(probe, cast(montecarlo.Outcome, known.get(key) or new[key]))
        results = planner.take_finished()
        store.save_wave(
            database, annotator.id, context.job.id, [_mc_annotation(r) for r in results], rollouts
        )
        ended += len(results)
        tally.add(solutions=len(results))
        context.report(done + ended, total, tally.message("rollouts"))


def _answer_is_correct(solution: SolutionRecord) -> bool | None:
    if solution.is_correct is not None:
        return solution.is_correct
    answer = solution.final_answer or extract_answer(solution.steps[-1])
    if answer is None or solution.gold_answer is None:
        return None
    verdict = grade(answer, solution.gold_answer)
    return None if verdict == "unknown" else verdict == "correct"


def _key(probe: montecarlo.Probe) -> tuple[int, int, int]:
    return probe.solution_id, probe.step, probe.sample


def _rollout(probe: montecarlo.Probe, completion: Completion, gold: str | None) -> RolloutRecord:
    return RolloutRecord(
        probe.solution_id,
        probe.step,
        probe.sample,
        completion.text,
        extract_answer(completion.text),
        outcome(completion.text, gold, completion.finish_reason),
        completion.n_tokens,
    )


def _mc_annotation(result: montecarlo.MCResult) -> AnnotationRecord:
    evidence = {
        "successes": list(result.successes),
        "trials": list(result.trials),
        "unfinished": list(result.unfinished),
        "unknown": list(result.unknown),
    }
    return AnnotationRecord(
        result.solution_id,
        0,
        tuple(result.scores),
        result.first_error,
        result.status,
        evidence,
        margin=mc_margin(result.successes, result.trials, result.first_error),
    )
