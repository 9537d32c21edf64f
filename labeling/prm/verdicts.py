"""What a PRM's scores of a solution amount to at a threshold: its annotation."""

from __future__ import annotations

from collections.abc import Sequence

from db.records import AnnotationRecord
from labeling.uncertainty import prm_margin

DEFAULT_THRESHOLD = 0.5
DIGITS = 6  # of a stored score


def annotation(
    solution_id: int, annotator_id: int, scores: Sequence[float | None], threshold: float
) -> AnnotationRecord:
    """The first error is the first step under the threshold.

    Everything is of the scores as they are stored, so that deriving it again from what is stored
    gives the same. There is no verdict where a step before any error has no score: it did not fit
    into the model's context and was not judged.
    """
    stored = tuple(None if score is None else round(score, DIGITS) for score in scores)
    first_error = first_error_at(stored, threshold)
    return AnnotationRecord(
        solution_id,
        annotator_id,
        stored,
        first_error,
        "unfinished" if first_error is None else "ok",
        {"threshold": threshold, "steps_dropped": stored.count(None)},
        margin=prm_margin(stored, first_error, threshold),
    )


def first_error_at(scores: Sequence[float | None], threshold: float) -> int | None:
    """The first step under the threshold, -1 for none; None where an unscored one comes before."""
    from training.metrics.processbench.evaluation import first_error_from_scores

    return first_error_from_scores(scores, threshold)
