"""Everything that an export of a project reads beside its solutions and annotations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from db.annotators import to_record
from db.engine import Database
from db.records import AnnotatorRecord, RolloutRecord
from db.schema import Annotator, FormerName, Rollout, Solution


@dataclass(frozen=True, slots=True)
class KnownAnnotator:
    """An annotator with what people decided about it."""

    annotator: AnnotatorRecord
    chosen: bool
    former_names: tuple[str, ...]


def known_annotators(database: Database) -> list[KnownAnnotator]:
    """All of them, the oldest first."""
    former: dict[int, list[str]] = defaultdict(list)
    with database.read() as session:
        query = select(FormerName.annotator_id, FormerName.name).order_by(FormerName.name)
        for annotator_id, name in session.execute(query):
            former[annotator_id].append(name)
        return [
            KnownAnnotator(to_record(row), row.chosen, tuple(former[row.id]))
            for row in session.scalars(select(Annotator).order_by(Annotator.id))
        ]


def count_solutions(database: Database) -> int:
    """How many there are."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Solution)) or 0


def metas_of(database: Database, solution_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The `meta` of each of these solutions (at most IN_LIST)."""
    with database.read() as session:
        query = select(Solution.id, Solution.meta).where(Solution.id.in_(solution_ids))
        return dict(session.execute(query).all())


def rollouts_by_place(
    database: Database, solution_ids: Sequence[int]
) -> dict[tuple[int, int], list[RolloutRecord]]:
    """(solution id, annotator id) -> its rollouts by step and sample, of at most IN_LIST."""
    found: dict[tuple[int, int], list[RolloutRecord]] = defaultdict(list)
    query = (
        select(Rollout)
        .where(Rollout.solution_id.in_(solution_ids))
        .order_by(Rollout.solution_id, Rollout.annotator_id, Rollout.step, Rollout.sample)
    )
    with database.read() as session:
        for one in session.scalars(query):
            found[one.solution_id, one.annotator_id].append(
                RolloutRecord(
                    one.solution_id,
                    one.step,
                    one.sample,
                    one.text,
                    one.answer,
                    one.outcome,
                    one.n_tokens,
                )
            )
    return found
