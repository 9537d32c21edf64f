"""The digest: one narrow row per solution with what lists filter and sort by.

It holds nothing that is not in the other tables. Whoever adds solutions or annotations brings
the rows of these solutions up to date in the same transaction; when the lineup is another one,
every row is made anew (some seconds for a million solutions).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, case, delete, insert, select
from sqlalchemy.orm import Session

from db.engine import IN_LIST, Database
from db.lists.comparison import KINDS, Comparison, lineup_in
from db.schema import Digest, DigestState, Solution, utcnow

STATE = 1  # the id of the only row of digest_state
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
    """Bring the rows of these solutions up to date, or all of them when the lineup changed."""
    if _renew_for_new_lineup(session):
        return
    ids = sorted(set(solution_ids))
    source = _source(Comparison(lineup_in(session)))
    for start in range(0, len(ids), IN_LIST):
        part = ids[start : start + IN_LIST]
        session.execute(delete(Digest).where(Digest.solution_id.in_(part)))
        session.execute(insert(Digest).from_select(COLUMNS, source.where(Solution.id.in_(part))))


def ensure(database: Database) -> None:
    """Make the digest anew if it was made for another lineup; cheap when it was not."""
    with database.read() as session:
        if _stored_lineup(session) == lineup_in(session).ids():
            return
    with database.write() as session:
        _renew_for_new_lineup(session)


def _renew_for_new_lineup(session: Session) -> bool:
    lineup = lineup_in(session)
    if _stored_lineup(session) == lineup.ids():
        return False
    session.execute(delete(Digest))
    session.execute(insert(Digest).from_select(COLUMNS, _source(Comparison(lineup))))
    session.execute(delete(DigestState))
    session.add(DigestState(id=STATE, lineup=lineup.ids(), made_at=utcnow()))
    session.flush()
    return True


def _stored_lineup(session: Session) -> list[Any] | None:
    return session.scalar(select(DigestState.lineup).where(DigestState.id == STATE))


def _source(comparison: Comparison) -> Select[Any]:
    places = {kind: place for place, kind in enumerate(KINDS) if kind is not None}
    place = case(places, value=comparison.kind, else_=KINDS.index(None))
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
