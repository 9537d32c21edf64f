"""What the file of a project tells of the whole: what was decided for it, and its annotators."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.annotators import ensure_in_session, named, to_record
from db.engine import Database, DatabaseError
from db.jobs import check_claim
from db.records import AnnotatorRecord, JobRecord, SourceAnnotator, SourceProject
from db.results import HELD_OUT
from db.schema import Annotator, Consensus, ErrorType, Export, FormerName, HeldOut


def adopt(database: Database, told: SourceProject, job: JobRecord | None = None) -> None:
    """Offer the file's types of errors too, and decide what is not decided here yet as it does.

    That is what is held out, and the consensus rule that exports use.

    Raises LostJobError when `job` is no longer this process's.
    """
    with database.write() as session:
        if job is not None:
            check_claim(session, job)
        there = set(session.scalars(select(ErrorType.name)))
        session.add_all(ErrorType(name=name) for name in told.error_types if name not in there)
        if told.held_out is not None:
            _hold_out(session, *told.held_out)
        rule = told.consensus
        if rule is not None and session.scalar(select(Consensus.id).limit(1)) is None:
            session.add(Consensus(rule=rule.rule, counts=rule.counts, created_at=rule.created_at))


def _hold_out(session: Session, share: float, seed: int, exported: bool) -> None:
    """Hold that part out where nothing was decided; where it is the same, exports of it count."""
    here = session.get(HeldOut, HELD_OUT)
    if here is None and session.scalar(select(Export.id).limit(1)) is None:
        session.add(HeldOut(id=HELD_OUT, share=share, seed=seed, exported=exported))
    elif here is not None and (here.share, here.seed) == (share, seed):
        here.exported |= exported


def ensure_from_file(
    database: Database, told: SourceAnnotator, job: JobRecord | None = None
) -> AnnotatorRecord:
    """The annotator that a file tells of, made if there is none of that name.

    One that is here already stays as it is: whether it is hidden, chosen, and its former names.
    Raises DatabaseError for a name that has another configuration here; a machine that is at work
    here has, its mark apart, the file's own. Raises LostJobError when `job` is no longer this
    process's.
    """
    with database.write() as session:
        if job is not None:
            check_claim(session, job)
        there = named(session, told.kind, told.name)
        if there is not None:
            if _unmarked(there.config) != _unmarked(told.config):
                raise DatabaseError(
                    f"{told.label} of this file is another annotator than {told.label} here "
                    "(another model, prompt or sampling). Rename the one that is here, and import "
                    "again: "
                    f"steplens annotators rename {told.label} NAME"
                )
            return to_record(there)
        row = ensure_in_session(session, told.kind, told.name, told.config, hidden=told.hidden)
        row.chosen = told.chosen and not _somebody_is_chosen(session, told.kind)
        for name in told.former_names:
            if named(session, told.kind, name) is None:
                session.add(FormerName(kind=told.kind, name=name, annotator_id=row.id))
                session.flush()
        return to_record(row)


def _unmarked(config: dict[str, object]) -> dict[str, object]:
    """The configuration without the mark that it came out of a file."""
    return {name: value for name, value in config.items() if name != "source"}


def _somebody_is_chosen(session: Session, kind: str) -> bool:
    chosen = select(Annotator.id).where(Annotator.kind == kind, Annotator.chosen)
    return session.scalar(chosen.limit(1)) is not None
