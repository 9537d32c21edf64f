"""Solutions whose steps people cut anew: another solution stands in the place of the old one.

The text stays, word for word. The old solution and all that was said of it are kept; it is set
aside, out of lists, queues and consensus. What people said is carried over as far as the new cut
lets it; what machines said is of the old cut and stays there. Every act is appended to a log, an
undo too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db.annotators import count_annotations
from db.corrections import project, to_record, to_row
from db.engine import Database, DatabaseError, stable_hash
from db.ingest import solution_fingerprint
from db.lists import search, solution_index
from db.lists.solution_lists import follow_cuts
from db.records import AnnotatorRecord, CorrectionRecord, lowest
from db.review.leases import renew
from db.review.steps import Cut, cut_of, is_verdict
from db.review.tables import Lease, Recut
from db.schema import Annotation, Annotator, Correction, Problem, Solution, utcnow

BAD_SPLIT = "bad_split"  # the flag that a new cut answers


def recut(
    database: Database,
    solution_id: int,
    steps: Sequence[str],
    person: AnnotatorRecord,
    token: str,
    *,
    late: bool = False,
) -> int:
    """Cut a solution into these steps; the id of the solution that stands in its place from now.

    Sending a token twice does nothing. Where somebody cut it before, a `late` act cuts what stands
    there now, and is done where that has these steps. Raises DatabaseError where the solution is
    not there, was cut before and the act is not `late`, or has these steps; ValueError where its
    text is not theirs.
    """
    with database.write(durable=True) as session:
        done = session.scalar(select(Recut).where(Recut.token == token))
        if done is not None:
            return done.made_id
        given = session.get(Solution, solution_id)
        if given is None:
            raise DatabaseError(f"there is no solution {solution_id} in this project")
        if given.replaced_by is not None and not late:
            raise DatabaseError(
                f"solution {given.id} was cut anew as solution {given.replaced_by}: cut that one"
            )
        old = _standing(session, given)
        cut = cut_of(old.steps, steps)
        new = _solution(session, old, cut.steps)
        if new.id == given.id:
            raise DatabaseError(f"these are the steps of solution {given.id}")
        act = Recut(token=token, solution_id=old.id, made_id=new.id, annotator_id=person.id)
        if new.id == old.id:
            act.solution_id = given.id
        else:
            _stand_in(session, old, new)
            renew(session, new.id, person.name)
            _carry_corrections(session, old.id, new, cut)
            _carry_labels(session, old.id, new.id, cut)
        session.add(act)
        session.flush()
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


def undo_cut(database: Database, cut: str, person: AnnotatorRecord, token: str) -> int:
    """`undo_recut` of what the act with the token `cut` made."""
    made = made_by(database, cut)
    if made is None:
        raise DatabaseError("the cut that it takes back is not there")
    return undo_recut(database, made, person, token)


def made_by(database: Database, token: str) -> int | None:
    """The solution that the act with this token made, or None where there is no such act."""
    with database.read() as session:
        return session.scalar(
            select(Recut.made_id).where(Recut.token == token, Recut.undoes.is_(None))
        )


def carry_late(database: Database, tokens: Sequence[str]) -> dict[str, int]:
    """Carry over what people said of a solution after it was set aside, as a recut does.

    Of the corrections with these tokens (at most IN_LIST): token -> the solution that stands now,
    for those on a solution set aside. Doing it again changes nothing. What a person said of the
    new cut itself counts before what comes from the old one.
    """
    late = (
        select(Correction)
        .join(Solution, Solution.id == Correction.solution_id)
        .where(Correction.token.in_(list(tokens)), Solution.replaced_by.is_not(None))
        .order_by(Correction.id)
    )
    with database.read() as session:
        if session.scalar(late.limit(1)) is None:
            return {}
    with database.write(durable=True) as session:
        return {row.token: _carry_on(session, row) for row in session.scalars(late).all()}


def lineages(database: Database, solution_ids: Sequence[int]) -> dict[int, list[int]]:
    """What each of these was cut from, and that from, the nearest first; [] for most."""
    made = select(Recut.made_id).where(Recut.made_id.in_(list(solution_ids)))
    with database.read() as session:
        cut = set(session.scalars(made))
        return {one: _origins(session, one) if one in cut else [] for one in solution_ids}


def standing(database: Database, solution_id: int) -> int:
    """The solution that stands in the place of this one, which is itself where none does."""
    with database.read() as session:
        return _standing(session, session.get_one(Solution, solution_id)).id


def replacement(database: Database, solution_id: int) -> int | None:
    """The solution that stands in the place of this one, or None."""
    with database.read() as session:
        return session.scalar(select(Solution.replaced_by).where(Solution.id == solution_id))


def _origins(session: Session, solution_id: int) -> list[int]:
    """Cuts can lead back to steps that were there before, which ends the walk."""
    found = [solution_id]
    cut_from = select(Recut.solution_id).where(Recut.undoes.is_(None)).order_by(Recut.id.desc())
    while True:
        before = session.scalar(cut_from.where(Recut.made_id == found[-1]).limit(1))
        if before is None or before in found:
            return found[1:]
        found.append(before)


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


def _standing(session: Session, solution: Solution) -> Solution:
    """The solution that stands in its place, which is itself where it was not set aside."""
    while solution.replaced_by is not None:
        solution = session.get_one(Solution, solution.replaced_by)
    return solution


def _stand_in(session: Session, old: Solution, new: Solution) -> None:
    """Whoever has the old one on screen, or in a kept list, has the new one from now."""
    old.replaced_by, new.replaced_by = new.id, None
    here = select(Lease.holder).where(Lease.solution_id == new.id)
    session.execute(delete(Lease).where(Lease.solution_id == old.id, Lease.holder.in_(here)))
    session.execute(update(Lease).where(Lease.solution_id == old.id).values(solution_id=new.id))
    session.flush()
    follow_cuts(session, [old.id])


def _carry_corrections(session: Session, old: int, new: Solution, cut: Cut) -> None:
    """What counts now of what people did, as acts of theirs on the new solution."""
    rows = session.scalars(
        select(Correction).where(Correction.solution_id == old, Correction.is_current)
    ).all()
    for row in rows:
        _carry(session, to_record(row), new, cut)


def _carry_on(session: Session, late: Correction) -> int:
    """Carry one act from cut to cut up to the solution that stands; its id."""
    act, at = to_record(late), session.get_one(Solution, late.solution_id)
    while at.replaced_by is not None:
        after = session.get_one(Solution, at.replaced_by)
        act = _carry(session, act, after, cut_of(at.steps, after.steps))
        at = after
    return at.id


def _carry(session: Session, act: CorrectionRecord, new: Solution, cut: Cut) -> CorrectionRecord:
    """Do on the new cut what a person did on the old one, unless they spoke of the new one itself.

    Returns the act as it is, or would be, there.
    """
    person = act.annotator_id
    acts = select(Correction.token).where(Correction.annotator_id == person)
    said = set(session.scalars(acts.where(Correction.solution_id == act.solution_id)))
    there = set(session.scalars(acts.where(Correction.solution_id == new.id)))
    carried = _carried(act, new, cut)
    own = there - {_token_there(token, new) for token in said}
    nothing_to_undo = carried.undoes is not None and carried.undoes not in there
    if own or nothing_to_undo or carried.token in there:
        return carried
    session.add(to_row(carried, utcnow()))
    session.flush()
    project(session, new.id, person)
    return carried


def _token_there(token: str, new: Solution) -> str:
    """The token of an act that was carried over: the same everywhere, so it is carried once."""
    return stable_hash(["carried", token, new.fingerprint])


def _carried(act: CorrectionRecord, new: Solution, cut: Cut) -> CorrectionRecord:
    first_error = cut.first_error(act.first_error)
    return replace(
        act,
        token=_token_there(act.token, new),
        solution_id=new.id,
        labels=None if act.labels is None else cut.labels(act.labels),
        **_first_verdict(act, cut),
        first_error=first_error,
        error_type=act.error_type if first_error is not None and first_error >= 0 else None,
        flags=tuple(flag for flag in act.flags if flag != BAD_SPLIT),
        seconds=None,  # nobody spent any on it
        undoes=None if act.undoes is None else _token_there(act.undoes, new),
    )


def _first_verdict(act: CorrectionRecord, cut: Cut) -> dict[str, Any]:
    """A first verdict that the new cut leaves open is none; what it revealed has been seen."""
    if act.first_labels is None:
        return {}
    labels = cut.labels(act.first_labels)
    if is_verdict(labels):
        return {"first_labels": labels}
    return {"first_labels": None, "blind": False, "scores_visible": True}


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
