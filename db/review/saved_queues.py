"""Saved queues: a filter under a name, with instructions and who is to work on it.

Only the way to the solutions is stored, so nothing that is done to a queue touches a label. A
queue without a name stands in for a filter where an address must not tell what it holds.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.annotations import replace_unstorable
from db.engine import Database, DatabaseError, stable_hash
from db.lists.browse import sorted_by
from db.lists.filters import SolutionFilter
from db.review import tables
from db.schema import SolutionIndex, utcnow

MOST_NAME = 80  # characters
MOST_INSTRUCTIONS = 4_000


class Settings(TypedDict, total=False):
    """What can be changed of a saved queue: see SavedQueue."""

    name: str
    instructions: str
    assigned: tuple[str, ...]
    per_item: int | None
    blind: bool
    archived: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What a queue holds: of the queue `holds` (a name in `labeling.review.queues`) all that
    `wanted` leaves, in the order `sort`; `reference` is the id of whose labels are known.
    """

    holds: str
    wanted: SolutionFilter = field(default_factory=SolutionFilter)
    sort: str = "oldest"
    reference: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a saved queue: by whom, when, and the settings `was` before it.

    `undoes` is the place in the history, from 0, of the change that this one takes back.
    """

    at: datetime
    by: str
    was: Settings
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class SavedQueue:
    """A saved queue; `token` is its name in addresses, and tells nothing.

    `per_item` is how many people label an item, None for everybody. In a `blind` one nobody sees
    scores, nor what it holds, before saying where the first error is. `assigned` are the names of
    those who are to work on it, () for whoever likes. An archived one is offered to nobody.
    """

    id: int
    token: str
    contents: Contents
    name: str | None
    instructions: str
    assigned: tuple[str, ...]
    per_item: int | None
    blind: bool
    archived: bool
    made_by: str
    created_at: datetime
    history: tuple[Change, ...]

    def standing(self) -> list[int]:
        """The places in the history of the changes that nobody took back."""
        undone = {one.undoes for one in self.history}
        return [
            place
            for place, one in enumerate(self.history)
            if one.undoes is None and place not in undone
        ]


def save_queue(
    database: Database, contents: Contents, made_by: str, **settings: Unpack[Settings]
) -> SavedQueue:
    """Save a queue under `settings["name"]`.

    Raises DatabaseError for a name that is missing, too long or taken, for instructions that are
    too long, and for an order that there is not.
    """
    _check_order(contents)
    values = _storable({"name": "", **settings})
    with database.write(durable=True) as session:
        row = _new(contents, secrets.token_hex(6), made_by)
        _set(session, row, values)
        session.add(row)
        session.flush()
        return _as_record(row)


def unnamed_queue(database: Database, contents: Contents, made_by: str) -> SavedQueue:
    """The queue without a name that holds this, made where it is not there yet."""
    _check_order(contents)
    token = unnamed_token(
        contents.holds, contents.wanted.to_json(), contents.sort, contents.reference
    )
    with database.write() as session:
        row = _row(session, token)
        if row is None:
            row = _new(contents, token, made_by)
            session.add(row)
            session.flush()
        return _as_record(row)


def unnamed_token(holds: str, wanted: dict[str, Any], sort: str, reference: int | None) -> str:
    """The token of a queue without a name, which follows from what it holds."""
    return stable_hash(["queue", [holds, wanted, sort, reference]])[:12]


def change_queue(
    database: Database, token: str, by: str, **settings: Unpack[Settings]
) -> SavedQueue:
    """Change these settings and note it in the history; what is as it was is no change.

    Raises DatabaseError as `save_queue` does, and where there is no such queue.
    """
    values = _storable(settings)
    with database.write(durable=True) as session:
        row = _existing(session, token)
        _note(row, _set(session, row, values), by)
        return _as_record(row)


def undo_change(database: Database, token: str, by: str) -> SavedQueue:
    """Take back the last change that stands, which is a change too; nothing where none does.

    Raises DatabaseError where a name that it had before is taken now.
    """
    with database.write(durable=True) as session:
        row = _existing(session, token)
        record = _as_record(row)
        standing = record.standing()
        if standing:
            was = _set(session, row, dict(record.history[standing[-1]].was))
            _note(row, was, by, undoes=standing[-1])
        return _as_record(row)


def find_queue(database: Database, token: str) -> SavedQueue | None:
    """The queue that an address means, archived or not; None where there is none."""
    with database.read() as session:
        row = _row(session, token)
        return None if row is None else _as_record(row)


def saved_queues(database: Database, *, archived: bool = False) -> list[SavedQueue]:
    """The queues that have a name, by name; with those that are `archived`, at the end."""
    query = select(tables.SavedQueue).where(tables.SavedQueue.name.is_not(None))
    if not archived:
        query = query.where(tables.SavedQueue.archived.is_(False))
    order = (tables.SavedQueue.archived, func.lower(tables.SavedQueue.name))
    with database.read() as session:
        return [_as_record(row) for row in session.scalars(query.order_by(*order))]


def for_person(queues: Iterable[SavedQueue], person: str) -> list[SavedQueue]:
    """Those that this person is to work on, and then those that are for whoever likes."""
    everything = list(queues)
    mine = [one for one in everything if person in one.assigned]
    return [*mine, *(one for one in everything if not one.assigned)]


def _check_order(contents: Contents) -> None:
    sorted_by(select(SolutionIndex.solution_id), contents.sort)


def _storable(settings: Settings) -> dict[str, Any]:
    """The settings as columns hold them. Raises DatabaseError for what cannot be one."""
    values: dict[str, Any] = dict(settings)
    if "name" in values:
        values["name"] = _line(values["name"])
        if not 0 < len(values["name"]) <= MOST_NAME:
            raise DatabaseError(f"a queue's name has 1 to {MOST_NAME} characters")
    if "instructions" in values:
        values["instructions"] = replace_unstorable(values["instructions"].strip())
        if len(values["instructions"]) > MOST_INSTRUCTIONS:
            raise DatabaseError(f"instructions have at most {MOST_INSTRUCTIONS:,} characters")
    if "assigned" in values:
        people = [_line(one) for one in values["assigned"]]
        values["assigned"] = [one for one in dict.fromkeys(people) if one]
    if values.get("per_item", 1) is not None and values.get("per_item", 1) < 1:
        raise DatabaseError("at least one person labels an item")
    return values


def _line(text: str) -> str:
    """One line of what prints."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def _new(contents: Contents, token: str, made_by: str) -> tables.SavedQueue:
    return tables.SavedQueue(
        token=token,
        name=None,
        holds=contents.holds,
        wanted=contents.wanted.to_json(),
        sort=contents.sort,
        reference_id=contents.reference,
        per_item=1,
        blind=False,
        instructions="",
        assigned=[],
        archived=False,
        history=[],
        made_by=made_by,
    )


def _set(session: Session, row: tables.SavedQueue, values: Mapping[str, Any]) -> dict[str, Any]:
    """Give a row these values; returns what those that are others now were before."""
    name = values.get("name")
    if name is not None and name != row.name:
        taken = session.scalar(select(tables.SavedQueue).where(tables.SavedQueue.name == name))
        if taken is not None:
            where = " It is archived." if taken.archived else ""
            raise DatabaseError(f"there is a queue {name} already.{where} Choose another name.")
    was = {
        column: getattr(row, column)
        for column, value in values.items()
        if getattr(row, column) != value
    }
    for column in was:
        setattr(row, column, values[column])
    return was


def _note(
    row: tables.SavedQueue, was: Mapping[str, Any], by: str, undoes: int | None = None
) -> None:
    if was:
        entry = {"at": utcnow().isoformat(), "by": by, "was": dict(was), "undoes": undoes}
        row.history = [*row.history, entry]


def _row(session: Session, token: str) -> tables.SavedQueue | None:
    return session.scalar(select(tables.SavedQueue).where(tables.SavedQueue.token == token))


def _existing(session: Session, token: str) -> tables.SavedQueue:
    row = _row(session, token)
    if row is None:
        raise DatabaseError(f"there is no saved queue {token}")
    return row


def _as_record(row: tables.SavedQueue) -> SavedQueue:
    return SavedQueue(
        id=row.id,
        token=row.token,
        contents=Contents(
            row.holds, SolutionFilter.from_json(row.wanted), row.sort, row.reference_id
        ),
        name=row.name,
        instructions=row.instructions,
        assigned=tuple(row.assigned),
        per_item=row.per_item,
        blind=row.blind,
        archived=row.archived,
        made_by=row.made_by,
        created_at=row.created_at,
        history=tuple(
            Change(
                datetime.fromisoformat(one["at"]),
                one["by"],
                _settings(one["was"]),
                one["undoes"],
            )
            for one in row.history
        ),
    )


def _settings(stored: Mapping[str, Any]) -> Settings:
    values: Settings = {**stored}  # type: ignore[typeddict-item]
    if "assigned" in values:
        values["assigned"] = tuple(values["assigned"])
    return values
