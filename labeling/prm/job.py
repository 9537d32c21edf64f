"""PRM scores as a job: P(correct) of every step, and the first step under the threshold."""

from __future__ import annotations

from typing import Any

from db import annotations as store
from db.annotators import ensure_annotator
from db.records import AnnotationRecord
from labeling.evaluation.provenance import remember_training
from labeling.jobs.cluster import cluster
from labeling.jobs.context import JobContext
from labeling.jobs.tally import Tally
from labeling.jobs.worklist import job_list
from labeling.uncertainty import prm_margin
from models.names import short_name

# Solutions a replica scores before they are stored together; what a kill -9 can cost.
SEGMENT = 256
DEFAULT_THRESHOLD = 0.5


def annotate_prm(context: JobContext) -> dict[str, Any]:
    """Score every step with a PRM; the first error is the first step under the threshold.

    params: model (a checkpoint); optional scheme (docs/prms.md; recognised if left out), dtype
    (what it computes in), name, threshold (default 0.5), dataset; where it runs (see `cluster`).
    """
    from models.prm.load import load_scorer
    from models.prm.schemes import OWN

    params = context.params
    threshold = params.get("threshold", DEFAULT_THRESHOLD)
    dtype = params.get("dtype")
    prm = load_scorer(params["model"], params.get("scheme"), cluster(params), dtype)
    if prm.warning:
        context.report(0, 0, prm.warning)
    # Part of what makes scores reproducible; annotators from before there were schemes are ours.
    scheme = {} if prm.scheme == OWN else {"scheme": prm.scheme}
    annotator = ensure_annotator(
        context.database,
        "prm",
        params.get("name"),
        {
            "model": params["model"],
            "revision": prm.revision,
            "threshold": threshold,
            **scheme,
            **({"dtype": dtype} if dtype else {}),
        },
        default_name=short_name(params["model"]),
    )
    remember_training(context.database, annotator)
    tally, dropped = Tally(), 0
    size = SEGMENT * (params.get("replicas") or 1)
    work = job_list(context, annotator)
    for done, total, segment in work.segments(size):
        finished = store.annotated_ids(context.database, annotator.id, [s.id for s in segment])
        todo = [solution for solution in segment if solution.id not in finished]
        scored = prm.score([(s.problem, s.steps) for s in todo])
        annotations = [
            _prm_annotation(solution.id, scores, threshold)
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


def _prm_annotation(
    solution_id: int, scores: list[float | None], threshold: float
) -> AnnotationRecord:
    from training.evaluation import first_error_from_scores

    # None where a step before any error did not fit into the model's context: it was not judged.
    first_error = first_error_from_scores(scores, threshold)
    return AnnotationRecord(
        solution_id,
        0,
        tuple(None if score is None else round(score, 6) for score in scores),
        first_error,
        "unfinished" if first_error is None else "ok",
        {"threshold": threshold, "steps_dropped": scores.count(None)},
        margin=prm_margin(scores, first_error, threshold),
    )
