"""LLM-as-a-judge as a job: prompt, sampling, raw reply and parse are all stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from db import annotations as store
from db.annotators import ensure_annotator
from db.records import AnnotationRecord, SolutionRecord
from labeling.jobs.cluster import cluster
from labeling.jobs.context import JobContext
from labeling.jobs.tally import Tally
from labeling.jobs.worklist import job_list
from labeling.judge import templates
from labeling.judge.replies import parse_reply
from labeling.prompt import question
from labeling.seeds import completion_seed
from labeling.uncertainty import vote_margin
from models.names import short_name

if TYPE_CHECKING:
    from models.generation.base import Completion, Generator, Sampling

SEGMENT = 128  # Solutions judged and stored together, at least; what a kill -9 can cost.
VOTING_TEMPERATURE = 1.0  # of several replies, unless the prompt or the user says otherwise


def annotate_judge(context: JobContext) -> dict[str, Any]:
    """LLM-as-a-judge (paper 3.1.2, App. C). The prompt's hash is part of the annotator.

    params: model, prompt (a shipped name or a path); optional votes (replies to take a majority
    of, default 1), temperature, max_tokens, seed, name, dataset; where it runs (see `cluster`).
    """
    from models.generation.base import Sampling
    from models.generation.load import load_generator

    params = context.params
    template = templates.load_template(params["prompt"])
    generator = load_generator(params["model"], cluster(params))
    votes = params.get("votes", 1)
    # Replies at temperature 0 are all the same: a vote needs different ones.
    usual = template.temperature or (VOTING_TEMPERATURE if votes > 1 else 0.0)
    sampling = Sampling(
        temperature=params.get("temperature", usual),
        max_tokens=params.get("max_tokens", template.max_tokens),
    )
    if votes > 1 and sampling.temperature == 0:
        raise ValueError(f"{votes} replies at temperature 0 are {votes} times the same; raise it")
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
            **({"votes": votes} if votes > 1 else {}),
        },
        default_name=f"{short_name(params['model'])}-{template.name}"
        + (f"-{votes}votes" if votes > 1 else ""),
    )
    tally = Tally()
    work = job_list(context, annotator)
    for done, total, segment in work.segments(max(SEGMENT, generator.batch_size)):
        finished = store.annotated_ids(context.database, annotator.id, [s.id for s in segment])
        if len(finished) < len(segment):
            annotations = _judge_segment(generator, template, sampling, seed, votes, segment, tally)
            store.save_wave(context.database, annotator.id, context.job.id, annotations)
            tally.add(solutions=len(segment))
        context.report(done + len(segment), total, tally.message("replies"))
    return tally.result(annotator, "replies")


def _judge_segment(
    generator: Generator,
    template: templates.JudgeTemplate,
    sampling: Sampling,
    seed: int,
    votes: int,
    segment: list[SolutionRecord],
    tally: Tally,
) -> list[AnnotationRecord]:
    from models.generation.base import CompletionRequest

    references = _solve_first(generator, sampling, segment) if template.solve_first else {}
    prompts = [
        templates.messages(template, s.problem, s.steps, references.get(s.problem_id))
        for s in segment
    ]
    requests = [
        CompletionRequest(ids, completion_seed(seed, solution.fingerprint, 0, vote))
        for ids, solution in zip(map(generator.prompt_ids, prompts), segment, strict=True)
        for vote in range(votes)
    ]
    replies = generator.complete(requests, sampling)
    tally.add(replies=len(replies), tokens=sum(reply.n_tokens for reply in replies))
    asked = {
        "temperature": sampling.temperature,
        "max_tokens": sampling.max_tokens,
        "seed": seed,
    }
    return [
        _annotation(template, solution, prompt, replies[at * votes : (at + 1) * votes], asked)
        for at, (solution, prompt) in enumerate(zip(segment, prompts, strict=True))
    ]


def _annotation(
    template: templates.JudgeTemplate,
    solution: SolutionRecord,
    prompt: list[dict[str, str]],
    replies: Sequence[Completion],
    asked: dict[str, Any],
) -> AnnotationRecord:
    """The majority of the replies; the critique shown is that of the first reply with it."""
    n_steps = len(solution.steps)
    verdicts = [parse_reply(template.contract, reply.text, n_steps) for reply in replies]
    first_error, share = templates.majority_vote(verdicts)
    agreeing = (at for at, one in enumerate(verdicts) if one.first_error == first_error)
    shown = next(agreeing, 0)
    verdict, reply = verdicts[shown], replies[shown]
    evidence: dict[str, Any] = {
        "prompt": prompt,
        "sampling": asked,
        "reply": store.storable(reply.text),
        "finish_reason": reply.finish_reason,
        "critiques": [c and store.storable(c) for c in verdict.critiques],
        "reason": verdict.reason,
    }
    if len(replies) > 1:
        evidence["votes"] = {"share": share, "n": len(replies)}
        evidence["replies"] = [store.storable(one.text) for one in replies]
        if first_error is None and verdict.first_error is not None:
            evidence["reason"] = "no verdict has most of the votes"
    return AnnotationRecord(
        solution.id,
        0,
        templates.scores(first_error, n_steps),
        first_error,
        verdict.status if verdict.first_error == first_error else "unparsed",
        evidence,
        margin=vote_margin(share, first_error) if len(replies) > 1 else None,
    )


def _solve_first(
    generator: Generator, sampling: Sampling, segment: list[SolutionRecord]
) -> dict[int, str]:
    """Problem id -> the judge's own solution, greedy, made without seeing any other."""
    from models.generation.base import CompletionRequest, Sampling

    problems = {solution.problem_id: solution for solution in segment}
    requests = [
        CompletionRequest(generator.prompt_ids(question(solution.problem)), 0)
        for solution in problems.values()
    ]
    greedy = Sampling(temperature=0.0, max_tokens=sampling.max_tokens)
    solved = generator.complete(requests, greedy)
    return {
        problem_id: completion.text.strip()
        for problem_id, completion in zip(problems, solved, strict=True)
    }
