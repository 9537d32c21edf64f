"""Saved queues as they are handed out: what each holds, and how far it is."""

from __future__ import annotations

from db.engine import Database, DatabaseError
from db.review.progress import Progress, progress
from db.review.queues import Queue
from db.review.saved_queues import Contents, SavedQueue
from labeling.review.queues import QUEUES, ReviewQueue


def held_by(contents: Contents) -> ReviewQueue:
    """The queue that a saved one holds a part of.

    Raises DatabaseError where this version has no such queue.
    """
    name = contents.holds
    if name not in QUEUES:
        raise DatabaseError(f"this version of StepLens has no queue {name}")
    return QUEUES[name]


def handed_out(saved: SavedQueue, per_item: int | None) -> Queue:
    """What a saved queue hands out, to `per_item` people each."""
    holds = saved.contents
    return Queue(
        held_by(holds).members,
        holds.wanted,
        sort=holds.sort,
        per_item=per_item,
        reference=holds.reference,
    )


def progress_of(database: Database, saved: SavedQueue) -> Progress:
    """How far it is. Where everybody is to label, that is all to whom it is assigned."""
    wanted = saved.per_item or max(len(saved.assigned), 1)
    return progress(database, handed_out(saved, saved.per_item), wanted)
