"""Storing what the file of a project tells beside solutions: each once, overruling nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.annotators import FINGERPRINT_BYTES, named
from db.engine import IN_LIST, Database, DatabaseError
from db.imports.filters import reworded
from db.imports.records import (
    SourceEvaluation,
    SourceList,
    SourceQueue,
    SourceRecuts,
    SourceTrainingSet,
    SourceWork,
)
from db.jobs import check_claim
from db.lists import solution_index
from db.lists.browse import sorted_by
from db.lists.filters import SolutionFilter
from db.lists.solution_lists import follow_cuts, list_in_session
from db.records import JobRecord
from db.review.saved_queues import MOST_NAME, unnamed_token
from db.review.tables import Recut, SavedQueue
from db.schema import Evaluation, Solution, SolutionIndex, TrainingSet


def store_work(
    database: Database,
    told: SourceWork,
    lists: dict[str, int],
    job: JobRecord | None = None,
) -> str | None:
    """Store it in one transaction; in words what of it does not come in as it is told, or None.

    A list must be whole. `lists` has the ids of the file's lists by their keys: one that is stored
    is added, and a queue finds its own there. Raises DatabaseError where it speaks of solutions,
    annotators or lists that are not in the project, and LostJobError when `job` is no longer this
    process's; nothing of it is stored then.
    """
    with database.write() as session:
        if job is not None:
            check_claim(session, job)
        match told:
            case SourceTrainingSet():
                _training_set(session, told)
            case SourceRecuts():
                return _recuts(session, told)
            case SourceList():
                ids = _ids(session, told.solutions)
                lists[told.key] = list_in_session(session, ids, told.words, told.origin).id
            case SourceQueue():
                return _queue(session, told, lists)
            case SourceEvaluation():
                _evaluation(session, told)
    return None


def _training_set(session: Session, told: SourceTrainingSet) -> None:
    """Add to what is known of the weights: what was seen in training stays seen."""
    row = session.get(TrainingSet, told.revision)
    if row is None:
        row = TrainingSet(revision=told.revision, n_problems=0, problems=b"")
        session.add(row)
    both = {*_split(row.problems), *_split(told.problems)}
    if len(both) > row.n_problems:
        row.problems, row.n_problems = b"".join(sorted(both)), len(both)
    row.n_solutions = told.n_solutions if row.n_solutions is None else row.n_solutions
    row.export = told.export if row.export is None else row.export


def _split(packed: bytes) -> list[bytes]:
    starts = range(0, len(packed), FINGERPRINT_BYTES)
    return [packed[start : start + FINGERPRINT_BYTES] for start in starts]


def _recuts(session: Session, told: SourceRecuts) -> str | None:
    """Add the acts and let stand what stood; where it was cut here too, what is here stays."""
    names = {one for act in told.acts for one in (act.solution, act.made)}
    names |= {*told.replaced_by, *told.replaced_by.values()}
    solutions = _by_fingerprint(session, sorted(names))
    ids = list(solutions.values())
    here = set(
        session.scalars(
            select(Recut.token).where(Recut.solution_id.in_(ids) | Recut.made_id.in_(ids))
        )
    )
    new = [act for act in told.acts if act.token not in here]
    if not new:
        return None
    tokens = [act.token for act in new]
    if here - {act.token for act in told.acts} or session.scalar(
        select(Recut.id).where(Recut.token.in_(tokens)).limit(1)
    ):
        _set_aside(session, ids)
        return (
            f"solution {min(ids)} was cut anew here too: the cut that stands here stays, and the "
            "file's are left out"
        )
    people = {act.person: _annotator(session, act.person) for act in new}
    for act in new:
        session.add(
            Recut(
                token=act.token,
                solution_id=solutions[act.solution],
                made_id=solutions[act.made],
                annotator_id=people[act.person],
                undoes=act.undoes,
                created_at=act.created_at,
            )
        )
        session.flush()
    for name, one in solutions.items():
        after = told.replaced_by.get(name)
        session.get_one(Solution, one).replaced_by = None if after is None else solutions[after]
    session.flush()
    follow_cuts(session, ids)
    solution_index.update(session, ids)
    return None


def _set_aside(session: Session, ids: Sequence[int]) -> None:
    """Of the cuts of one text, let the one alone stand that people here let stand."""
    cuts = [session.get_one(Solution, one) for one in ids]
    stands = next((one.replaced_by for one in cuts if one.replaced_by is not None), None)
    if stands is None:
        return
    while (after := session.get_one(Solution, stands).replaced_by) is not None:
        stands = after
    for one in cuts:
        if one.replaced_by is None and one.id != stands:
            one.replaced_by = stands
    session.flush()
    follow_cuts(session, ids)
    solution_index.update(session, ids)


def _queue(session: Session, told: SourceQueue, lists: Mapping[str, int]) -> str | None:
    """Add it, unless it is there; a name that another queue has here gets a number."""
    wanted = reworded(
        told.wanted,
        lambda label: _annotator(session, label),
        lambda names: _ids(session, names),
    )
    if told.listed is not None:
        if told.listed not in lists:
            raise DatabaseError("the list that the queue is narrowed to was not read")
        wanted["listed"] = lists[told.listed]
    reference = None if told.reference is None else _annotator(session, told.reference)
    wanted = SolutionFilter.from_json(wanted).to_json()
    sorted_by(select(SolutionIndex.solution_id), told.sort)
    token = told.token
    if told.name is None:
        token = unnamed_token(told.holds, wanted, told.sort, reference)
    if session.scalar(select(SavedQueue.id).where(SavedQueue.token == token)) is not None:
        return None
    name = None if told.name is None else _free_name(session, told.name)
    session.add(
        SavedQueue(
            token=token,
            name=name,
            holds=told.holds,
            wanted=wanted,
            sort=told.sort,
            reference_id=reference,
            per_item=told.per_item,
            blind=told.blind,
            archived=told.archived,
            instructions=told.instructions,
            assigned=[*told.assigned],
            history=[*told.history],
            made_by=told.made_by,
            created_at=told.created_at,
        )
    )
    if name == told.name:
        return None
    return f"there is another queue {told.name} here; the file's is called {name}"


def _free_name(session: Session, name: str) -> str:
    taken = set(session.scalars(select(SavedQueue.name)))
    free, number = name, 2
    while free in taken:
        ending = f" {number}"
        free, number = name[: MOST_NAME - len(ending)] + ending, number + 1
    return free


def _evaluation(session: Session, told: SourceEvaluation) -> None:
    """Add it, unless it is there: the same of the same annotators at the same moment."""
    who = _annotator(session, told.annotator)
    other = None if told.reference is None else _annotator(session, told.reference)
    there = select(Evaluation.id).where(
        Evaluation.kind == told.kind,
        Evaluation.annotator_id == who,
        Evaluation.reference_id.is_not_distinct_from(other),
        Evaluation.dataset.is_not_distinct_from(told.measured.dataset),
        Evaluation.created_at == told.created_at,
    )
    if session.scalar(there.limit(1)) is None:
        values = asdict(told.measured)
        session.execute(
            insert(Evaluation).values(
                kind=told.kind,
                annotator_id=who,
                reference_id=other,
                result=told.result,
                created_at=told.created_at,
                **values,
            )
        )


def _annotator(session: Session, label: str) -> int:
    kind, _, name = label.partition(":")
    found = named(session, kind, name)
    if found is None:
        raise DatabaseError(f"{label} is not in this project")
    return found.id


def _ids(session: Session, names: Sequence[str]) -> list[int]:
    """The solutions with these fingerprints, in their order."""
    found = _by_fingerprint(session, names)
    return [found[one] for one in names]


def _by_fingerprint(session: Session, names: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(names), IN_LIST):
        query = select(Solution.fingerprint, Solution.id).where(
            Solution.fingerprint.in_(names[start : start + IN_LIST])
        )
        found.update(session.execute(query).all())
    missing = len({*names} - found.keys())
    if missing:
        raise DatabaseError(f"{missing:,} of its solutions are not in this project")
    return found
