"""Annotations and their evidence: storing what an annotator says, and reading it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from db.annotators import count_annotations
from db.engine import IN_LIST, Database, Lock
from db.jobs import check_claim
from db.lists import solution_index
from db.records import FAILED, AnnotationRecord, Comparison, JobRecord, RolloutRecord, lowest
from db.schema import Annotation, Problem, Rollout, Solution, utcnow


def annotated_ids(database: Database, annotator_id: int, solution_ids: Sequence[int]) -> set[int]:
    """Which of these solutions the annotator has annotated, those it failed at left out."""
    with database.read() as session:
        return _annotated(session, annotator_id, solution_ids)


def count_failed(database: Database, annotator_id: int) -> int:
    """How many solutions the annotator failed at; its next job takes them again."""
    query = select(func.count()).where(
        Annotation.annotator_id == annotator_id, Annotation.status == FAILED
    )
    with database.read() as session:
        return session.scalar(query) or 0


def stored_rollouts(
    database: Database, annotator_id: int, solution_ids: Sequence[int]
) -> dict[tuple[int, int, int], str]:
    """(solution id, step, sample) -> outcome, for replaying an interrupted job."""
    outcomes: dict[tuple[int, int, int], str] = {}
    with database.read() as session:
        for part in _chunks(solution_ids):
            query = select(
                Rollout.solution_id, Rollout.step, Rollout.sample, Rollout.outcome
            ).where(Rollout.annotator_id == annotator_id, Rollout.solution_id.in_(part))
            for solution_id, step, sample, outcome in session.execute(query):
                outcomes[solution_id, step, sample] = outcome
    return outcomes


def save_wave(
    database: Database,
    annotator_id: int,
    job: JobRecord | None,
    annotations: Sequence[AnnotationRecord],
    rollouts: Sequence[RolloutRecord] = (),
) -> None:
    """Store one wave in ONE transaction; rows that are there already stay, but for failures.

    Raises LostJobError, and stores nothing, when `job` is no longer this process's.
    """
    with database.write(among=[(Lock.ANNOTATOR, annotator_id)]) as session:
        if job is not None:
            check_claim(session, job)
        if rollouts:
            insert_missing(
                session,
                Rollout,
                [rollout_values(annotator_id, rollout) for rollout in rollouts],
            )
        if annotations:
            for part in _chunks([a.solution_id for a in annotations]):
                session.execute(
                    delete(Annotation).where(
                        Annotation.annotator_id == annotator_id,
                        Annotation.solution_id.in_(part),
                        Annotation.status == FAILED,
                    )
                )
            known = _annotated(session, annotator_id, [a.solution_id for a in annotations])
            new = {a.solution_id: a for a in annotations if a.solution_id not in known}
            count_annotations(session, annotator_id, sum(a.status != FAILED for a in new.values()))
            insert_missing(
                session,
                Annotation,
                [
                    {
                        "annotator_id": annotator_id,
                        "job_id": None if job is None else job.id,
                        "solution_id": a.solution_id,
                        "scores": list(a.scores),
                        "first_error": a.first_error,
                        "status": a.status,
                        "lowest": lowest(a.scores),
                        "margin": a.margin,
                        "evidence": a.evidence,
                        "created_at": utcnow(),
                    }
                    for a in new.values()
                ],
            )
            solution_index.update(session, (a.solution_id for a in annotations))


def rollout_values(annotator_id: int, rollout: RolloutRecord) -> dict[str, Any]:
    """A rollout of this annotator as its row."""
    answer = rollout.answer
    return {
        "annotator_id": annotator_id,
        "solution_id": rollout.solution_id,
        "step": rollout.step,
        "sample": rollout.sample,
        "text": replace_unstorable(rollout.text),
        "answer": None if answer is None else replace_unstorable(answer),
        "outcome": rollout.outcome,
        "n_tokens": rollout.n_tokens,
    }


def revise(database: Database, job: JobRecord, annotations: Sequence[AnnotationRecord]) -> None:
    """Replace the verdicts of stored annotations, in ONE transaction; their scores stay.

    Raises LostJobError, and stores nothing, when `job` is no longer this process's.
    """
    columns = Annotation.__table__.c
    which = (
        columns.solution_id == bindparam("of_solution"),
        columns.annotator_id == bindparam("of_annotator"),
    )
    with database.write() as session:
        check_claim(session, job)
        session.connection().execute(
            update(Annotation.__table__).where(*which),  # type: ignore[arg-type]
            [
                {
                    "of_solution": a.solution_id,
                    "of_annotator": a.annotator_id,
                    "first_error": a.first_error,
                    "status": a.status,
                    "margin": a.margin,
                    "evidence": a.evidence,
                }
                for a in annotations
            ],
        )
        solution_index.update(session, (a.solution_id for a in annotations))


def count_annotated(database: Database, annotator_id: int, up_to: int | None = None) -> int:
    """How many solutions the annotator said something about, failures left out.

    With `up_to` only solutions with ids up to that.
    """
    query = select(func.count()).where(
        Annotation.annotator_id == annotator_id, Annotation.status != FAILED
    )
    if up_to is not None:
        query = query.where(Annotation.solution_id <= up_to)
    with database.read() as session:
        return session.scalar(query) or 0


def annotations_by(
    database: Database, annotator_id: int, *, after: int, limit: int
) -> list[AnnotationRecord]:
    """The next annotations of one annotator by solution id, failures left out."""
    query = (
        select(Annotation)
        .where(
            Annotation.annotator_id == annotator_id,
            Annotation.solution_id > after,
            Annotation.status != FAILED,
        )
        .order_by(Annotation.solution_id)
        .limit(limit)
    )
    with database.read() as session:
        return [_as_annotation(row) for row in session.scalars(query)]


def annotations_of(database: Database, solution_ids: Sequence[int]) -> list[AnnotationRecord]:
    """Every annotation of these solutions, by solution and annotator."""
    found: list[AnnotationRecord] = []
    with database.read() as session:
        for part in _chunks(solution_ids):
            query = (
                select(Annotation)
                .where(Annotation.solution_id.in_(part))
                .order_by(Annotation.solution_id, Annotation.annotator_id)
            )
            found.extend(_as_annotation(row) for row in session.scalars(query))
    return found


def rollouts_of(
    database: Database, solution_id: int, annotator_id: int, step: int | None = None
) -> list[RolloutRecord]:
    """The rollouts of one solution by one MC annotator, by step and sample."""
    query = (
        select(Rollout)
        .where(Rollout.annotator_id == annotator_id, Rollout.solution_id == solution_id)
        .order_by(Rollout.step, Rollout.sample)
    )
    if step is not None:
        query = query.where(Rollout.step == step)
    with database.read() as session:
        return [
            RolloutRecord(r.solution_id, r.step, r.sample, r.text, r.answer, r.outcome, r.n_tokens)
            for r in session.scalars(query)
        ]


def compare(
    database: Database, annotator_id: int, reference_id: int, dataset: str | None = None
) -> Iterator[Comparison]:
    """Every solution that both have annotated, in the order of the ids, streamed.

    One that was cut anew is left out: another one stands in its place.
    """
    mine, other = Annotation.__table__.alias("mine"), Annotation.__table__.alias("other")
    query = (
        select(
            Solution.id,
            Problem.text,
            Solution.dataset,
            Solution.fingerprint,
            mine.c.scores,
            mine.c.first_error,
            other.c.first_error,
        )
        .join(Problem, Problem.id == Solution.problem_id)
        .join(mine, and_(mine.c.solution_id == Solution.id, mine.c.annotator_id == annotator_id))
        .join(other, and_(other.c.solution_id == Solution.id, other.c.annotator_id == reference_id))
        .where(Solution.replaced_by.is_(None))
        .order_by(Solution.id)
    )
    if dataset is not None:
        query = query.where(Solution.dataset == dataset)
    with database.read() as session:
        for row in session.execute(query.execution_options(yield_per=1000)):
            yield Comparison(*row)


def replace_unstorable(text: str) -> str:
    """`text` without NUL and lone surrogates, which no database takes and models produce."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _as_annotation(row: Annotation) -> AnnotationRecord:
    return AnnotationRecord(
        row.solution_id,
        row.annotator_id,
        tuple(row.scores),
        row.first_error,
        row.status,
        dict(row.evidence),
        row.margin,
    )


def insert_missing(session: Session, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert those rows that break no unique constraint."""
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        session.execute(sqlite_insert(table).on_conflict_do_nothing(), rows)
    elif dialect == "postgresql":
        session.execute(postgres_insert(table).on_conflict_do_nothing(), rows)
    else:
        session.execute(insert(table), rows)


def _annotated(session: Session, annotator_id: int, solution_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for part in _chunks(solution_ids):
        query = select(Annotation.solution_id, Annotation.annotator_id)
        query = query.where(Annotation.status != FAILED)
        rows = session.execute(query.where(Annotation.solution_id.in_(part)))
        # Asked for in the query, SQLite would read all that this annotator ever said.
        found.update(solution for solution, annotator in rows if annotator == annotator_id)
    return found


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), IN_LIST):
        yield list(ids[start : start + IN_LIST])
