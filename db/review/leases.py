"""Handing out the solutions of a queue: to whom, for how long, and how far everybody is.

An item is handed out under a lease, so that two people do not do the same work unless two are
wanted. A lease runs out by itself; nothing a person labels is refused for want of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import Select, delete, func, select, union, update
from sqlalchemy.orm import Session

from db.annotations import insert_missing
from db.corrections import dealt_with
from db.engine import Database, Lock
from db.records import AnnotatorRecord
from db.review.queues import Queue, members_of, people
from db.review.tables import Lease, Recut
from db.schema import Annotation, Annotator, Correction, SolutionIndex, utcnow

LEASE = timedelta(minutes=10)
PACE_OF, PACE_FROM = 20, 3  # the pace is that of so many labels, and none before so many


@dataclass(frozen=True, slots=True)
class QueueState:
    """`total` items in all, `left` for this reviewer, of which `held` are on others' screens."""

    total: int
    left: int
    held: int


def next_items(
    database: Database, queue: Queue, reviewer: AnnotatorRecord | None, limit: int
) -> list[int]:
    """The next solutions for this reviewer, leased to them; without one, only looked up.

    What was cut anew on the reviewer's screen comes first, though its queue may not know it: it
    takes the place of the old cut.
    """
    query = members_of(database, queue)
    if reviewer is None:
        with database.read() as session:
            return list(session.scalars(query.limit(limit)))
    with database.write(among=[(Lock.LEASES, 0)]) as session:
        _give_back(session, reviewer)
        query = query.where(SolutionIndex.solution_id.not_in(dealt_with(reviewer.id)))
        if queue.per_item is not None:
            for taken in _taken_up(reviewer, queue.per_item):
                query = query.where(SolutionIndex.solution_id.not_in(taken))
        ids = list(session.scalars(_cut_anew(reviewer).limit(limit)))
        ids += session.scalars(
            query.where(SolutionIndex.solution_id.not_in(ids)).limit(limit - len(ids))
        )
        _lease(session, reviewer, ids)
        return ids


def queue_state(database: Database, queue: Queue, reviewer: AnnotatorRecord | None) -> QueueState:
    """How much there is, and what is left for this reviewer."""
    everything = members_of(database, queue).with_only_columns(func.count()).order_by(None)
    here = SolutionIndex.solution_id
    with database.read() as session:
        total = session.scalar(everything) or 0
        if reviewer is None:
            return QueueState(total, total, 0)

        def among(*ids: Select[int]) -> int:
            """Members in sets that are small beside the queue."""
            return session.scalar(everything.where(here.in_(union(*ids)))) or 0

        mine = dealt_with(reviewer.id)
        if queue.per_item is None:
            return QueueState(total, total - among(mine), 0)
        labelled = among(mine, *_taken_up(reviewer, queue.per_item, with_leases=False))
        taken = among(mine, *_taken_up(reviewer, queue.per_item))
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


def _taken_up(
    reviewer: AnnotatorRecord, per_item: int, *, with_leases: bool = True
) -> list[Select[int]]:
    """Solutions that as many OTHER people have labelled, or are looking at, as are wanted.

    In several sets: where one person is enough, nobody has to be counted.
    """
    role = str(reviewer.config.get("source"))
    labelled = select(Annotation.solution_id).where(
        Annotation.annotator_id.in_(people(role)), Annotation.annotator_id != reviewer.id
    )
    looked_at = select(Lease.solution_id).where(
        Lease.expires_at > utcnow(), Lease.holder != reviewer.name
    )
    if per_item == 1:
        return [labelled, looked_at] if with_leases else [labelled]
    names = labelled.add_columns(Annotator.name.label("holder")).join(
        Annotator, Annotator.id == Annotation.annotator_id
    )
    each = [names, looked_at.add_columns(Lease.holder)] if with_leases else [names]
    by = union(*each).subquery()  # Whoever has labelled it may look at it, too.
    return [select(by.c.solution_id).group_by(by.c.solution_id).having(func.count() >= per_item)]


def _cut_anew(reviewer: AnnotatorRecord) -> Select[int]:
    """What was cut anew while this reviewer had it on screen, and is not dealt with yet."""
    return (
        select(Lease.solution_id)
        .join(SolutionIndex, SolutionIndex.solution_id == Lease.solution_id)
        .where(
            Lease.holder == reviewer.name,
            Lease.solution_id.in_(select(Recut.made_id)),
            Lease.solution_id.not_in(dealt_with(reviewer.id)),
        )
        .order_by(Lease.solution_id)
    )


def _give_back(session: Session, reviewer: AnnotatorRecord) -> None:
    """Drop leases that ran out, and this reviewer's on what they have dealt with."""
    session.execute(delete(Lease).where(Lease.expires_at <= utcnow()))
    session.execute(
        delete(Lease).where(
            Lease.holder == reviewer.name, Lease.solution_id.in_(dealt_with(reviewer.id))
        )
    )


def renew(session: Session, solution_id: int, holder: str) -> None:
    """Let a lease last as long as a new one, whether it had run out or not."""
    here = (Lease.solution_id == solution_id, Lease.holder == holder)
    session.execute(update(Lease).where(*here).values(expires_at=utcnow() + LEASE))


def _lease(session: Session, reviewer: AnnotatorRecord, ids: Sequence[int]) -> None:
    session.execute(delete(Lease).where(Lease.holder == reviewer.name, Lease.solution_id.in_(ids)))
    until = utcnow() + LEASE
    rows = [{"solution_id": one, "holder": reviewer.name, "expires_at": until} for one in ids]
    if rows:
        insert_missing(session, Lease, rows)
