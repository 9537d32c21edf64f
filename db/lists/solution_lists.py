"""Lists kept as a page showed them: solutions in an order that no filter can say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.engine import Database, DatabaseError, stable_hash
from db.schema import ListedSolution, SolutionList


@dataclass(frozen=True, slots=True)
class ListRecord:
    """A kept list: `token` in addresses, what it is of in `words`, and the page it was on."""

    id: int
    token: str
    words: str
    origin: str


def keep_list(
    database: Database, solution_ids: Sequence[int], *, words: str, origin: str
) -> ListRecord:
    """Keep these solutions in this order; the same list once more is the one there is.

    Raises DatabaseError for a solution that does not exist.
    """
    try:
        with database.write() as session:
            return _as_record(list_in_session(session, solution_ids, words, origin))
    except IntegrityError as error:
        raise DatabaseError("a solution of this list does not exist") from error


def list_in_session(
    session: Session, solution_ids: Sequence[int], words: str, origin: str
) -> SolutionList:
    """`keep_list` inside the caller's transaction; raises IntegrityError."""
    ids = [int(one) for one in dict.fromkeys(solution_ids)]
    token = stable_hash(["list", ids, words, origin])[:16]
    row = session.scalar(select(SolutionList).where(SolutionList.token == token))
    if row is None:
        row = SolutionList(token=token, words=words, origin=origin)
        session.add(row)
        session.flush()
        places = [
            {"list_id": row.id, "place": place, "solution_id": one} for place, one in enumerate(ids)
        ]
        if places:
            session.execute(insert(ListedSolution), places)
    return row


def find_list(database: Database, token: str) -> ListRecord | None:
    """The list that an address means, None where there is none."""
    with database.read() as session:
        row = session.scalar(select(SolutionList).where(SolutionList.token == token))
        return None if row is None else _as_record(row)


def get_list(database: Database, list_id: int) -> ListRecord:
    """The list with this id, as a filter has it. Raises DatabaseError where there is none."""
    with database.read() as session:
        row = session.get(SolutionList, list_id)
        if row is None:
            raise DatabaseError(f"there is no kept list {list_id}")
        return _as_record(row)


def _as_record(row: SolutionList) -> ListRecord:
    return ListRecord(row.id, row.token, row.words, row.origin)
