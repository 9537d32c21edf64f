"""Review queues: which solutions people look at next, in which order, and who holds which.

An item is handed out under a lease, so that two people do not do the same work unless two are
wanted. A lease runs out by itself; nothing a person labels is refused for want of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import Select, and_, delete, func, select, union
from sqlalchemy.orm import Session, aliased

from db.annotations import insert_missing
from db.corrections import dealt_with
from db.engine import Database
from db.lists.browse import sorted_by
from db.lists.comparison import AGREE, newest_lineup
from db.lists.filters import SolutionFilter, narrow
from db.records import AnnotatorRecord
from db.schema import Annotation, Annotator, Correction, Digest, Lease, Solution, utcnow

QUEUES = (
    "disagreement",
    "uncertain_prm",
    "uncertain_mc",
    "split_votes",
    "high_wrong",
    "low_right",
    "random",
    "known",
    "adjudication",
    "filter",
)
LEASE = timedelta(minutes=10)
PACE_OF, PACE_FROM = 20, 3  # the pace is that of so many labels, and none before so many


@dataclass(frozen=True, slots=True)
class Queue:
    """What a queue holds.

    `name` is one of QUEUES. `wanted` narrows any of them, and is all there is to "filter".
    `per_item` is how many people should label an item, None for everybody. `reference` is the
    annotator whose labels are known ("known").
    """

    name: str = "disagreement"
    wanted: SolutionFilter = field(default_factory=SolutionFilter)
    sort: str = "oldest"
    per_item: int | None = 1
    reference: int | None = None


@dataclass(frozen=True, slots=True)
class QueueState:
    """`total` items in all, `left` for this reviewer, of which `held` are on others' desks."""

    total: int
    left: int
    held: int


def next_items(
    database: Database, queue: Queue, reviewer: AnnotatorRecord | None, limit: int
) -> list[int]:
    """The next solutions for this reviewer, leased to them; without one, only looked up."""
    query = _members(database, queue)
    if reviewer is None:
        with database.read() as session:
            return list(session.scalars(query.limit(limit)))
    with database.write() as session:
        _give_back(session, reviewer)
        query = query.where(Digest.solution_id.not_in(dealt_with(reviewer.id)))
        if queue.per_item is not None:
            taken = _taken_up(reviewer, queue.per_item)
            query = query.where(Digest.solution_id.not_in(taken))
        ids = list(session.scalars(query.limit(limit)))
        _lease(session, reviewer, ids)
        return ids


def queue_state(database: Database, queue: Queue, reviewer: AnnotatorRecord | None) -> QueueState:
    """How much there is, and what is left for this reviewer."""
    everything = _members(database, queue).with_only_columns(func.count()).order_by(None)
    here = Digest.solution_id
    with database.read() as session:
        total = session.scalar(everything) or 0
        if reviewer is None:
            return QueueState(total, total, 0)

        def among(*ids: Select[Any]) -> int:
            """Members in sets that are small beside the queue."""
            return session.scalar(everything.where(here.in_(union(*ids)))) or 0

        mine = dealt_with(reviewer.id)
        if queue.per_item is None:
            return QueueState(total, total - among(mine), 0)
        labelled = among(mine, _taken_up(reviewer, queue.per_item, with_leases=False))
        taken = among(mine, _taken_up(reviewer, queue.per_item))
        return QueueState(total, total - labelled, taken - labelled)


def pace(
    database: Database, reviewer: AnnotatorRecord, since: datetime
) -> tuple[int, float | None]:
    """(solutions dealt with since then, median seconds of the reviewer's last labels or None)."""
    mine = select(Correction.seconds).where(
        Correction.annotator_id == reviewer.id, Correction.is_current
    )
    timed = mine.where(Correction.action == "label", Correction.seconds.is_not(None))
    newest = timed.order_by(Correction.id.desc()).limit(PACE_OF)
    dealt = mine.where(Correction.created_at >= since).with_only_columns(func.count())
    with database.read() as session:
        seconds = [one for one in session.scalars(newest) if one is not None]
        today = session.scalar(dealt) or 0
    return today, median(seconds) if len(seconds) >= PACE_FROM else None


def conflicts() -> Select[Any]:
    """Solutions that people gave different first errors, and nobody has adjudicated."""
    people = _people("review")
    query = (
        select(Annotation.solution_id)
        .where(Annotation.annotator_id.in_(people), Annotation.first_error.is_not(None))
        .group_by(Annotation.solution_id)
        .having(func.min(Annotation.first_error) != func.max(Annotation.first_error))
    )
    settled = select(Annotation.solution_id).where(
        Annotation.annotator_id.in_(_people("adjudication"))
    )
    return query.where(Annotation.solution_id.not_in(settled))


def _members(database: Database, queue: Queue) -> Select[Any]:
    """Everything that belongs to the queue, in its order."""
    query = select(Digest.solution_id).select_from(Digest)
    query = narrow(query, queue.wanted, database.engine.dialect.name)
    lineup = newest_lineup(database)
    match queue.name:
        case "disagreement":
            return sorted_by(database, query.where(Digest.place < AGREE), "disagreement")
        case "uncertain_prm" | "uncertain_mc" | "split_votes":
            kind = {"uncertain_prm": "prm", "uncertain_mc": "mc", "split_votes": "judge"}
            query, by = _scored(query, getattr(lineup, kind[queue.name]))
            return query.where(by.margin.is_not(None)).order_by(by.margin, Digest.solution_id)
        case "high_wrong":
            query, by = _scored(query.where(Digest.is_correct.is_(False)), lineup.prm)
            found = query.where(by.first_error == -1)
            return found.order_by(by.lowest.desc(), Digest.solution_id)
        case "low_right":
            query, by = _scored(query.where(Digest.is_correct.is_(True)), lineup.prm)
            found = query.where(by.first_error >= 0)
            return found.order_by(by.lowest, Digest.solution_id)
        case "known":
            known = select(Annotation.solution_id).where(
                Annotation.annotator_id == queue.reference, Annotation.first_error.is_not(None)
            )
            return _shuffled(query.where(Digest.solution_id.in_(known)))
        case "adjudication":
            return query.where(Digest.solution_id.in_(conflicts())).order_by(Digest.solution_id)
        case "random":
            return _shuffled(query)
    return sorted_by(database, query, queue.sort)


def _scored(query: Select[Any], annotator: AnnotatorRecord | None) -> tuple[Select[Any], Any]:
    by = aliased(Annotation, name="scored")
    here = and_(
        by.solution_id == Digest.solution_id,
        by.annotator_id == (None if annotator is None else annotator.id),
    )
    return query.join(by, here), by


def _shuffled(query: Select[Any]) -> Select[Any]:
    """In the order of the fingerprints: they are hashes, so it is random and always the same."""
    return query.join(Solution, Solution.id == Digest.solution_id).order_by(Solution.fingerprint)


def _people(source: str) -> Select[Any]:
    return select(Annotator.id).where(
        Annotator.kind == "human", Annotator.config["source"].as_string() == source
    )


def _taken_up(reviewer: AnnotatorRecord, per_item: int, *, with_leases: bool = True) -> Select[Any]:
    """Solutions that as many OTHER people have labelled, or are looking at, as are wanted."""
    role = str(reviewer.config.get("source"))
    parts = [
        select(Annotation.solution_id, Annotator.name.label("holder"))
        .join(Annotator, Annotator.id == Annotation.annotator_id)
        .where(Annotator.id.in_(_people(role)), Annotator.id != reviewer.id)
    ]
    if with_leases:
        parts.append(
            select(Lease.solution_id, Lease.holder).where(
                Lease.expires_at > utcnow(), Lease.holder != reviewer.name
            )
        )
    by = union(*parts).subquery()
    return select(by.c.solution_id).group_by(by.c.solution_id).having(func.count() >= per_item)


def _give_back(session: Session, reviewer: AnnotatorRecord) -> None:
    """Drop leases that ran out, and this reviewer's on what they have dealt with."""
    session.execute(delete(Lease).where(Lease.expires_at <= utcnow()))
    session.execute(
        delete(Lease).where(
            Lease.holder == reviewer.name, Lease.solution_id.in_(dealt_with(reviewer.id))
        )
    )


def _lease(session: Session, reviewer: AnnotatorRecord, ids: Sequence[int]) -> None:
    session.execute(delete(Lease).where(Lease.holder == reviewer.name, Lease.solution_id.in_(ids)))
    until = utcnow() + LEASE
    rows = [{"solution_id": one, "holder": reviewer.name, "expires_at": until} for one in ids]
    if rows:
        insert_missing(session, Lease, rows)
