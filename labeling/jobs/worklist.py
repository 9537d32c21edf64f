"""What an annotation job works through: the solutions its annotator has not annotated.

They come in the order of their ids, in segments. A job that was killed gets the same list again,
with what it finished still on it, and skips that itself; what came since follows behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from db import solutions as store
from db.annotations import annotated_ids
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
    """The solutions that an annotator lacks, in parts: one for each start that found new ones.

    A part ends at the newest solution id of its time (`bounds`), or is the ids that a filter chose
    (`chosen`). Segments never reach from one part into the next, so they stay the same.
    """

    database: Database
    annotator_id: int
    bounds: tuple[int, ...] = ()
    chosen: tuple[tuple[int, ...], ...] | None = None
    dataset: str | None = None
    with_gold: bool = False
    job_id: int = NO_JOB  # what this job has annotated stays on its list

    def total(self) -> int:
        """How many solutions `segments` counts."""
        if self.chosen is not None:
            return sum(map(len, self.chosen))
        return store.count_to_annotate(
            self.database,
            self.annotator_id,
            self.job_id,
            up_to=max(self.bounds, default=0),
            dataset=self.dataset,
            with_gold=self.with_gold,
        )

    def added(self) -> int:
        """How many of them came after the job's first start."""
        chosen = None if self.chosen is None else self.chosen[:1]
        return self.total() - replace(self, bounds=self.bounds[:1], chosen=chosen).total()

    def segments(self, size: int) -> Iterator[Segment]:
        """The list in lists of at most `size` solutions."""
        total, done, after = self.total(), 0, 0
        for bound in self.bounds:
            while segment := self._read(after, bound, size):
                yield done, total, segment
                done, after = done + len(segment), segment[-1].id
        size = min(size, IN_LIST)
        for ids in self.chosen or ():
            for start in range(0, len(ids), size):
                some = ids[start : start + size]
                if segment := self._read(0, some[-1], size, some):
                    yield done, total, segment
                done += len(some)

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
    """What a job with these `params` would begin with now, in one part.

    params: optional `dataset`, or `only`, a filter. Raises ValueError for one that chooses more
    than MOST_CHOSEN solutions.
    """
    if not params.get("only"):
        bounds = (store.newest_solution_id(database),)
        return WorkList(database, annotator_id, bounds, None, params.get("dataset"), with_gold)
    found = sorted(solution_ids(database, SolutionFilter.from_json(params["only"])))
    if len(found) > MOST_CHOSEN:
        raise ValueError(
            f"{len(found):,} solutions are chosen, and a job takes {MOST_CHOSEN:,} of a "
            "selection at most. Narrow the filter, or annotate everything."
        )
    return WorkList(database, annotator_id, (), (tuple(found),), None, with_gold)


def job_list(
    context: JobContext, annotator: AnnotatorRecord, *, with_gold: bool = False
) -> WorkList:
    """The job's own list: what it had at its earlier starts, and behind that what came since.

    It is remembered before the work begins: what a job changes may not change its list.
    """
    now = work_list(context.database, annotator.id, context.params, with_gold=with_gold)
    before = context.job.state.get("list", {"bounds": [], "chosen": None})
    bounds = tuple(dict.fromkeys([*before["bounds"], *now.bounds]))
    chosen = now.chosen
    if now.chosen is not None and before["chosen"] is not None:
        chosen = tuple(map(tuple, before["chosen"]))
        known = {one for ids in chosen for one in ids}
        new = [one for one in now.chosen[0] if one not in known]
        done = annotated_ids(context.database, annotator.id, new)
        new = [one for one in new if one not in done]
        chosen = (*chosen, tuple(new)) if new else chosen
    context.remember(list={"bounds": bounds, "chosen": chosen})
    work = replace(now, bounds=bounds, chosen=chosen, job_id=context.job.id)
    context.report(0, work.total(), "")
    return work
