"""What the project holds out of every export, so that a PRM can be measured on it, and what else
of it is to evaluate on.
"""

from __future__ import annotations

from collections.abc import Iterable

from db.annotators import list_annotators
from db.engine import Database, DatabaseError
from db.lists.scores import problem_texts as annotated_problems
from db.results import StoredHeldOut, list_exports, save_held_out, stored_held_out
from db.solutions import problem_texts
from labeling.formats.catalog import BENCHMARKS
from training.data import HeldOut
from training.spelling import same_text

SHARE = 0.2  # of the problems, where nobody says otherwise
PART = "what this project holds out"  # as an evaluation set
REASON = "held out for evaluation"  # why the consensus drops a solution


def held_out(database: Database) -> HeldOut:
    """What the project holds out, or will from its first export on."""
    stored = stored_held_out(database)
    return HeldOut(SHARE) if stored is None else HeldOut(stored.share, stored.seed)


def is_settled(database: Database) -> bool:
    """Whether there are exports already, which another part would contradict.

    Those of the project that this one was imported from count too.
    """
    stored = stored_held_out(database)
    return bool(list_exports(database)) or (stored is not None and stored.exported)


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
    exported = is_settled(database)
    save_held_out(database, StoredHeldOut(chosen.share, chosen.seed, exported))


def settle(database: Database, part: HeldOut) -> None:
    """Store what an export left out: from the first one on it stands."""
    settled = StoredHeldOut(part.share, part.seed, exported=True)
    if stored_held_out(database) != settled:
        save_held_out(database, settled)


def evaluation_sets(database: Database, learnt: Iterable[str]) -> dict[str, list[str]]:
    """The problems of the project that a training on the problems `learnt` must not see, by set.

    They are what is held out, and each benchmark that was imported with its labels. Where nothing
    but benchmarks is learnt, somebody means to, and what is held out remains to evaluate on.
    """
    part = held_out(database)
    held = [problem for problem in problem_texts(database) if problem in part]
    benchmarks = {
        one.label: [text for _, text in annotated_problems(database, one.id)]
        for one in list_annotators(database, with_work=True)
        if one.came_with_data and one.config.get("name") in BENCHMARKS
    }
    of_benchmarks = {same_text(text) for texts in benchmarks.values() for text in texts}
    if of_benchmarks.issuperset(map(same_text, learnt)):
        return {PART: held}
    return {PART: held, **benchmarks}
