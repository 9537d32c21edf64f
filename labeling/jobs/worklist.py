"""What the annotation jobs share: the work list in segments, progress, and names.

An annotator works through the solutions it has not annotated, in the order of their ids, and
stores every wave in one transaction. A job that was killed gets the same list again and skips
what is finished.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from db import annotations as store
from db.engine import IN_LIST
from db.lists.browse import solution_ids
from db.lists.filters import SolutionFilter
from db.records import AnnotatorRecord, SolutionRecord
from labeling.jobs.runner import JobContext
from models.names import parse_server_name

if TYPE_CHECKING:
    from models.generation.base import Cluster

MOST_CHOSEN = 100_000  # A job keeps the list of a selection in its row.


def segments(
    context: JobContext, annotator: AnnotatorRecord, size: int, *, with_gold: bool = False
) -> Iterator[tuple[int, int, list[SolutionRecord]]]:
    """(solutions before this segment, in all, the segment), the same again for a resumed job.

    The parameter `only`, a filter, is resolved once: what a job changes may not change its list.
    """
    if context.params.get("only"):
        yield from _chosen(context, annotator, size, with_gold)
        return
    dataset = context.params.get("dataset")
    up_to = context.remember(up_to=store.newest_solution_id(context.database))["up_to"]
    scope: dict[str, Any] = {"up_to": up_to, "dataset": dataset, "with_gold": with_gold}
    total = store.count_to_annotate(context.database, annotator.id, context.job.id, **scope)
    done, after = 0, 0
    context.report(0, total, "")
    while True:
        segment = store.solutions_to_annotate(
            context.database, annotator.id, context.job.id, after=after, limit=size, **scope
        )
        if not segment:
            return
        yield done, total, segment
        done, after = done + len(segment), segment[-1].id


def _chosen(
    context: JobContext, annotator: AnnotatorRecord, size: int, with_gold: bool
) -> Iterator[tuple[int, int, list[SolutionRecord]]]:
    ids = context.job.state.get("ids")
    if ids is None:
        wanted = SolutionFilter.from_json(context.params["only"])
        found = solution_ids(context.database, wanted)
        if len(found) > MOST_CHOSEN:
            raise ValueError(
                f"{len(found):,} solutions are chosen, and a job takes {MOST_CHOSEN:,} of a "
                "selection at most. Narrow the filter, or annotate everything."
            )
        ids = context.remember(ids=sorted(found))["ids"]
    context.report(0, len(ids), "")
    for start in range(0, len(ids), min(size, IN_LIST)):
        part = ids[start : start + min(size, IN_LIST)]
        segment = store.solutions_to_annotate(
            context.database,
            annotator.id,
            context.job.id,
            up_to=part[-1],
            after=0,
            limit=len(part),
            with_gold=with_gold,
            ids=part,
        )
        if segment:
            yield start, len(ids), segment


def cluster(params: dict[str, Any]) -> Cluster | None:
    """Where a job's model runs: None here, or by `engine` "ray" in `replicas` with `gpus` each."""
    if params.get("engine", "here") == "here":
        return None
    from models.generation.base import Cluster

    return Cluster(params.get("replicas"), params.get("gpus"))


class Tally:
    """Counts what a run did, for its progress line and its result."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.counts = {"solutions": 0, "rollouts": 0, "replies": 0, "tokens": 0}

    def add(self, **counts: int) -> None:
        """Count solutions, rollouts, replies or generated tokens."""
        for name, count in counts.items():
            self.counts[name] += count

    def message(self, unit: str) -> str:
        """How far and how fast, for the progress line."""
        seconds = max(time.monotonic() - self._began, 1e-6)
        if not self.counts["tokens"]:
            return f"{self.counts['solutions'] / seconds:,.0f} solutions/s"
        return (
            f"{self.counts[unit]:,} {unit}, {self.counts['tokens']:,} tokens, "
            f"{self.counts['tokens'] / seconds:,.0f} tokens/s"
        )

    def result(self, annotator: AnnotatorRecord, unit: str) -> dict[str, Any]:
        """The job's result."""
        return {
            "annotator": annotator.label,
            "solutions": self.counts["solutions"],
            unit: self.counts[unit],
            "tokens_generated": self.counts["tokens"],
            "seconds": round(time.monotonic() - self._began, 1),
        }


def question(solution: SolutionRecord) -> list[dict[str, str]]:
    """The chat that asks a model to solve the solution's problem."""
    return [{"role": "user", "content": solution.problem}]


def short_name(model: str) -> str:
    """A short name for an annotator: what stands last in the model's name."""
    if model.startswith("openai:"):
        return parse_server_name(model.removeprefix("openai:")).model.rsplit("/", 1)[-1]
    return (
        model.rstrip("/").replace("\\", "/").split("/")[-1].split(":")[-1].split("@")[0] or "model"
    )
