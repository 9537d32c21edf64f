"""Corrections: the append-only log of human acts, and what it amounts to now.

Of everything a person did on a solution one act counts now: the last label or skip that no undo
took back. `current` finds it in a log. Whoever writes to the log marks that act in the same
transaction (`Correction.is_current`), so queries ask for the mark and never for undos.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, Text, cast, delete, func, select, update
from sqlalchemy.orm import Session

from db.annotations import replace_unstorable
from db.annotators import count_annotations
from db.engine import Database, Lock
from db.lists import solution_index
from db.lists.comparison import compared_in
from db.records import CorrectionRecord, lowest
from db.schema import Annotation, Correction, ErrorType, Solution, utcnow


def append_corrections(database: Database, corrections: Sequence[CorrectionRecord]) -> list[str]:
    """Store corrections and return the tokens that are now on disk, whatever fails next.

    A token that is there already is left alone and returned too: a client may send a
    correction again until it hears back. `created_at` is the server's.
    """
    if not corrections:
        return []
    people = [(Lock.ANNOTATOR, one.annotator_id) for one in corrections]
    with database.write(durable=True, among=people) as session:
        for correction in corrections:
            if session.scalar(select(Correction.id).where(Correction.token == correction.token)):
                continue
            session.add(to_row(correction, utcnow()))
            session.flush()
            project(session, correction.solution_id, correction.annotator_id)
    return [correction.token for correction in corrections]


def known_solutions(database: Database, solution_ids: Sequence[int]) -> dict[int, int]:
    """solution id -> number of steps, for checking what a client sent."""
    with database.read() as session:
        query = select(Solution.id, Solution.n_steps).where(Solution.id.in_(list(solution_ids)))
        return dict(session.execute(query).all())


def correction_log(
    database: Database, solution_id: int, annotator_id: int | None = None
) -> list[CorrectionRecord]:
    """The acts on one solution, oldest first; of everybody, or of one annotator."""
    query = select(Correction).where(Correction.solution_id == solution_id).order_by(Correction.id)
    if annotator_id is not None:
        query = query.where(Correction.annotator_id == annotator_id)
    with database.read() as session:
        return [to_record(row) for row in session.scalars(query)]


def corrections_of(database: Database, solution_ids: Sequence[int]) -> list[CorrectionRecord]:
    """Every act on these solutions (at most IN_LIST), oldest first."""
    query = select(Correction).where(Correction.solution_id.in_(solution_ids))
    with database.read() as session:
        return [to_record(row) for row in session.scalars(query.order_by(Correction.id))]


def current_acts(
    database: Database, solution_ids: Sequence[int], annotator_id: int
) -> dict[int, CorrectionRecord]:
    """The act of this person that counts now on each of these solutions (at most IN_LIST)."""
    query = select(Correction).where(
        Correction.annotator_id == annotator_id,
        Correction.solution_id.in_(solution_ids),
        Correction.is_current,
    )
    with database.read() as session:
        return {row.solution_id: to_record(row) for row in session.scalars(query)}


def dealt_with(annotator_id: int) -> Select[int]:
    """Ids of the solutions that this person has labelled or skipped."""
    return select(Correction.solution_id).where(
        Correction.annotator_id == annotator_id, Correction.is_current
    )


def labelled() -> Select[int]:
    """Ids of the solutions that somebody has labelled."""
    return select(Correction.solution_id).where(Correction.is_current, Correction.action == "label")


def flagged(annotator_id: int | None = None) -> Select[int]:
    """Ids of the solutions on which somebody, or just this person, raises a flag."""
    ids = select(Correction.solution_id).where(
        Correction.is_current, cast(Correction.flags, Text) != "[]"
    )
    return ids if annotator_id is None else ids.where(Correction.annotator_id == annotator_id)


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


def rebuild_projections(database: Database, annotator_id: int) -> int:
    """Make a person's current acts and annotations anew from the log.

    Returns the number of solutions.
    """
    with database.write() as session:
        ids = session.scalars(
            select(Correction.solution_id).where(Correction.annotator_id == annotator_id).distinct()
        ).all()
        for solution_id in ids:
            project(session, solution_id, annotator_id)
    return len(ids)


def taken_back(log: Sequence[CorrectionRecord]) -> set[str]:
    """Tokens of the acts that an undo took back; an undo that was itself undone takes nothing."""
    undone: set[str] = set()
    for act in reversed(log):
        if act.action == "undo" and act.undoes is not None and act.token not in undone:
            undone.add(act.undoes)
    return undone


def current(log: Sequence[CorrectionRecord]) -> CorrectionRecord | None:
    """The act that counts now in one person's log of one solution, oldest first, or None."""
    undone = taken_back(log)
    acts = (act for act in reversed(log) if act.action != "undo" and act.token not in undone)
    return next(acts, None)


def project(session: Session, solution_id: int, annotator_id: int) -> None:
    """Mark the act that counts now, and make the person's annotation say what it says."""
    here = (Correction.solution_id == solution_id, Correction.annotator_id == annotator_id)
    rows = session.scalars(select(Correction).where(*here).order_by(Correction.id)).all()
    act = current([to_record(row) for row in rows])
    marked = update(Correction).where(*here)
    # The old mark goes first: a unique index holds that there is only one.
    session.execute(marked.where(Correction.is_current).values(is_current=False))
    if act is not None:
        session.execute(marked.where(Correction.token == act.token).values(is_current=True))
    said = (Annotation.solution_id == solution_id, Annotation.annotator_id == annotator_id)
    before = session.scalar(select(func.count()).where(*said)) or 0
    session.execute(delete(Annotation).where(*said))
    # A skip that raises a flag says something too: it has no verdict, and consensus heeds it.
    says_something = act is not None and (act.labels is not None or bool(act.flags))
    count_annotations(session, annotator_id, says_something - before)
    if act is not None and says_something:
        labels = act.labels or ()
        why = {} if act.error_type is None else {"error_type": act.error_type}
        session.add(
            Annotation(
                solution_id=solution_id,
                annotator_id=annotator_id,
                scores=list(labels),
                first_error=act.first_error,
                status="ok" if act.first_error is not None else "unfinished",
                lowest=lowest(labels),
                evidence={
                    "correction": act.token,
                    "note": act.note,
                    "flags": list(act.flags),
                    **why,
                },
            )
        )
    session.flush()
    if annotator_id in compared_in(session).ids():
        solution_index.update(session, [solution_id])


def to_row(act: CorrectionRecord, created_at: datetime) -> Correction:
    """An act as it is stored; `project` marks which one counts."""
    return Correction(
        token=act.token,
        solution_id=act.solution_id,
        annotator_id=act.annotator_id,
        action=act.action,
        labels=None if act.labels is None else list(act.labels),
        first_error=act.first_error,
        note=None if act.note is None else replace_unstorable(act.note),
        flags=list(act.flags),
        seconds=act.seconds,
        scores_visible=act.scores_visible,
        blind=act.blind,
        first_labels=None if act.first_labels is None else list(act.first_labels),
        error_type=act.error_type,
        undoes=act.undoes,
        created_at=created_at,
    )


def to_record(row: Correction) -> CorrectionRecord:
    """The plain form of a row."""
    return CorrectionRecord(
        token=row.token,
        solution_id=row.solution_id,
        annotator_id=row.annotator_id,
        action=row.action,
        labels=None if row.labels is None else tuple(row.labels),
        first_error=row.first_error,
        note=row.note,
        flags=tuple(row.flags),
        seconds=row.seconds,
        scores_visible=row.scores_visible,
        undoes=row.undoes,
        created_at=row.created_at,
        blind=row.blind,
        first_labels=None if row.first_labels is None else tuple(row.first_labels),
        error_type=row.error_type,
    )
