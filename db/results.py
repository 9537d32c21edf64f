"""Consensus runs, exports and evaluations: what was made, from what, and what was left out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.annotators import to_record
from db.engine import Database, DatabaseError
from db.jobs import check_claim
from db.records import JobRecord
from db.schema import Annotator, Consensus, Evaluation, Export, HeldOut, Job

HELD_OUT = 1  # the id of the only row of held_out


@dataclass(frozen=True, slots=True)
class ConsensusRecord:
    """A rule that was run, with its counts at the time."""

    id: int
    rule: dict[str, Any]
    counts: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """A data set on disk."""

    id: int
    path: str
    format: str
    manifest: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Measured:
    """What an evaluation was measured on, and with.

    `held_out` says that problems which the annotator was trained on were left out. `solutions` is
    a hash of their fingerprints, so it tells the same solutions apart from others in any project;
    None, like `n_solutions`, in results that were stored before it was. `n_training` is the number
    of solutions that the annotator was trained on and `training_export` the checksum of the export
    that held them, None where that is not known.
    """

    dataset: str | None = None  # None: all there are
    threshold: float | None = None
    held_out: bool = False
    n_solutions: int | None = None
    solutions: str | None = None
    n_training: int | None = None
    training_export: str | None = None


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """One evaluation's result; without a reference, grades decided."""

    id: int
    kind: str
    annotator_id: int
    reference_id: int | None
    job_id: int | None
    measured: Measured
    result: dict[str, Any]
    created_at: datetime


def add_consensus(database: Database, rule: dict[str, Any], counts: dict[str, Any]) -> int:
    """Remember a consensus run; the newest is what an export uses by default."""
    with database.write() as session:
        row = Consensus(rule=rule, counts=counts)
        session.add(row)
        session.flush()
        return row.id


def latest_consensus(database: Database) -> ConsensusRecord | None:
    """The newest consensus run, or None."""
    with database.read() as session:
        row = session.scalar(select(Consensus).order_by(Consensus.id.desc()).limit(1))
        return (
            None if row is None else ConsensusRecord(row.id, row.rule, row.counts, row.created_at)
        )


@dataclass(frozen=True, slots=True)
class StoredHeldOut:
    """The share of the problems that no export holds, and the seed that decides which.

    `exported` says that something was exported that left them out, in whatever project.
    """

    share: float
    seed: int
    exported: bool = False


def stored_held_out(database: Database) -> StoredHeldOut | None:
    """What is held out, None while nobody has said so and nothing was exported."""
    with database.read() as session:
        row = session.get(HeldOut, HELD_OUT)
        return None if row is None else StoredHeldOut(row.share, row.seed, row.exported)


def save_held_out(database: Database, chosen: StoredHeldOut) -> None:
    """Remember what is held out."""
    with database.write() as session:
        row = session.get(HeldOut, HELD_OUT)
        if row is None:
            session.add(HeldOut(id=HELD_OUT, **asdict(chosen)))
        else:
            row.share, row.seed, row.exported = chosen.share, chosen.seed, chosen.exported


def add_export(database: Database, path: str, format: str, manifest: dict[str, Any]) -> int:
    """Remember an export that is on disk."""
    with database.write() as session:
        row = Export(path=path, format=format, manifest=manifest)
        session.add(row)
        session.flush()
        return row.id


def list_exports(database: Database) -> list[ExportRecord]:
    """The newest exports first."""
    with database.read() as session:
        rows = session.scalars(select(Export).order_by(Export.id.desc())).all()
        return [ExportRecord(r.id, r.path, r.format, r.manifest, r.created_at) for r in rows]


def add_evaluation(
    database: Database,
    kind: str,
    annotator_id: int,
    reference_id: int | None,
    measured: Measured,
    result: dict[str, Any],
    job: JobRecord | None = None,
) -> int:
    """Remember an evaluation; one that a resumed job makes again replaces the job's earlier one.

    Raises LostJobError, and stores nothing, when `job` is no longer this process's.
    """
    with database.write() as session:
        if job is not None:
            check_claim(session, job)
            session.execute(delete(Evaluation).where(Evaluation.job_id == job.id))
        row = Evaluation(
            kind=kind,
            annotator_id=annotator_id,
            reference_id=reference_id,
            job_id=None if job is None else job.id,
            result=result,
            **asdict(measured),
        )
        session.add(row)
        session.flush()
        return row.id


def forget_evaluations(database: Database) -> None:
    """Delete every evaluation and the jobs that made them, for a project that is measured anew."""
    with database.write() as session:
        session.execute(delete(Evaluation))
        session.execute(delete(Job).where(Job.kind.in_(("evaluate", "best_of_n"))))


def list_evaluations(database: Database, kind: str | None = None) -> list[EvaluationRecord]:
    """The newest evaluations first, all or those of a kind; an import brings old ones."""
    query = select(Evaluation).order_by(Evaluation.created_at.desc(), Evaluation.id.desc())
    if kind is not None:
        query = query.where(Evaluation.kind == kind)
    with database.read() as session:
        labels = _labels(session)
        return [_evaluation(row, labels) for row in session.scalars(query)]


def get_evaluation(database: Database, evaluation_id: int) -> EvaluationRecord:
    """One evaluation; DatabaseError when there is none."""
    with database.read() as session:
        row = session.get(Evaluation, evaluation_id)
        if row is None:
            raise DatabaseError(f"there is no evaluation {evaluation_id}")
        return _evaluation(row, _labels(session))


def _labels(session: Session) -> dict[int, str]:
    return {row.id: to_record(row).label for row in session.scalars(select(Annotator))}


def _evaluation(row: Evaluation, labels: dict[int, str]) -> EvaluationRecord:
    """The plain form of a row; a result that names its annotators says their names of now."""
    ids = {"annotator": row.annotator_id, "reference": row.reference_id}
    now = {name: labels[one] for name, one in ids.items() if one is not None}
    who = {name: label for name, label in now.items() if name in row.result}
    measured = Measured(**{name.name: getattr(row, name.name) for name in fields(Measured)})
    return EvaluationRecord(
        row.id,
        row.kind,
        row.annotator_id,
        row.reference_id,
        row.job_id,
        measured,
        {**row.result, **who},
        row.created_at,
    )
