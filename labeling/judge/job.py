"""LLM-as-a-judge as a job: prompt, sampling, raw reply and parse are all stored."""

from __future__ import annotations

from typing import Any

from db import annotations as store
from db.annotators import ensure_annotator
from db.records import FAILED
from labeling.jobs.cluster import cluster
from labeling.jobs.context import JobContext
from labeling.jobs.tally import Tally
from labeling.jobs.worklist import job_list
from labeling.judge.asking import Judge
from labeling.judge.templates import JudgeError, JudgeTemplate, YesNo, load_template
from labeling.judge.weighing import WeighingJudge
from labeling.prm.annotators import scoring_annotator
from models.errors import ModelError
from models.names import short_name

SEGMENT = 128  # Solutions read from the database together, at least.
HOPELESS = 16  # Solutions that all fail before any does not: the rest would fail too.
STEPS = 8  # of a solution, or so: requests to it where each prefix is asked about
VOTING_TEMPERATURE = 1.0  # of several replies, unless the prompt or the user says otherwise


def annotate_judge(context: JobContext) -> dict[str, Any]:
    """LLM-as-a-judge (paper 3.1.2, App. C). The prompt's hash is part of the annotator.

    params: model, prompt (a shipped name or a path); optional score ("verdict", or "logprob" to
    keep P(yes) of each step; else what the prompt is for), threshold (of logprob), votes (replies
    to take a majority or the mean of, default 1), temperature, max_tokens, seed, name, dataset;
    where it runs (`cluster`).
    A wave of solutions is stored as it comes. One that fails is stored with its reason, and is
    asked about again by the next job of the same annotator; the result counts both.
    """
    from models.generation.base import Sampling, left_out
    from models.generation.load import load_generator

    params = context.params
    template = load_template(params["prompt"])
    weighs = _weighs(template, params)
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
    config = {
        "model": params["model"],
        "revision": generator.revision,
        "prompt": template.name,
        "prompt_hash": template.hash,
        "temperature": sampling.temperature,
        "max_tokens": sampling.max_tokens,
        "seed": seed,
        **({"votes": votes} if votes > 1 else {}),
    }
    name = f"{short_name(params['model'])}-{template.name}"
    name += f"-{votes}votes" if votes > 1 else ""
    database, given = context.database, params.get("name")
    judge: Judge | WeighingJudge
    if weighs is None:
        annotator = ensure_annotator(database, "judge", given, config, default_name=name)
        judge = Judge(generator, template, sampling, seed, votes)
    else:
        config["score"] = "logprob"
        annotator = scoring_annotator(
            database, "judge", given, config, params.get("threshold"), default_name=name
        )
        threshold = annotator.config["threshold"]
        judge = WeighingJudge(generator, template, weighs, sampling, threshold, seed, votes)
    each = votes * (STEPS if weighs and weighs.per == "step" else 1)
    width = max(1, 2 * generator.batch_size // each)
    tally, failed = Tally(), 0
    failed_before = store.count_failed(context.database, annotator.id)
    again = f", {failed_before:,} failed before" if failed_before else ""
    work = job_list(context, annotator)
    for done, total, segment in work.segments(max(SEGMENT, generator.batch_size)):
        finished = store.annotated_ids(context.database, annotator.id, [s.id for s in segment])
        todo = [solution for solution in segment if solution.id not in finished]
        done += len(finished)
        context.report(done, total, tally.message("replies") + again)
        for start in range(0, len(todo), width):
            wave = todo[start : start + width]
            said = judge.annotate(wave)
            store.save_wave(context.database, annotator.id, context.job, said.annotations)
            reasons = [one.evidence["reason"] for one in said.annotations if one.status == FAILED]
            failed += len(reasons)
            tally.add(
                solutions=len(said.annotations) - len(reasons),
                replies=len(said.replies),
                tokens=sum(reply.n_tokens for reply in said.replies),
            )
            if said.ended is not None:
                raise said.ended
            if failed >= HOPELESS and not tally.counts["solutions"]:
                raise ModelError(f"All of the first {failed:,} requests failed: {reasons[-1]}")
            done += len(wave)
            message = tally.message("replies") + again
            message += f", {failed:,} failed" if failed else ""
            context.report(done, total, message + left_out(generator))
    return {
        **tally.result(annotator, work, "replies"),
        "failed": failed,
        "failed_before": failed_before,
    }


def _weighs(template: JudgeTemplate, params: dict[str, Any]) -> YesNo | None:
    """How the prompt's verdicts are weighed; None where they are read.

    Raises JudgeError where the prompt asks for something else than `score` needs.
    """
    wanted = params.get("score")
    weighs = template.yes_no is not None
    if wanted == "logprob" and not weighs:
        raise JudgeError(
            f"the prompt {template.name} asks for a first error, and --score logprob needs one "
            "that asks for yes or no: --prompt genprm or thinkprm, or your own (docs/judge.md)"
        )
    if wanted == "verdict" and weighs:
        raise JudgeError(f"the prompt {template.name} asks for yes or no: give --score logprob")
    if not weighs and "threshold" in params:
        raise JudgeError("a judge has a threshold with --score logprob only")
    return template.yes_no
