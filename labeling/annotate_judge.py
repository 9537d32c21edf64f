"""LLM-as-a-judge as a job: prompt, sampling, raw reply and parse are all stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from db import annotations as store
from db.annotators import ensure_annotator
from db.records import AnnotationRecord, SolutionRecord
from labeling import judge, montecarlo
from labeling.annotation import Tally, question, segments, short_name
from labeling.runner import JobContext

if TYPE_CHECKING:
    from models.generators import Generator, Sampling

SEGMENT = 128  # Solutions judged and stored together; what a kill -9 can cost.


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
        default_name=f"{short_name(params['model'])}-{template.name}",
    )
    tally = Tally()
    for done, total, segment in segments(context, annotator, SEGMENT):
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
    tally: Tally,
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
        CompletionRequest(generator.prompt_ids(question(solution)), 0)
        for solution in problems.values()
    ]
    greedy = Sampling(temperature=0.0, max_tokens=sampling.max_tokens)
    solved = generator.complete(requests, greedy)
    return {
        problem_id: completion.text.strip()
        for problem_id, completion in zip(problems, solved, strict=True)
    }
