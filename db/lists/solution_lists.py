"""Lists kept as a page showed them: solutions in an order that no filter can say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.engine import Database, DatabaseError, stable_hash
from db.review.tables import Recut
from db.schema import ListedSolution, Solution, SolutionList


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
        cut = session.scalars(select(Recut.solution_id).union(select(Recut.made_id)))
        follow_cuts(session, {*cut} & {*ids})
    return row


def follow_cuts(session: Session, solution_ids: Iterable[int]) -> None:
    """In every kept list, have what stands in the place of each of these stand at its place.

    A list that holds that one already has it once, at the place that it has there.
    """
    for one in solution_ids:
        stands = one
        while (after := session.get_one(Solution, stands).replaced_by) is not None:
            stands = after
        if stands == one:
            continue
        there = select(ListedSolution.list_id).where(ListedSolution.solution_id == stands)
        kept = func.nullif(func.coalesce(ListedSolution.kept_id, one), stands)
        session.execute(
            update(ListedSolution)
            .where(ListedSolution.solution_id == one, ListedSolution.list_id.not_in(there))
            .values(solution_id=stands, kept_id=kept)
        )


def count_cut_anew(database: Database, list_id: int) -> int:
    """At how many places of a kept list another cut stands than the one that was kept."""
    cut = select(Recut.solution_id).union(select(Recut.made_id))
    query = select(func.count()).where(
        ListedSolution.solution_id.in_(cut),
        ListedSolution.list_id == list_id,
        ListedSolution.kept_id.is_not(None),
    )
    with database.read() as session:
        return session.scalar(query) or 0


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
