"""The three machine annotators as jobs: Monte Carlo, judge, PRM.

Each works through the solutions it has not annotated, in the order of their ids, and stores
every wave in one transaction. A job that was killed gets the same list again, skips what is
finished, and replays stored rollouts through the planner, so that its waves, and with them its
labels, are those of a run that was never disturbed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from db import annotations as store
from db.annotators import ensure_annotator
from db.records import AnnotationRecord, AnnotatorRecord, RolloutRecord, SolutionRecord
from labeling import judge, montecarlo
from labeling.answers import extract_answer, grade, outcome
from labeling.runner import JobContext
from labeling.steps import join_steps

if TYPE_CHECKING:
    from models.generators import Completion, Generator, Sampling

SEGMENT = 512  # Solutions planned together; bounds memory and what a resumed job replays.
WAVE = 512  # Completions asked for together; what a kill -9 can cost.
JUDGE_SEGMENT = 128
PRM_SEGMENT = 256
DEFAULT_THRESHOLD = 0.5


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
        default_name=f"{_short(params['model'])}-k{config.samples}-{config.strategy}",
    )
    tally = _Tally()
    for done, total, segment in _segments(context, annotator, SEGMENT, with_gold=True):
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
    tally: _Tally,
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
                    _question(solutions[probe.solution_id]),
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


def annotate_judge(context: JobContext) -> dict[str, Any]:
    """LLM-as-a-judge (paper 3.1.2, App. C). The prompt's hash is part of the annotator.

    params: model, prompt (a shipped name or a path); optional temperature, max_tokens, seed,
    name, dataset.
    """
    from models.generators import Sampling, load_generator

    params = context.params
    template = judge.load_template(params["prompt"])
    generator = load_generator(params["model"])
    sampling = Sampling(
        temperature=params.get("temperature", template.temperature),
        max_tokens=params.get("max_tokens", template.max_tokens),
    )
    seed = params.get("seed", 0)
    annotator = ensure_annotator(
        context.database,
        "judge",
        params.get("name"),
        {
            "model": params["model"],
            "revision": generator.revision,
            "prompt": template.name,
            "prompt_hash": template.hash,
            "temperature": sampling.temperature,
            "max_tokens": sampling.max_tokens,
            "seed": seed,
        },
        default_name=f"{_short(params['model'])}-{template.name}",
    )
    tally = _Tally()
    for done, total, segment in _segments(context, annotator, JUDGE_SEGMENT):
        finished = store.annotated_ids(context.database, annotator.id, [s.id for s in segment])
        if len(finished) < len(segment):
            annotations = _judge_segment(generator, template, sampling, seed, segment, tally)
            store.save_wave(context.database, annotator.id, context.job.id, annotations)
            tally.add(solutions=len(segment))
        context.report(done + len(segment), total, tally.message("replies"))
    return tally.result(annotator, "replies")


def _judge_segment(
    generator: Generator,
    template: judge.JudgeTemplate,
    sampling: Sampling,
    seed: int,
    segment: list[SolutionRecord],
    tally: _Tally,
) -> list[AnnotationRecord]:
    from models.generators import CompletionRequest

    references = _solve_first(generator, sampling, segment) if template.solve_first else {}
    prompts = [
        judge.messages(template, s.problem, s.steps, references.get(s.problem_id)) for s in segment
    ]
    requests = [
        CompletionRequest(
            generator.prompt_ids(prompt), montecarlo.probe_seed(seed, solution.fingerprint, 0, 0)
        )
        for prompt, solution in zip(prompts, segment, strict=True)
    ]
    replies = generator.complete(requests, sampling)
    tally.add(replies=len(replies), tokens=sum(reply.n_tokens for reply in replies))
    annotations = []
    for solution, prompt, reply in zip(segment, prompts, replies, strict=True):
        verdict = judge.parse_reply(template.contract, reply.text, len(solution.steps))
        annotations.append(
            AnnotationRecord(
                solution.id,
                0,
                judge.scores(verdict.first_error, len(solution.steps)),
                verdict.first_error,
                verdict.status,
                {
                    "prompt": prompt,
                    "sampling": {
                        "temperature": sampling.temperature,
                        "max_tokens": sampling.max_tokens,
                        "seed": seed,
                    },
                    "reply": store.storable(reply.text),
                    "finish_reason": reply.finish_reason,
                    "critiques": [c and store.storable(c) for c in verdict.critiques],
                    "reason": verdict.reason,
                },
            )
        )
    return annotations


def _solve_first(
    generator: Generator, sampling: Sampling, segment: list[SolutionRecord]
) -> dict[int, str]:
    """Problem id -> the judge's own solution, greedy, made without seeing any other."""
    from models.generators import CompletionRequest, Sampling

    problems = {solution.problem_id: solution for solution in segment}
    requests = [
        CompletionRequest(generator.prompt_ids(_question(solution)), 0)
        for solution in problems.values()
    ]
    greedy = Sampling(temperature=0.0, max_tokens=sampling.max_tokens)
    solved = generator.complete(requests, greedy)
    return {
        problem_id: completion.text.strip()
        for problem_id, completion in zip(problems, solved, strict=True)
    }


def annotate_prm(context: JobContext) -> dict[str, Any]:
    """Score every step with a PRM; the first error is the first step under the threshold.

    params: model (a checkpoint); optional name, threshold (default 0.5), dataset.
    """
    from models.prm import load_prm, score_solutions

    params = context.params
    threshold = params.get("threshold", DEFAULT_THRESHOLD)
    prm = load_prm(params["model"])
    annotator = ensure_annotator(
        context.database,
        "prm",
        params.get("name"),
        {
            "model": params["model"],
            "revision": prm.revision,
            "threshold": threshold,
        },
        default_name=_short(params["model"]),
    )
    tally = _Tally()
    for done, total, segment in _segments(context, annotator, PRM_SEGMENT):
        finished = store.annotated_ids(context.database, annotator.id, [s.id for s in segment])
        todo = [solution for solution in segment if solution.id not in finished]
        scored = score_solutions(prm, [(s.problem, s.steps) for s in todo])
        annotations = [
            _prm_annotation(solution.id, scores, threshold)
            for solution, scores in zip(todo, scored, strict=True)
        ]
        store.save_wave(context.database, annotator.id, context.job.id, annotations)
        tally.add(solutions=len(annotations))
        context.report(done + len(segment), total, tally.message("solutions"))
    return tally.result(annotator, "solutions")


def _segments(
    context: JobContext, annotator: AnnotatorRecord, size: int, *, with_gold: bool = False
) -> Iterator[tuple[int, int, list[SolutionRecord]]]:
    """(solutions before this segment, in all, the segment), the same again for a resumed job."""
    dataset = context.params.get("dataset")
    up_to = context.remember(up_to=store.newest_solution_id(context.database))["up_to"]
    scope: dict[str, Any] = {"up_to": up_to, "dataset": dataset, "with_gold": with_gold}
    total = store.count_to_annotate(context.database, annotator.id, context.job.id, **scope)
    done, after = 0, 0
    context.report(0, total, "")
    while True:
        segment = store.solutions_to_annotate(
            context.database, annotator.id, context.job.id, after=after, limit=size, **scope
        )
        if not segment:
            return
        yield done, total, segment
        done, after = done + len(segment), segment[-1].id


class _Tally:
    """Counts what a run did, for its progress line and its result."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.counts = {"solutions": 0, "rollouts": 0, "replies": 0, "tokens": 0}

    def add(self, **counts: int) -> None:
        for name, count in counts.items():
            self.counts[name] += count

    def message(self, unit: str) -> str:
        seconds = max(time.monotonic() - self._began, 1e-6)
        if not self.counts["tokens"]:
            return f"{self.counts['solutions'] / seconds:,.0f} solutions/s"
        return (
            f"{self.counts[unit]:,} {unit}, {self.counts['tokens']:,} tokens, "
            f"{self.counts['tokens'] / seconds:,.0f} tokens/s"
        )

    def result(self, annotator: AnnotatorRecord, unit: str) -> dict[str, Any]:
        return {
            "annotator": annotator.label,
            "solutions": self.counts["solutions"],
            unit: self.counts[unit],
            "tokens_generated": self.counts["tokens"],
            "seconds": round(time.monotonic() - self._began, 1),
        }


def _question(solution: SolutionRecord) -> list[dict[str, str]]:
    return [{"role": "user", "content": solution.problem}]


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
        result.solution_id, 0, tuple(result.scores), result.first_error, result.status, evidence
    )


def _prm_annotation(
    solution_id: int, scores: list[float | None], threshold: float
) -> AnnotationRecord:
    from training.evaluation import first_error_from_scores

    cut = [step for step, score in enumerate(scores) if score is None]
    first_error = first_error_from_scores(scores, threshold)
    # Steps that did not fit into the model's context were not judged: "no error" is not known.
    unfinished = bool(cut) and first_error == -1
    return AnnotationRecord(
        solution_id,
        0,
        tuple(None if score is None else round(score, 6) for score in scores),
        None if unfinished else first_error,
        "unfinished" if unfinished else "ok",
        {"threshold": threshold, "steps_dropped": len(cut)},
    )


def _short(model: str) -> str:
    """A short name for an annotator: what stands last in the model's name."""
    return (
        model.rstrip("/").replace("\\", "/").split("/")[-1].split(":")[-1].split("@")[0] or "model"
    )
