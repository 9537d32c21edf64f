"""Consensus runs, exports and evaluations: what was made, and from what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from db.engine import Database
from db.schema import Consensus, Evaluation, Export


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
class EvaluationRecord:
    """One evaluation's result."""

    id: int
    kind: str
    annotator_id: int
    reference_id: int
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
    database: Database, kind: str, annotator_id: int, reference_id: int, result: dict[str, Any]
) -> int:
    """Remember an evaluation."""
    with database.write() as session:
        row = Evaluation(
            kind=kind, annotator_id=annotator_id, reference_id=reference_id, result=result
        )
        session.add(row)
        session.flush()
        return row.id


def list_evaluations(database: Database) -> list[EvaluationRecord]:
    """The newest evaluations first."""
    with database.read() as session:
        rows = session.scalars(select(Evaluation).order_by(Evaluation.id.desc())).all()
        return [
            EvaluationRecord(r.id, r.kind, r.annotator_id, r.reference_id, r.result, r.created_at)
            for r in rows
        ]
