"""The solution index: one narrow row per solution with what lists filter and sort by.

It holds nothing that is not in the other tables. Whoever adds solutions or annotations brings
the rows of these solutions up to date in the same transaction; when other annotators are
compared, every row is made anew (some seconds for a million solutions).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, case, delete, insert, select
from sqlalchemy.orm import Session

from db.engine import IN_LIST, Database
from db.lists.comparison import ComparedVerdicts, compared_in
from db.records import COMPARISONS
from db.schema import Solution, SolutionIndex, SolutionIndexState, utcnow

STATE = 1  # the id of the only row of solution_index_state
COLUMNS = (
    "solution_id",
    "dataset",
    "generator",
    "is_correct",
    "n_steps",
    "mc",
    "judge",
    "prm",
    "disagreement",
    "place",
)


def update(session: Session, solution_ids: Iterable[int]) -> None:
    """Bring the rows of these solutions up to date, or all of them when others are compared."""
    if _renew_for_others(session):
        return
    ids = sorted(set(solution_ids))
    source = _source(ComparedVerdicts(compared_in(session)))
    for start in range(0, len(ids), IN_LIST):
        part = ids[start : start + IN_LIST]
        session.execute(delete(SolutionIndex).where(SolutionIndex.solution_id.in_(part)))
        _add(session, source.where(Solution.id.in_(part)))


def ensure(database: Database) -> None:
    """Make the index anew if it was made for other annotators; cheap when it was not."""
    with database.read() as session:
        if _stored(session) == compared_in(session).ids():
            return
    with database.write() as session:
        _renew_for_others(session)


def _renew_for_others(session: Session) -> bool:
    compared = compared_in(session)
    if _stored(session) == compared.ids():
        return False
    session.execute(delete(SolutionIndex))
    _add(session, _source(ComparedVerdicts(compared)))
    session.execute(delete(SolutionIndexState))
    session.add(SolutionIndexState(id=STATE, compared=compared.ids(), made_at=utcnow()))
    session.flush()
    return True


def _add(session: Session, rows: Select[Any]) -> None:
    session.execute(insert(SolutionIndex).from_select(COLUMNS, rows))


def _stored(session: Session) -> list[Any] | None:
    return session.scalar(select(SolutionIndexState.compared).where(SolutionIndexState.id == STATE))


def _source(comparison: ComparedVerdicts) -> Select[Any]:
    places = {kind: place for place, kind in enumerate(COMPARISONS)}
    place = case(places, value=comparison.kind, else_=len(places))
    return comparison.join(
        select(
            Solution.id,
            Solution.dataset,
            Solution.generator,
            Solution.is_correct,
            Solution.n_steps,
            comparison.mc,
            comparison.judge,
            comparison.prm,
            comparison.kind,
            place,
        )
    )
