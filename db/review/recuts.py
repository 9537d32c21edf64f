"""Solutions whose steps people cut anew: another solution stands in the place of the old one.

The text stays, word for word. The old solution and all that was said of it are kept; it is set
aside, out of lists, queues and consensus. What people said is carried over as far as the new cut
lets it; what machines said is of the old cut and stays there. Every act is appended to a log, an
undo too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.annotators import count_annotations
from db.corrections import project, to_record, to_row
from db.engine import Database, DatabaseError, stable_hash
from db.ingest import solution_fingerprint
from db.lists import search, solution_index
from db.records import AnnotatorRecord, CorrectionRecord, lowest
from db.review.steps import Cut, cut_of
from db.review.tables import Recut
from db.schema import Annotation, Annotator, Correction, Problem, Solution, utcnow

BAD_SPLIT = "bad_split"  # the flag that a new cut answers


def recut(
    database: Database,
    solution_id: int,
    steps: Sequence[str],
    person: AnnotatorRecord,
    token: str,
) -> int:
    """Cut a solution into these steps; the id of the solution that stands in its place from now.

    Sending a token twice does nothing. Raises DatabaseError where the solution is not there, was
    cut anew before, or has these steps; ValueError where its text is not theirs.
    """
    with database.write(durable=True) as session:
        done = session.scalar(select(Recut).where(Recut.token == token))
        if done is not None:
            return done.made_id
        old = session.get(Solution, solution_id)
        if old is None:
            raise DatabaseError(f"there is no solution {solution_id} in this project")
        if old.replaced_by is not None:
            raise DatabaseError(
                f"solution {old.id} was cut anew as solution {old.replaced_by}: cut that one"
            )
        cut = cut_of(old.steps, steps)
        new = _solution(session, old, cut.steps)
        if new.id == old.id:
            raise DatabaseError(f"these are the steps of solution {old.id}")
        _stand_in(session, old, new)
        session.add(Recut(token=token, solution_id=old.id, made_id=new.id, annotator_id=person.id))
        _carry_corrections(session, old.id, new.id, cut)
        _carry_labels(session, old.id, new.id, cut)
        solution_index.update(session, [old.id, new.id])
        return new.id


def undo_recut(database: Database, solution_id: int, person: AnnotatorRecord, token: str) -> int:
    """Put back the solution that this one was cut from; its id. What was said of both stays.

    Raises DatabaseError for a solution that was not cut from another one, or is set aside itself.
    """
    with database.write(durable=True) as session:
        done = session.scalar(select(Recut).where(Recut.token == token))
        if done is not None:
            return done.solution_id
        new, act = session.get(Solution, solution_id), _last(session, solution_id)
        if new is None or new.replaced_by is not None or act is None:
            raise DatabaseError(f"solution {solution_id} does not stand in another one's place")
        old = session.get_one(Solution, act.solution_id)
        _stand_in(session, new, old)
        session.add(
            Recut(
                token=token,
                solution_id=old.id,
                made_id=new.id,
                annotator_id=person.id,
                undoes=act.token,
            )
        )
        session.flush()
        solution_index.update(session, [old.id, new.id])
        return old.id


def origin(database: Database, solution_id: int) -> int | None:
    """The solution that this one was cut from, whether it stands in its place or not."""
    with database.read() as session:
        query = select(Recut.solution_id).where(
            Recut.made_id == solution_id, Recut.undoes.is_(None)
        )
        return session.scalar(query.order_by(Recut.id.desc()).limit(1))


def replacement(database: Database, solution_id: int) -> int | None:
    """The solution that stands in the place of this one, or None."""
    with database.read() as session:
        return session.scalar(select(Solution.replaced_by).where(Solution.id == solution_id))


def _last(session: Session, made_id: int) -> Recut | None:
    """The act that made this solution stand where it does, and that no undo took back."""
    rows = session.scalars(select(Recut).where(Recut.made_id == made_id).order_by(Recut.id)).all()
    undone = {row.undoes for row in rows}
    acts = [row for row in rows if row.undoes is None and row.token not in undone]
    return acts[-1] if acts else None


def _solution(session: Session, old: Solution, steps: Sequence[str]) -> Solution:
    """The solution with these steps in place of its own, stored if it is not there yet."""
    problem = session.get_one(Problem, old.problem_id)
    fingerprint = solution_fingerprint(problem.text, old.generator, steps)
    known = session.scalar(select(Solution).where(Solution.fingerprint == fingerprint))
    if known is not None:
        return known
    made = Solution(
        problem_id=old.problem_id,
        fingerprint=fingerprint,
        dataset=old.dataset,
        generator=old.generator,
        external_id=old.external_id,
        steps=list(steps),
        n_steps=len(steps),
        final_answer=old.final_answer,
        is_correct=old.is_correct,
        samples=old.samples,
        meta=dict(old.meta),
    )
    session.add(made)
    session.flush()
    search.add(session, [{"id": made.id, "body": search.body(problem.text, steps)}])
    return made


def _stand_in(session: Session, old: Solution, new: Solution) -> None:
    old.replaced_by, new.replaced_by = new.id, None
    session.flush()


def _carry_corrections(session: Session, old: int, new: int, cut: Cut) -> None:
    """What counts now of what people did, as acts of theirs on the new solution."""
    rows = session.scalars(
        select(Correction).where(Correction.solution_id == old, Correction.is_current)
    ).all()
    there = set(
        session.scalars(select(Correction.annotator_id).where(Correction.solution_id == new))
    )
    for row in rows:
        if row.annotator_id not in there:
            act = _carried(to_record(row), new, cut)
            session.add(to_row(act, utcnow()))
            session.flush()
            project(session, new, row.annotator_id)


def _carried(act: CorrectionRecord, solution_id: int, cut: Cut) -> CorrectionRecord:
    first_error = cut.first_error(act.first_error)
    return replace(
        act,
        token=stable_hash([act.token, solution_id, utcnow().isoformat()]),
        solution_id=solution_id,
        labels=None if act.labels is None else cut.labels(act.labels),
        first_labels=None if act.first_labels is None else cut.labels(act.first_labels),
        first_error=first_error,
        error_type=act.error_type if first_error is not None and first_error >= 0 else None,
        flags=tuple(flag for flag in act.flags if flag != BAD_SPLIT),
        seconds=None,  # nobody spent any on it
        undoes=None,
    )


def _carry_labels(session: Session, old: int, new: int, cut: Cut) -> None:
    """The labels of people that came with the data, which no log has."""
    said = select(Annotation, Annotator).join(Annotator, Annotator.id == Annotation.annotator_id)
    there = set(
        session.scalars(select(Annotation.annotator_id).where(Annotation.solution_id == new))
    )
    for row, who in session.execute(
        said.where(Annotation.solution_id == old, Annotator.kind == "human")
    ).all():
        if who.id in there or who.config.get("source") in ("review", "adjudication"):
            continue
        scores, first_error = cut.labels(row.scores), cut.first_error(row.first_error)
        session.add(
            Annotation(
                solution_id=new,
                annotator_id=who.id,
                scores=list(scores),
                first_error=first_error,
                status=row.status if first_error is not None else "unfinished",
                lowest=lowest(scores),
                evidence=dict(row.evidence),
            )
        )
        count_annotations(session, who.id, 1)
    session.flush()
