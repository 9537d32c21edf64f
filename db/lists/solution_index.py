"""The solution index: one narrow row per solution with what lists filter and sort by.

It holds nothing that is not in the other tables. Whoever adds solutions or annotations brings
the rows of these solutions up to date in the same transaction. A solution whose
steps were cut anew has none. When other annotators are compared, every row is made anew, in chunks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from db.engine import IN_LIST, Database, lock_index
from db.lists.comparison import compared_in
from db.lists.kinds import ComparedVerdicts
from db.schema import Solution, SolutionIndex, SolutionIndexState, utcnow

CHUNK = 2000  # solutions of one transaction: some 20 ms
STATE = 1  # the id of the only row of solution_index_state
COLUMNS = (
    "solution_id",
    "problem_id",
    "dataset",
    "generator",
    "is_correct",
    "n_steps",
    "mc",
    "judge",
    "prm",
    "reference",
    "kinds",
    "place",
)


def update(session: Session, solution_ids: Iterable[int]) -> None:
    """Bring the rows of these solutions up to date.

    While others are to be compared than before, each call makes a chunk of all rows anew too: in a
    small project that is the whole index, in a large one pages do the rest (`ensure`).
    """
    lock_index(session)  # Now, and not before: what others of its holders said is seen.
    _renew_some(session, _aim(session))
    source = _source(ComparedVerdicts(compared_in(session)))
    ids = sorted(set(solution_ids))
    for start in range(0, len(ids), IN_LIST):
        part = ids[start : start + IN_LIST]
        session.execute(delete(SolutionIndex).where(SolutionIndex.solution_id.in_(part)))
        _add(session, source.where(Solution.id.in_(part)))


def is_current(database: Database) -> bool:
    """Whether every row compares the annotators that are compared now."""
    with database.read() as session:
        state = session.get(SolutionIndexState, STATE)
        ids = compared_in(session).ids()
        return state is not None and state.compared == ids and state.renewed_to is None


def ensure(database: Database) -> None:
    """Make the rows anew that do not compare the annotators compared now; cheap if none.

    A transaction for every CHUNK solutions, in the order of their ids, so that other writers come
    in between. Until the last, a row compares those of now or those of before, whole in itself;
    pages wait for the end (`app.ui.project`). Several may do it at once and share the work, and
    who finds it broken off goes on.
    """
    while not is_current(database):
        with database.write(among=[]) as session:
            lock_index(session)
            _renew_some(session, _aim(session))


def _aim(session: Session) -> SolutionIndexState:
    """The state, set back to the first row if other annotators are compared than it says."""
    ids = compared_in(session).ids()
    state = session.get(SolutionIndexState, STATE)
    if state is None:
        state = SolutionIndexState(id=STATE, compared=ids, renewed_to=0)
        session.add(state)
    elif state.compared != ids:
        state.compared, state.renewed_to, state.made_at = ids, 0, utcnow()
    session.flush()
    return state


def _renew_some(session: Session, state: SolutionIndexState) -> None:
    after = state.renewed_to
    if after is None:
        return
    ahead = select(Solution.id).where(Solution.id > after).order_by(Solution.id).limit(CHUNK)
    ids = session.scalars(ahead).all()
    if ids:
        old = SolutionIndex.solution_id.between(ids[0], ids[-1])
        session.execute(delete(SolutionIndex).where(old))
        source = _source(ComparedVerdicts(compared_in(session)))
        _add(session, source.where(Solution.id.between(ids[0], ids[-1])))
    state.renewed_to = ids[-1] if len(ids) == CHUNK else None


def _add(session: Session, rows: Select[*tuple[Any, ...]]) -> None:
    session.execute(insert(SolutionIndex).from_select(COLUMNS, rows))


def _source(comparison: ComparedVerdicts) -> Select[*tuple[Any, ...]]:
    return comparison.join(
        select(
            Solution.id,
            Solution.problem_id,
            Solution.dataset,
            Solution.generator,
            Solution.is_correct,
            Solution.n_steps,
            *comparison.said.values(),
            comparison.bits(),
            comparison.place(),
        ).where(Solution.replaced_by.is_(None))
    )
