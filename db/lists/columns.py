"""Whose columns a person wants to see on a page, whatever others see there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from db.engine import Database
from db.review.tables import ColumnChoice
from db.schema import Annotator


@dataclass(frozen=True, slots=True)
class Columns:
    """The annotators (ids) that were chosen, and the newest one that there was to choose."""

    annotators: frozenset[int]
    newest: int

    def show(self, annotator_id: int) -> bool:
        """Whether it was chosen, or has come since: nobody has said that they do not want it."""
        return annotator_id in self.annotators or annotator_id > self.newest


def chosen_columns(database: Database, person: str, page: str) -> Columns | None:
    """What this person chose for the page, or None."""
    with database.read() as session:
        row = session.get(ColumnChoice, (person, page))
        return None if row is None else Columns(frozenset(row.annotators), row.newest)


def choose_columns(
    database: Database, person: str, page: str, annotators: Iterable[int] | None
) -> None:
    """Remember these for the page; None forgets what was chosen."""
    here = (ColumnChoice.person == person, ColumnChoice.page == page)
    with database.write() as session:
        session.execute(delete(ColumnChoice).where(*here))
        if annotators is not None:
            newest = session.scalar(select(func.max(Annotator.id))) or 0
            session.add(
                ColumnChoice(
                    person=person, page=page, annotators=sorted(set(annotators)), newest=newest
                )
            )
