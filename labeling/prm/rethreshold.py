"""Another threshold for a PRM or judge that has scored, as a job: verdicts derived anew.

The annotator stays the one it is: its scores are the same, and only where they are cut changes.
Its configuration, and with it its hash, says the new threshold. What was said under the old one
stays true, since evaluations and exports carry the threshold they were made with; this job's row
remembers which that was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from db import annotations as store
from db import annotators, jobs
from db.engine import Database
from db.records import AnnotatorRecord
from labeling.jobs.context import JobContext
from labeling.prm.verdicts import annotation

SEGMENT = 500  # annotations to a transaction


def rethreshold(context: JobContext) -> dict[str, Any]:
    """Derive every verdict of a PRM again from its stored scores, at another threshold.

    params: annotator ("prm:NAME"), threshold (0 to 1). A resumed job goes on where it stopped,
    unless the annotator has had another threshold meanwhile: then it begins anew. Raises
    ValueError for what is no PRM with a threshold, and while the PRM is scoring.
    """
    database, params = context.database, context.params
    threshold = float(params["threshold"])
    annotator = annotators.find_annotator(database, params["annotator"])
    before = _checked(database, annotator, threshold)
    if before != threshold:
        # The state first: were it lost, rows of the threshold between would be passed over.
        context.remember(after=0, before=before)
        annotators.set_threshold(database, context.job, annotator.id, threshold)
    total = store.count_annotated(database, annotator.id)
    after = context.job.state.get("after", 0)
    done = store.count_annotated(database, annotator.id, up_to=after)
    changed = context.job.state.get("changed", 0) if after else 0
    while segment := store.annotations_by(database, annotator.id, after=after, limit=SEGMENT):
        derived = [
            # What else is known of a scoring stays with it: a judge's reasons, say.
            replace(
                new,
                evidence={**old.evidence, **new.evidence},
                status=new.status
                if (new.first_error, old.first_error) != (None, None)
                else old.status,
            )
            for old in segment
            for new in [annotation(old.solution_id, annotator.id, old.scores, threshold)]
        ]
        store.revise(database, context.job, derived)
        changed += sum(
            old.first_error != new.first_error for old, new in zip(segment, derived, strict=True)
        )
        after, done = segment[-1].solution_id, done + len(segment)
        context.remember(after=after, changed=changed)
        context.report(done, total, f"{changed:,} verdicts changed")
    return {
        "annotator": annotator.label,
        "threshold": threshold,
        "threshold_before": context.job.state.get("before", before),
        "solutions": done,
        "changed": changed,
    }


def _checked(database: Database, annotator: AnnotatorRecord, threshold: float) -> float:
    """The threshold that the annotator has; ValueError where it cannot be given another one."""
    if not 0 <= threshold <= 1:
        raise ValueError(f"a threshold is from 0 to 1, not {threshold}")
    before = annotator.config.get("threshold")
    if before is None or not annotator.has_threshold:
        raise ValueError(f"{annotator.label} has no threshold; only who scores steps has")
    model = annotator.config.get("model")  # None where the scores came from files
    for job in jobs.list_jobs(database):
        scores = job.kind == f"annotate_{annotator.kind}" and job.params.get("model") == model
        imports = job.kind == "import_scores" and job.params.get("name") == annotator.name
        if (scores or imports) and jobs.is_alive(job):
            raise ValueError(
                f"job {job.id} scores with this model now, at the threshold it began with. "
                "Wait for its end, or cancel it first."
            )
    return float(before)
