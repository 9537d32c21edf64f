"""What the project holds out of every export, so that a PRM can be measured on it."""

from __future__ import annotations

from db.engine import Database, DatabaseError
from db.results import StoredHeldOut, list_exports, save_held_out, stored_held_out
from training.data import HeldOut

SHARE = 0.2  # of the problems, where nobody says otherwise
REASON = "held out for evaluation"  # why the consensus drops a solution


def held_out(database: Database) -> HeldOut:
    """What the project holds out, or will from its first export on."""
    stored = stored_held_out(database)
    return HeldOut(SHARE) if stored is None else HeldOut(stored.share, stored.seed)


def is_settled(database: Database) -> bool:
    """Whether there are exports already, which another part would contradict."""
    return bool(list_exports(database))


def hold_out(database: Database, chosen: HeldOut, *, after_exports: bool = False) -> None:
    """Hold `chosen` out from now on.

    Raises DatabaseError when something was exported and it is not what is held out already: those
    exports hold problems of it. With `after_exports` it is changed all the same; a PRM stays
    measured on what the export that it learnt from left out.
    """
    if not after_exports and is_settled(database) and chosen != held_out(database):
        raise DatabaseError(
            "something was exported already, with problems in it that would now be held out: a PRM "
            "trained on that has seen them. To hold them out of later exports all the same: "
            f"steplens held-out --share {chosen.share:g} --after-exports"
        )
    save_held_out(database, StoredHeldOut(chosen.share, chosen.seed))


def settle(database: Database, part: HeldOut) -> None:
    """Store what an export left out: from the first one on it stands."""
    if stored_held_out(database) is None:
        save_held_out(database, StoredHeldOut(part.share, part.seed))
