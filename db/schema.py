"""The tables (SQLAlchemy 2.1, typed). Alembic migrations follow this file.

Those of review's queues are in `db.review.tables`, and the words of every solution, which each kind
of database keeps in its own way, in `db.lists.search`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Named constraints, so that Alembic's batch mode can find them on SQLite.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """Aware UTC on both databases: SQLite drops the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give a time of another zone in UTC, which SQLite compares as text."""
        return value if value is None or value.tzinfo is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give a naive value from SQLite its zone back."""
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value


def utcnow() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Declarative base with the naming convention and JSON/UTC column types."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        # A missing value is SQL NULL, never the JSON text "null".
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        datetime: UTCDateTime,
    }


class Problem(Base):
    """A question with, usually, a gold answer."""

    __tablename__ = "problem"
    id: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(32), unique=True)
    text: Mapped[str] = mapped_column(Text)
    gold_answer: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Solution(Base):
    """One response to a problem, split into steps; `is_correct` speaks of the answer only.

    `samples` is how often the generator wrote just this: what repeats is stored once. `meta` is
    the user's own, and nothing reads it. `replaced_by` is the solution with the same text in other
    steps that stands in its place (`db.review.recuts`).
    """

    __tablename__ = "solution"
    id: Mapped[int] = mapped_column(primary_key=True)
    problem_id: Mapped[int] = mapped_column(ForeignKey("problem.id"), index=True)
    fingerprint: Mapped[str] = mapped_column(String(32), unique=True)
    dataset: Mapped[str] = mapped_column(String(200), index=True)
    generator: Mapped[str] = mapped_column(String(200), index=True)
    external_id: Mapped[str | None] = mapped_column(String(200))
    steps: Mapped[list[Any]]
    n_steps: Mapped[int]
    final_answer: Mapped[str | None] = mapped_column(Text)
    is_correct: Mapped[bool | None] = mapped_column(index=True)
    samples: Mapped[int] = mapped_column(default=1, server_default="1")
    replaced_by: Mapped[int | None]
    meta: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Annotator(Base):
    """Whoever says something about solutions, with the whole configuration.

    `n_annotations` counts its annotations, failures apart; `chosen` marks the one of its kind that
    people chose to compare, of people the reference (`db.lists.comparison`).
    """

    __tablename__ = "annotator"
    __table_args__ = (
        UniqueConstraint("kind", "name"),
        Index(
            "ix_annotator_chosen",
            "kind",
            unique=True,
            sqlite_where=text("chosen"),
            postgresql_where=text("chosen"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    config: Mapped[dict[str, Any]]
    config_hash: Mapped[str] = mapped_column(String(32), unique=True)
    hidden: Mapped[bool] = mapped_column(default=False)
    n_annotations: Mapped[int] = mapped_column(default=0, server_default="0")
    chosen: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class FormerName(Base):
    """A name that an annotator had: addresses, jobs and rules of that time still find it."""

    __tablename__ = "former_name"
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class TrainingSet(Base):
    """The problems that the weights of a revision were trained on (see `db.annotators`)."""

    __tablename__ = "training_set"
    revision: Mapped[str] = mapped_column(String(64), primary_key=True)
    n_problems: Mapped[int]
    problems: Mapped[bytes]
    n_solutions: Mapped[int | None]
    export: Mapped[str | None] = mapped_column(String(64))  # the checksum of its data
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Annotation(Base):
    """What one annotator says about one solution.

    `lowest` is the smallest score of any step; `margin` says how far the verdict is from another
    one, from 0 (could as well be otherwise) to 1, null where that is not known.
    """

    __tablename__ = "annotation"
    __table_args__ = (
        UniqueConstraint("solution_id", "annotator_id"),
        # With the solution in them, queues and counts read the index alone.
        Index("ix_annotation_annotator_first_error", "annotator_id", "first_error", "solution_id"),
        Index("ix_annotation_annotator_lowest", "annotator_id", "lowest", "solution_id"),
        Index("ix_annotation_annotator_margin", "annotator_id", "margin", "solution_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    solution_id: Mapped[int] = mapped_column(ForeignKey("solution.id"))
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    scores: Mapped[list[Any]]
    first_error: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(12))
    lowest: Mapped[float | None]
    margin: Mapped[float | None]
    evidence: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Rollout(Base):
    """One completion from a step prefix, kept so that people can read it."""

    __tablename__ = "rollout"
    __table_args__ = (UniqueConstraint("annotator_id", "solution_id", "step", "sample"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    solution_id: Mapped[int] = mapped_column(ForeignKey("solution.id"))
    step: Mapped[int]
    sample: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(12))
    n_tokens: Mapped[int]


class Correction(Base):
    """One human act, append-only; the client's token makes sending it twice harmless.

    `is_current` marks the one act of a person that counts on a solution now. It is the only
    column that ever changes, and follows from the others (`db.corrections.current`).
    """

    __tablename__ = "correction"
    __table_args__ = (
        Index("ix_correction_annotator_solution", "annotator_id", "solution_id"),
        Index(
            "ix_correction_current",
            "annotator_id",
            "solution_id",
            unique=True,
            sqlite_where=text("is_current"),
            postgresql_where=text("is_current"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    solution_id: Mapped[int] = mapped_column(ForeignKey("solution.id"))
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    action: Mapped[str] = mapped_column(String(12))
    labels: Mapped[list[Any] | None]
    first_error: Mapped[int | None]
    note: Mapped[str | None] = mapped_column(Text)
    flags: Mapped[list[Any]]
    seconds: Mapped[float | None]
    scores_visible: Mapped[bool]
    blind: Mapped[bool] = mapped_column(default=False, server_default=false())
    first_labels: Mapped[list[Any] | None]
    error_type: Mapped[str | None] = mapped_column(String(60))  # of the first error
    undoes: Mapped[str | None] = mapped_column(String(64))
    is_current: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class ErrorType(Base):
    """A type of error of the project's own, beside those that every project has."""

    __tablename__ = "error_type"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class SolutionList(Base):
    """Solutions in an order, as a page showed them; never changed.

    `token`, made of all the rest, is its name in addresses. `words` say what the list is of,
    `origin` is the address of the page that it was on.
    """

    __tablename__ = "solution_list"
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(16), unique=True)
    words: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class ListedSolution(Base):
    """A solution at its place, from 0, in a list.

    Where another cut of its steps stands for it now (`Solution.replaced_by`), that one is
    `solution_id`, and `kept_id` the one that was kept.
    """

    __tablename__ = "listed_solution"
    list_id: Mapped[int] = mapped_column(ForeignKey("solution_list.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    solution_id: Mapped[int] = mapped_column(ForeignKey("solution.id"), index=True)
    kept_id: Mapped[int | None]


class SolutionIndex(Base):
    """What lists sort and filter by, one narrow row per solution; made anew from the others.

    `mc`, `judge`, `prm` and `reference` are the first errors by the compared annotators. `kinds`
    are the bits of all that comparing them comes to (`db.lists.kinds.BITS`), and `place` is the
    place of the first of these in `db.records.COMPARISONS`.
    """

    __tablename__ = "solution_index"
    __table_args__ = (
        Index("ix_solution_index_place_solution", "place", "solution_id"),
        Index("ix_solution_index_problem_solution", "problem_id", "solution_id"),
    )
    solution_id: Mapped[int] = mapped_column(
        ForeignKey("solution.id"), primary_key=True, autoincrement=False
    )
    problem_id: Mapped[int]
    dataset: Mapped[str] = mapped_column(String(200))
    generator: Mapped[str] = mapped_column(String(200))
    is_correct: Mapped[bool | None]
    n_steps: Mapped[int] = mapped_column(index=True)
    mc: Mapped[int | None]
    judge: Mapped[int | None]
    prm: Mapped[int | None]
    reference: Mapped[int | None]
    kinds: Mapped[int]
    place: Mapped[int]


class SolutionIndexState(Base):
    """The one row that says which annotators the index compares.

    `compared` are the ids of MC, judge, PRM and reference. While it is made anew, `renewed_to` is
    the last solution whose row compares them; else null.
    """

    __tablename__ = "solution_index_state"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    compared: Mapped[list[Any]]
    renewed_to: Mapped[int | None]
    made_at: Mapped[datetime] = mapped_column(default=utcnow)


class Consensus(Base):
    """A consensus rule that was run, with what it kept and dropped at the time."""

    __tablename__ = "consensus"
    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class HeldOut(Base):
    """The one row that says which share of the problems no export holds (`db.results`)."""

    __tablename__ = "held_out"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    share: Mapped[float]
    seed: Mapped[int]
    exported: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Export(Base):
    """A consensus data set that was written to disk."""

    __tablename__ = "export"
    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(String(20))
    manifest: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Evaluation(Base):
    """The result of one evaluation, and what it was measured on (`db.results.Measured`).

    Best-of-N has no reference: grades decide. A job has one evaluation at most.
    """

    __tablename__ = "evaluation"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"), index=True)
    reference_id: Mapped[int | None] = mapped_column(ForeignKey("annotator.id"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"), unique=True)
    dataset: Mapped[str | None] = mapped_column(String(200))
    threshold: Mapped[float | None]
    held_out: Mapped[bool] = mapped_column(default=False, server_default=false())
    n_solutions: Mapped[int | None]
    solutions: Mapped[str | None] = mapped_column(String(32))
    n_training: Mapped[int | None]
    training_export: Mapped[str | None] = mapped_column(String(64))
    result: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Job(Base):
    """A long run: what was asked, how far it is, who works on it."""

    __tablename__ = "job"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    params: Mapped[dict[str, Any]]
    params_hash: Mapped[str] = mapped_column(String(32), index=True)
    status: Mapped[str] = mapped_column(String(12), index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    claim: Mapped[str | None] = mapped_column(String(32))  # every write of the job needs it
    host: Mapped[str | None] = mapped_column(Text)
    pid: Mapped[int | None]
    pid_started: Mapped[float | None]
    heartbeat_at: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
