"""PRM scores as a job: P(correct) of every step, and the first step under the threshold."""

from __future__ import annotations

from typing import Any

from db import annotations as store
from labeling.evaluation.provenance import remember_training
from labeling.jobs.cluster import cluster
from labeling.jobs.context import JobContext
from labeling.jobs.tally import Tally
from labeling.jobs.worklist import job_list
from labeling.prm.annotators import scoring_annotator
from labeling.prm.verdicts import annotation
from models.names import short_name

# Solutions a replica scores before they are stored together; what a kill -9 can cost.
SEGMENT = 256


def annotate_prm(context: JobContext) -> dict[str, Any]:
    """Score every step with a PRM; the first error is the first step under the threshold.

    params: model (a checkpoint); optional scheme (docs/prms.md; recognised if left out), dtype
    (what it computes in), name, threshold (else what the annotator has, or 0.5), dataset; where it
    runs (see `cluster`).
    """
    from models.prm.load import load_scorer
    from models.prm.schemes import OWN

    params = context.params
    dtype = params.get("dtype")
    prm = load_scorer(params["model"], params.get("scheme"), cluster(params), dtype)
    if prm.warning:
        context.report(0, 0, prm.warning)
    # Part of what makes scores reproducible; annotators from before there were schemes are ours.
    scheme = {} if prm.scheme == OWN else {"scheme": prm.scheme}
    annotator = scoring_annotator(
        context.database,
        "prm",
        params.get("name"),
        {
            "model": params["model"],
            "revision": prm.revision,
            **scheme,
            **({"dtype": dtype} if dtype else {}),
        },
        params.get("threshold"),
        default_name=short_name(params["model"]),
    )
    threshold = annotator.config["threshold"]
    remember_training(context.database, annotator)
    tally, dropped = Tally(), 0
    size = SEGMENT * (params.get("replicas") or 1)
    work = job_list(context, annotator)
    for done, total, segment in work.segments(size):
        finished = store.annotated_ids(context.database, annotator.id, [s.id for s in segment])
        todo = [solution for solution in segment if solution.id not in finished]
        scored = prm.score([(s.problem, s.steps) for s in todo])
        annotations = [
            annotation(solution.id, annotator.id, scores, threshold)
            for solution, scores in zip(todo, scored, strict=True)
        ]
        store.save_wave(context.database, annotator.id, context.job, annotations)
        tally.add(solutions=len(annotations))
        dropped += sum(scores.count(None) for scores in scored)
        message = tally.message("solutions")
        if dropped:
            message += f", {dropped:,} steps beyond the model's context dropped"
        if prm.warning:
            message += f". {prm.warning}"
        context.report(done + len(segment), total, message)
    return {
        **tally.result(annotator, work, "solutions"),
        "steps_dropped": dropped,
        "warning": prm.warning,
    }
