"""Review queues: which solutions each of them holds, and in which order.

What a queue is called and why a solution is in it is said in `labeling.review.queues`; who is
handed which solution is decided in `db.review.leases`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import aliased

from db.engine import Database
from db.lists.browse import sorted_by
from db.lists.comparison import compared_annotators
from db.lists.filters import SolutionFilter, narrow
from db.lists.kinds import is_of
from db.records import DISAGREEMENTS, AnnotatorKind
from db.schema import Annotation, Annotator, Solution, SolutionIndex

# Narrows a query over SolutionIndex to what a queue holds, and puts it in order.
Members = Callable[[Database, Select[int], "Queue"], Select[int]]


def disagreements(database: Database, query: Select[int], queue: Queue) -> Select[int]:
    """Every disagreement, the most telling kind first."""
    differ = query.where(SolutionIndex.place < len(DISAGREEMENTS))
    return sorted_by(differ, "disagreement")


def of_kind(kind: str) -> Members:
    """One of COMPARISONS, in the order of the ids."""

    def members(database: Database, query: Select[int], queue: Queue) -> Select[int]:
        return query.where(is_of(kind)).order_by(SolutionIndex.solution_id)

    return members


def least_sure(kind: AnnotatorKind) -> Members:
    """The narrowest margins of the compared annotator of this kind first."""

    def members(database: Database, query: Select[int], queue: Queue) -> Select[int]:
        query, by = _said_by(database, query, kind)
        return query.where(by.margin.is_not(None)).order_by(by.margin, SolutionIndex.solution_id)

    return members


def high_wrong(database: Database, query: Select[int], queue: Queue) -> Select[int]:
    """Wrong answers in which the PRM sees no error, the highest lowest score first."""
    query, by = _said_by(database, query.where(SolutionIndex.is_correct.is_(False)), "prm")
    passed = query.where(by.first_error == -1)
    return passed.order_by(by.lowest.desc(), SolutionIndex.solution_id)


def low_right(database: Database, query: Select[int], queue: Queue) -> Select[int]:
    """Right answers in which the PRM sees an error, the lowest score first."""
    query, by = _said_by(database, query.where(SolutionIndex.is_correct.is_(True)), "prm")
    return query.where(by.first_error >= 0).order_by(by.lowest, SolutionIndex.solution_id)


def shuffled(database: Database, query: Select[int], queue: Queue) -> Select[int]:
    """Everything, by the fingerprints: they are hashes, so it is random and always the same."""
    joined = query.join(Solution, Solution.id == SolutionIndex.solution_id)
    return joined.order_by(Solution.fingerprint)


def known(database: Database, query: Select[int], queue: Queue) -> Select[int]:
    """What `queue.reference` has a verdict on, shuffled."""
    verdicts = select(Annotation.solution_id).where(
        Annotation.annotator_id == queue.reference, Annotation.first_error.is_not(None)
    )
    return shuffled(database, query.where(SolutionIndex.solution_id.in_(verdicts)), queue)


def conflicts(database: Database, query: Select[int], queue: Queue) -> Select[int]:
    """Where people give different first errors and nobody has adjudicated, by id."""
    differ = (
        select(Annotation.solution_id)
        .where(Annotation.annotator_id.in_(people("review")), Annotation.first_error.is_not(None))
        .group_by(Annotation.solution_id)
        .having(func.min(Annotation.first_error) != func.max(Annotation.first_error))
    )
    settled = select(Annotation.solution_id).where(
        Annotation.annotator_id.in_(people("adjudication"))
    )
    open_ones = differ.where(Annotation.solution_id.not_in(settled))
    here = SolutionIndex.solution_id
    return query.where(here.in_(open_ones)).order_by(here)


def chosen(database: Database, query: Select[int], queue: Queue) -> Select[int]:
    """All that the filter leaves, in the order `queue.sort`."""
    return sorted_by(query, queue.sort)


@dataclass(frozen=True, slots=True)
class Queue:
    """`members` of the solutions that `wanted` leaves, for so many people.

    `sort` (see `db.lists.browse.sorted_by`) is the order of `chosen`, `reference` the annotator
    (an id) whose labels are `known`. `per_item` is how many people should label an item, None for
    everybody.
    """

    members: Members = disagreements
    wanted: SolutionFilter = field(default_factory=SolutionFilter)
    sort: str = "oldest"
    per_item: int | None = 1
    reference: int | None = None


def members_of(database: Database, queue: Queue) -> Select[int]:
    """The ids of everything in the queue, in its order."""
    query = select(SolutionIndex.solution_id).select_from(SolutionIndex)
    query = narrow(query, queue.wanted, database.engine.dialect.name)
    return queue.members(database, query, queue)


def people(source: str) -> Select[int]:
    """Ids of the people at work: on "review" or on "adjudication"."""
    return select(Annotator.id).where(
        Annotator.kind == "human", Annotator.config["source"].as_string() == source
    )


def _said_by(
    database: Database, query: Select[int], kind: AnnotatorKind
) -> tuple[Select[int], Any]:
    """`query` joined to what the compared annotator of this kind said; nothing without one."""
    annotator = getattr(compared_annotators(database), kind)
    by = aliased(Annotation, name="scored")
    here = and_(
        by.solution_id == SolutionIndex.solution_id,
        by.annotator_id == (None if annotator is None else annotator.id),
    )
    return query.join(by, here), by
