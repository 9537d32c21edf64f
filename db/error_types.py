"""Types of errors: a project's own, and what an annotator made of the errors that have one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import and_, delete, select

from db.engine import Database
from db.schema import Annotation, Correction, ErrorType


class TypedError(NamedTuple):
    """A first error that a person gave a type, and where an annotator sees the first error.

    Both are 0-based; `said` is -1 for none and None for no verdict.
    """

    solution_id: int
    error_type: str
    expected: int
    said: int | None


def own_error_types(database: Database) -> list[str]:
    """The project's own types, in the order in which they were made."""
    with database.read() as session:
        return list(session.scalars(select(ErrorType.name).order_by(ErrorType.id)))


def set_own_error_types(database: Database, names: Sequence[str]) -> None:
    """Offer just these. What was given another type keeps it."""
    with database.write() as session:
        session.execute(delete(ErrorType).where(ErrorType.name.not_in(list(names))))
        there = set(session.scalars(select(ErrorType.name)))
        session.add_all(ErrorType(name=name) for name in dict.fromkeys(names) if name not in there)


def typed_errors(database: Database, annotator_id: int) -> Iterator[TypedError]:
    """The errors with a type on solutions that the annotator has annotated, by solution, streamed.

    What each person says now counts; an error that two people typed comes twice.
    """
    query = (
        select(
            Correction.solution_id,
            Correction.error_type,
            Correction.first_error,
            Annotation.first_error,
        )
        .join(
            Annotation,
            and_(
                Annotation.solution_id == Correction.solution_id,
                Annotation.annotator_id == annotator_id,
            ),
        )
        .where(Correction.is_current, Correction.error_type.is_not(None))
        .order_by(Correction.solution_id, Correction.id)
    )
    with database.read() as session:
        for row in session.execute(query.execution_options(yield_per=2000)):
            yield TypedError(*row)  # type: ignore[arg-type]  # a type is of an error
