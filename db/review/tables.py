"""The tables of review: saved queues, what is on whose screen and in which columns, recuts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from db.schema import Base, utcnow


class Lease(Base):
    """An item on somebody's screen: others are not handed it before the lease expires."""

    __tablename__ = "lease"
    solution_id: Mapped[int] = mapped_column(ForeignKey("solution.id"), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SavedQueue(Base):
    """A queue to open again: what it holds, and, once it has a name, how it is to be worked on.

    `token` is its name in addresses, which tells nothing. `history` has every change, the oldest
    first (`db.review.saved_queues.Change`).
    """

    __tablename__ = "saved_queue"
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str | None] = mapped_column(String(80), unique=True)
    holds: Mapped[str] = mapped_column(String(40))
    wanted: Mapped[dict[str, Any]]
    sort: Mapped[str] = mapped_column(String(40))
    reference_id: Mapped[int | None] = mapped_column(ForeignKey("annotator.id"))
    per_item: Mapped[int | None]
    blind: Mapped[bool] = mapped_column(default=False, server_default=false())
    instructions: Mapped[str] = mapped_column(Text, default="", server_default="")
    assigned: Mapped[list[Any]]
    archived: Mapped[bool] = mapped_column(default=False, server_default=false())
    history: Mapped[list[Any]]
    made_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Recut(Base):
    """One act by which a person cut a solution into other steps, or took that back; append-only.

    `made_id` is the solution with the new steps, also of an undo, which puts `solution_id` back.
    """

    __tablename__ = "recut"
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    solution_id: Mapped[int] = mapped_column(ForeignKey("solution.id"), index=True)
    made_id: Mapped[int] = mapped_column(ForeignKey("solution.id"), index=True)
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    undoes: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class ColumnChoice(Base):
    """Whose columns a person wants on a page (`db.lists.columns`)."""

    __tablename__ = "column_choice"
    person: Mapped[str] = mapped_column(String(200), primary_key=True)
    page: Mapped[str] = mapped_column(String(20), primary_key=True)
    annotators: Mapped[list[Any]]
    newest: Mapped[int]
