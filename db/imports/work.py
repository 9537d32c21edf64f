"""What an export of a project reads beside solutions and what is said of them, in names.

`db.imports.storing` stores it elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.annotators import to_record
from db.engine import IN_LIST, Database
from db.imports.filters import reworded
from db.imports.records import (
    SourceEvaluation,
    SourceList,
    SourceQueue,
    SourceRecut,
    SourceRecuts,
    SourceTrainingSet,
)
from db.results import list_evaluations
from db.review.tables import Recut, SavedQueue
from db.schema import Annotator, ListedSolution, Solution, SolutionList, TrainingSet


def training_sets(database: Database) -> Iterator[SourceTrainingSet]:
    """What each PRM was trained on, where that is stored."""
    with database.read() as session:
        for row in session.scalars(select(TrainingSet).order_by(TrainingSet.revision)):
            yield SourceTrainingSet(row.revision, row.problems, row.n_solutions, row.export)


def recuts(database: Database) -> list[SourceRecuts]:
    """The cuts that people made, those of one text together."""
    with database.read() as session:
        acts = session.scalars(select(Recut).order_by(Recut.id)).all()
        people, found = _labels(session), []
        for group in _connected(acts):
            ids = {one for act in group for one in (act.solution_id, act.made_id)}
            names = _fingerprints(session, sorted(ids))
            aside = select(Solution.id, Solution.replaced_by).where(Solution.id.in_(ids))
            told = tuple(
                SourceRecut(
                    act.token,
                    names[act.solution_id],
                    names[act.made_id],
                    people[act.annotator_id],
                    act.undoes,
                    act.created_at,
                )
                for act in group
            )
            stands = {
                names[old]: names[new] for old, new in session.execute(aside) if new is not None
            }
            found.append(SourceRecuts(told, stands))
    return found


def kept_lists(database: Database) -> Iterator[SourceList]:
    """The lists that pages keep, the oldest first."""
    with database.read() as session:
        for row in session.scalars(select(SolutionList).order_by(SolutionList.id)):
            yield _list(session, row)


def queues(database: Database) -> Iterator[SourceQueue]:
    """The saved queues, those without a name and the archived ones too."""
    with database.read() as session:
        labels = _labels(session)
        for row in session.scalars(select(SavedQueue).order_by(SavedQueue.id)):
            listed = session.get(SolutionList, row.wanted.get("listed", 0))
            yield SourceQueue(
                token=row.token,
                name=row.name,
                holds=row.holds,
                wanted=reworded(
                    row.wanted, lambda one: labels[one], lambda ids: _told(session, ids)
                ),
                listed=None if listed is None else listed.token,
                sort=row.sort,
                reference=None if row.reference_id is None else labels[row.reference_id],
                per_item=row.per_item,
                blind=row.blind,
                archived=row.archived,
                instructions=row.instructions,
                assigned=tuple(row.assigned),
                history=tuple(row.history),
                made_by=row.made_by,
                created_at=row.created_at,
            )


def evaluations(database: Database) -> list[SourceEvaluation]:
    """The stored results, the oldest first."""
    with database.read() as session:
        labels = _labels(session)
    return [
        SourceEvaluation(
            one.kind,
            labels[one.annotator_id],
            None if one.reference_id is None else labels[one.reference_id],
            one.measured,
            one.result,
            one.created_at,
        )
        for one in reversed(list_evaluations(database))
    ]


def _connected(acts: Sequence[Recut]) -> list[list[Recut]]:
    """The acts on solutions that one was cut from the other, however often, each in its order."""
    group_of: dict[int, list[int]] = {}
    for act in acts:
        one = group_of.setdefault(act.solution_id, [act.solution_id])
        other = group_of.setdefault(act.made_id, [act.made_id])
        if one is not other:
            one += other
            group_of.update(dict.fromkeys(other, one))
    found: dict[int, list[Recut]] = defaultdict(list)
    for act in acts:
        found[group_of[act.solution_id][0]].append(act)
    return list(found.values())


def _list(session: Session, row: SolutionList) -> SourceList:
    kept = func.coalesce(ListedSolution.kept_id, ListedSolution.solution_id)
    places = select(kept).where(ListedSolution.list_id == row.id)
    ids = session.scalars(places.order_by(ListedSolution.place)).all()
    told = tuple(_told(session, ids))
    return SourceList(row.token, told, row.words, row.origin, start=0, total=len(told))


def _told(session: Session, ids: Sequence[int]) -> list[str]:
    """The fingerprints of these solutions, in their order; ids that are gone are left out."""
    names = _fingerprints(session, ids)
    return [names[one] for one in ids if one in names]


def _fingerprints(session: Session, ids: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(ids), IN_LIST):
        part = ids[start : start + IN_LIST]
        query = select(Solution.id, Solution.fingerprint).where(Solution.id.in_(part))
        found.update(session.execute(query).all())
    return found


def _labels(session: Session) -> dict[int, str]:
    return {row.id: to_record(row).label for row in session.scalars(select(Annotator))}
