"""The queue that Review has on screen: one that is always there, or one that was saved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.auth import identity
from app.ui import address, filters, formatting
from app.ui.navigation import kept_list
from app.ui.queues import wording
from db.engine import Database
from db.lists.comparison import Compared
from db.lists.solution_lists import get_list
from db.review.leases import queue_state
from db.review.queues import Queue
from db.review.saved_queues import (
    Contents,
    SavedQueue,
    find_queue,
    for_person,
    saved_queues,
    unnamed_queue,
)
from labeling.review.queues import (
    DISAGREEMENT,
    FILTER,
    QUEUES,
    ReviewQueue,
    by_address,
    in_address,
    in_general,
    in_words,
)
from labeling.review.saved import handed_out, held_by


@dataclass(frozen=True, slots=True)
class Opened:
    """A queue of those that are always there and, where it was saved, as what."""

    queue: ReviewQueue
    saved: SavedQueue | None = None

    @property
    def name(self) -> str:
        """What tells it from the others: a word, or a token."""
        return self.saved.token if self.saved else self.queue.name

    @property
    def kept(self) -> SavedQueue | None:
        """The saved queue whose settings hold: it has a name, and is no stand-in for a filter."""
        return self.saved if self.saved and self.saved.name else None

    @property
    def is_blind(self) -> bool:
        """Whether nobody sees what it holds, whatever the options say."""
        return self.saved is not None and self.saved.blind


def of_saved(saved: SavedQueue) -> Opened:
    """A saved queue as Review opens it."""
    return Opened(held_by(saved.contents), saved)


def of_address(database: Database, given: str) -> Opened | None:
    """The queue that a word in the address means, None where there is none."""
    queue = by_address(given)
    if queue is not None:
        return Opened(queue)
    saved = find_queue(database, given) if given else None
    return None if saved is None else of_saved(saved)


def offered(database: Database, *, blind: bool) -> dict[str, Opened]:
    """The queues to choose from by name: one's own first, and then those that are always there.

    A blind reviewer is offered none whose words give a verdict away.
    """
    everything = saved_queues(database)
    saved = for_person(everything, identity.reviewer_name())
    if identity.is_manager():
        saved += [one for one in everything if one not in saved]
    narrowed = filters.any_of(filters.given())
    always = [
        Opened(one)
        for one in QUEUES.values()
        if (one is not FILTER or narrowed) and not (blind and one.blind_words)
    ]
    return {one.name: one for one in [*map(of_saved, saved), *always]}


def first_for_me(database: Database) -> Opened:
    """What Review opens by itself: the first queue assigned to me that has something left for me.

    Without one, and where the address has a filter, it is the disagreements.
    """
    if filters.any_of(filters.given()):
        return Opened(DISAGREEMENT)
    waiting = (saved for saved, left in assigned_to_me(database) if left)
    saved = next(waiting, None)
    return Opened(DISAGREEMENT) if saved is None else of_saved(saved)


def assigned_to_me(database: Database) -> Iterator[tuple[SavedQueue, int]]:
    """The queues that I am to work on, and how many solutions each has left for me."""
    me = identity.reviewer_name()
    known = identity.known_reviewer(database, me)
    for saved in saved_queues(database):
        if me and me in saved.assigned:
            queue = handed_out(saved, saved.per_item)
            yield saved, queue_state(database, queue, known).left


def covered(
    database: Database, opened: Opened, reference: int | None
) -> dict[str, list[str] | None]:
    """What the address says when a narrowed queue goes blind: a queue without a name, no filter."""
    if opened.saved is not None or not filters.any_of(filters.given()):
        return {}
    held = contents(database, opened, reference)
    held = replace(held, wanted=kept_list.lasting(database, held.wanted))
    saved = unnamed_queue(database, held, identity.reviewer_name())
    return {"queue": [saved.token], "sort": None, **dict.fromkeys(filters.NAMES)}


def contents(database: Database, opened: Opened, reference: int | None) -> Contents:
    """What the queue on screen holds; `reference` is the id of whose labels are known."""
    if opened.saved is not None:
        return opened.saved.contents
    wanted = filters.asked_for(database, filters.given())
    sort = filters.sort_of(database, address.get("sort") or "", address.get("listed"))
    return Contents(
        opened.queue.name, wanted, sort, reference if opened.queue is QUEUES["known"] else None
    )


def as_queue(held: Contents, opened: Opened, per_item: int | None) -> Queue:
    """What the page asks the database for."""
    return Queue(
        opened.queue.members,
        held.wanted,
        sort=held.sort,
        per_item=per_item,
        reference=held.reference,
    )


def words(opened: Opened, compared: Compared, *, blind: bool) -> str:
    """What the queue is called on screen."""
    if opened.saved is not None:
        return wording.title(opened.saved, blind=blind)
    if opened.queue is FILTER and address.get("listed"):
        return "From a list"
    return compared.named(in_words(opened.queue, blind=blind))


def word_in_address(opened: Opened, *, blind: bool) -> str:
    """What the queue is called in an address."""
    return opened.saved.token if opened.saved else in_address(opened.queue, blind=blind)


def reason(
    database: Database, held: Contents, opened: Opened, compared: Compared, *, blind: bool
) -> str:
    """Why a solution is in the queue, without figures."""
    if opened.queue is not FILTER:
        return compared.named(in_general(opened.queue, blind=blind))
    if opened.saved is not None and (blind or opened.saved.name):
        return wording.title(opened.saved, blind=blind)
    if held.wanted.listed is not None and not blind:
        return formatting.shorten(get_list(database, held.wanted.listed).words, 40)
    return FILTER.reason
