"""How far the people who work on a queue are: what is done, and by whom."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from db.engine import Database
from db.review.queues import Queue, members_of, people
from db.schema import Annotation, Annotator


@dataclass(frozen=True, slots=True)
class Progress:
    """Of `total` solutions so many are `done`, labelled by as many people as are wanted.

    `by` has how many each person has labelled, whatever queue they came from; most first.
    """

    total: int
    done: int
    by: dict[str, int]


def progress(database: Database, queue: Queue, wanted: int = 1) -> Progress:
    """How far a queue is; `wanted` people are to label each solution."""
    members = members_of(database, queue).order_by(None)
    labels = (
        select(Annotation.solution_id, Annotator.name)
        .join(Annotator, Annotator.id == Annotation.annotator_id)
        .where(Annotator.id.in_(people("review")), Annotation.solution_id.in_(members))
    ).subquery()
    enough = (
        select(labels.c.solution_id)
        .group_by(labels.c.solution_id)
        .having(func.count() >= wanted)
        .subquery()
    )
    each = select(labels.c.name, func.count()).group_by(labels.c.name)
    with database.read() as session:
        total = session.scalar(members.with_only_columns(func.count())) or 0
        done = session.scalar(select(func.count()).select_from(enough)) or 0
        by: dict[str, int] = dict(session.execute(each).all())
    most = sorted(by, key=lambda name: (-by[name], name))
    return Progress(total, done, {name: by[name] for name in most})
