"""Who is compared and who is hidden, as people choose it; the solution index follows."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update

from db.annotators import find_annotator, to_record
from db.engine import Database, DatabaseError
from db.lists import solution_index
from db.records import KINDS, AnnotatorKind, AnnotatorRecord
from db.schema import Annotator


def compare(database: Database, label: str) -> AnnotatorRecord:
    """Compare this annotator from now on, whatever others of its kind come to cover.

    A human one is the reference. Raises DatabaseError for one that is hidden, and for one without
    annotations.
    """
    found = find_annotator(database, label)
    with database.write() as session:
        row = session.get_one(Annotator, found.id)
        if row.hidden:
            raise DatabaseError(f"{found.label} is hidden. Show it first.")
        if not row.n_annotations:
            raise DatabaseError(f"{found.label} has not annotated anything yet.")
        others = update(Annotator).where(Annotator.kind == row.kind, Annotator.chosen)
        session.execute(others.values(chosen=False))
        row.chosen = True
    solution_index.ensure(database)
    return found


def compare_by_coverage(database: Database, kinds: Iterable[AnnotatorKind] = KINDS) -> None:
    """Forget what was chosen of these kinds: whoever covers most solutions is compared.

    Of the human ones, that is labels that came with the data.
    """
    with database.write() as session:
        chosen = update(Annotator).where(Annotator.kind.in_(list(kinds)), Annotator.chosen)
        session.execute(chosen.values(chosen=False))
    solution_index.ensure(database)


def hide(database: Database, label: str) -> AnnotatorRecord:
    """Take an annotator out of lists and of what is compared; what it said stays stored.

    A consensus rule that names it still counts it. Raises DatabaseError where there is none.
    """
    return _set_hidden(database, label, True)


def show(database: Database, label: str) -> AnnotatorRecord:
    """Bring a hidden annotator back; whether it is compared is decided anew."""
    return _set_hidden(database, label, False)


def _set_hidden(database: Database, label: str, hidden: bool) -> AnnotatorRecord:
    found = find_annotator(database, label)
    with database.write() as session:
        row = session.get_one(Annotator, found.id)
        row.hidden = hidden
        row.chosen = row.chosen and not hidden
        session.flush()
        record = to_record(row)
    solution_index.ensure(database)
    return record
