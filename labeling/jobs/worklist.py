"""What an annotation job works through: the solutions its annotator has not annotated.

They come in the order of their ids, in segments. A job that was killed gets the same list again,
with what it finished still on it, and skips that itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from db import solutions as store
from db.engine import IN_LIST, Database
from db.lists.browse import solution_ids
from db.lists.filters import SolutionFilter
from db.records import AnnotatorRecord, SolutionRecord
from labeling.jobs.context import JobContext

MOST_CHOSEN = 100_000  # A job keeps the list of a selection in its row.
NO_JOB = 0  # ids begin at 1

Segment = tuple[int, int, list[SolutionRecord]]  # solutions before it, in all, and itself


@dataclass(frozen=True, slots=True)
class WorkList:
    """The solutions up to the id `up_to`, or those of `ids`, that an annotator lacks."""

    database: Database
    annotator_id: int
    up_to: int
    ids: tuple[int, ...] | None = None
    dataset: str | None = None
    with_gold: bool = False
    job_id: int = NO_JOB  # what this job has annotated stays on its list

    def total(self) -> int:
        """How many solutions `segments` counts."""
        if self.ids is not None:
            return len(self.ids)
        return store.count_to_annotate(
            self.database,
            self.annotator_id,
            self.job_id,
            up_to=self.up_to,
            dataset=self.dataset,
            with_gold=self.with_gold,
        )

    def segments(self, size: int) -> Iterator[Segment]:
        """The list in parts of at most `size` solutions."""
        total = self.total()
        if self.ids is None:
            done, after = 0, 0
            while segment := self._read(after, self.up_to, size):
                yield done, total, segment
                done, after = done + len(segment), segment[-1].id
            return
        size = min(size, IN_LIST)
        for start in range(0, total, size):
            part = self.ids[start : start + size]
            if segment := self._read(0, part[-1], size, part):
                yield start, total, segment

    def _read(
        self, after: int, up_to: int, limit: int, ids: tuple[int, ...] | None = None
    ) -> list[SolutionRecord]:
        return store.solutions_to_annotate(
            self.database,
            self.annotator_id,
            self.job_id,
            up_to=up_to,
            after=after,
            limit=limit,
            dataset=self.dataset,
            with_gold=self.with_gold,
            ids=ids,
        )


def work_list(
    database: Database, annotator_id: int, params: dict[str, Any], *, with_gold: bool = False
) -> WorkList:
    """What a job with these `params` would begin with now.

    params: optional `dataset`, or `only`, a filter. Raises ValueError for one that chooses more
    than MOST_CHOSEN solutions.
    """
    if not params.get("only"):
        newest = store.newest_solution_id(database)
        return WorkList(database, annotator_id, newest, None, params.get("dataset"), with_gold)
    found = sorted(solution_ids(database, SolutionFilter.from_json(params["only"])))
    if len(found) > MOST_CHOSEN:
        raise ValueError(
            f"{len(found):,} solutions are chosen, and a job takes {MOST_CHOSEN:,} of a "
            "selection at most. Narrow the filter, or annotate everything."
        )
    return WorkList(database, annotator_id, max(found, default=0), tuple(found), None, with_gold)


def job_list(
    context: JobContext, annotator: AnnotatorRecord, *, with_gold: bool = False
) -> WorkList:
    """The job's own list, fixed at its first start: what a job changes may not change its list."""
    begun = context.job.state.get("list")
    if begun is None:
        work = work_list(context.database, annotator.id, context.params, with_gold=with_gold)
        context.remember(list={"up_to": work.up_to, "ids": work.ids})
    else:
        ids = None if begun["ids"] is None else tuple(begun["ids"])
        dataset = context.params.get("dataset")
        work = WorkList(context.database, annotator.id, begun["up_to"], ids, dataset, with_gold)
    work = replace(work, job_id=context.job.id)
    context.report(0, work.total(), "")
    return work
