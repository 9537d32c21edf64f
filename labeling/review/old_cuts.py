"""What machines said of the cut that a solution was made from, beside its new steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from db.annotations import annotations_of
from db.annotators import list_annotators
from db.engine import Database
from db.records import AnnotationRecord, SolutionRecord
from db.review.recuts import lineages
from db.review.steps import Cut, cut_of
from db.solutions import get_solution


def of_old_cuts(
    database: Database, solutions: Sequence[SolutionRecord]
) -> dict[int, list[AnnotationRecord]]:
    """For each that was cut from others: an annotation a machine, the newest cut that it knows.

    A step that is one of the old ones has what was said of that; other steps have nothing. The
    evidence keeps counts for steps alone.
    """
    found: dict[int, list[AnnotationRecord]] = {}
    cut_from = lineages(database, [solution.id for solution in solutions])
    if not any(cut_from.values()):
        return found
    machines = {one.id for one in list_annotators(database) if one.kind != "human"}
    for solution in solutions:
        said: dict[int, AnnotationRecord] = {}
        for old in cut_from[solution.id]:
            cut = cut_of(get_solution(database, old).steps, solution.steps)
            for one in annotations_of(database, [old]):
                if one.annotator_id in machines:
                    said.setdefault(one.annotator_id, _on_new(one, cut))
        found[solution.id] = list(said.values())
    return found


def _on_new(said: AnnotationRecord, cut: Cut) -> AnnotationRecord:
    n_old = 1 + max(at for part in cut.parts for at in part)
    scores = [*said.scores, *[None] * n_old]
    counts = {
        name: list(cut.whole([*values, *[None] * n_old]))
        for name in ("successes", "trials")
        if (values := said.evidence.get(name))
    }
    return replace(
        said,
        scores=cut.whole(scores),
        first_error=cut.first_error(said.first_error),
        evidence=counts,
    )
