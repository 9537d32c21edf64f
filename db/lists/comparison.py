"""The lineup: which annotator of each kind the comparisons are about, and who disagrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, null, or_, select
from sqlalchemy.orm import Session, aliased

from db.annotators import to_record
from db.engine import Database
from db.records import AnnotatorRecord
from db.schema import Annotation, Annotator, Digest, Solution

# The order in which disagreements are worth a reviewer's time: the most telling first.
QUEUE_ORDER = (
    "location",
    "mc_only",
    "judge_only",
    "prm_against",
    "right_answer_flagged",
    "no_verdict",
)
AGREE = len(QUEUE_ORDER)  # places from here on are no disagreements
KINDS = (*QUEUE_ORDER, "agree", None)


@dataclass(frozen=True, slots=True)
class Lineup:
    """At most one annotator of each machine kind."""

    mc: AnnotatorRecord | None = None
    judge: AnnotatorRecord | None = None
    prm: AnnotatorRecord | None = None

    def members(self) -> list[AnnotatorRecord]:
        """Those there are, in the order MC, judge, PRM."""
        return [member for member in (self.mc, self.judge, self.prm) if member is not None]

    def ids(self) -> list[int | None]:
        """The annotators' ids in the order MC, judge, PRM; None where there is none."""
        return [None if one is None else one.id for one in (self.mc, self.judge, self.prm)]


def newest_lineup(database: Database) -> Lineup:
    """The newest visible annotator of each machine kind that has annotated anything."""
    with database.read() as session:
        return lineup_in(session)


def lineup_in(session: Session) -> Lineup:
    """`newest_lineup` as the caller's transaction sees it."""
    has_work = select(Annotation.id).where(Annotation.annotator_id == Annotator.id).exists()
    chosen: dict[str, AnnotatorRecord] = {}
    for kind in ("mc", "judge", "prm"):
        row = session.scalar(
            select(Annotator)
            .where(Annotator.kind == kind, Annotator.hidden.is_(False), has_work)
            .order_by(Annotator.id.desc())
            .limit(1)
        )
        if row is not None:
            chosen[kind] = to_record(row)
    return Lineup(**chosen)


class Comparison:
    """The joins and expressions that compare a lineup's first errors, for use in queries.

    `kind` is the SQL twin of `labeling.compare.disagreement.classify`; a test holds them together.
    """

    def __init__(self, lineup: Lineup):
        self._joins: list[tuple[Any, int]] = []
        columns: dict[str, tuple[Any, Any]] = {}
        for name in ("mc", "judge", "prm"):
            member = getattr(lineup, name)
            if member is None:
                columns[name] = (null(), literal(False))
                continue
            table = aliased(Annotation, name=f"by_{name}")
            self._joins.append((table, member.id))
            columns[name] = (table.first_error, table.id.is_not(None))
        self.mc, self.judge, self.prm = (columns[n][0] for n in ("mc", "judge", "prm"))
        self._has = {name: has for name, (_, has) in columns.items()}
        self.kind = self._kind()

    def join(self, query: Select[Any]) -> Select[Any]:
        """`query` (over Solution) with each member's annotation joined where there is one."""
        for table, annotator_id in self._joins:
            query = query.outerjoin(
                table,
                and_(table.solution_id == Solution.id, table.annotator_id == annotator_id),
            )
        return query

    def _kind(self) -> ColumnElement[Any]:
        has_mc, has_judge, has_prm = (self._has[n] for n in ("mc", "judge", "prm"))
        present = [(self.mc, has_mc), (self.judge, has_judge), (self.prm, has_prm)]
        both = and_(has_mc, has_judge)
        n_present = sum((case((has, 1), else_=0) for _, has in present), literal(0))
        flagged = or_(*(and_(has, column >= 0) for column, has in present))
        return case(
            (
                and_(n_present >= 2, or_(*(and_(has, col.is_(None)) for col, has in present))),
                "no_verdict",
            ),
            (and_(both, self.mc >= 0, self.judge >= 0, self.mc != self.judge), "location"),
            (and_(both, self.mc >= 0, self.judge == -1), "mc_only"),
            (and_(both, self.mc == -1, self.judge >= 0), "judge_only"),
            (
                and_(
                    has_prm,
                    or_(
                        and_(has_mc, self.prm != self.mc),
                        and_(has_judge, self.prm != self.judge),
                    ),
                ),
                "prm_against",
            ),
            (and_(Solution.is_correct.is_(True), flagged), "right_answer_flagged"),
            (n_present >= 2, "agree"),
            else_=None,
        )


def count_kinds(database: Database) -> dict[str, int]:
    """How many solutions there are of each kind of disagreement."""
    query = select(Digest.disagreement, func.count()).group_by(Digest.disagreement)
    with database.read() as session:
        return {kind: count for kind, count in session.execute(query) if kind is not None}
