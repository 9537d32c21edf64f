"""Comparing machines: which annotator of each kind is compared, and how they disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, null, or_, select
from sqlalchemy.orm import Session, aliased

from db.annotators import to_record
from db.engine import Database
from db.records import AGREE, MACHINES, AnnotatorRecord
from db.schema import Annotation, Annotator, Solution, SolutionIndex


@dataclass(frozen=True, slots=True)
class Compared:
    """The annotators that are compared: at most one of each machine kind."""

    mc: AnnotatorRecord | None = None
    judge: AnnotatorRecord | None = None
    prm: AnnotatorRecord | None = None

    def members(self) -> list[AnnotatorRecord]:
        """Those there are, in the order MC, judge, PRM."""
        return [member for member in (self.mc, self.judge, self.prm) if member is not None]

    def ids(self) -> list[int | None]:
        """The annotators' ids in the order MC, judge, PRM; None where there is none."""
        return [None if one is None else one.id for one in (self.mc, self.judge, self.prm)]


def compared_annotators(database: Database) -> Compared:
    """The annotator of each machine kind that is compared, of those not hidden.

    The one that people chose; without a choice the one that covers most solutions, of equal ones
    the newest.
    """
    with database.read() as session:
        return compared_in(session)


def compared_in(session: Session) -> Compared:
    """`compared_annotators` as the caller's transaction sees it."""
    rows = session.scalars(
        select(Annotator)
        .where(Annotator.kind.in_(MACHINES), _CAN_BE)
        .order_by(Annotator.chosen.desc(), Annotator.n_annotations.desc(), Annotator.id.desc())
    )
    first: dict[str, AnnotatorRecord] = {}
    for row in rows:
        first.setdefault(row.kind, to_record(row))
    return Compared(**first)


_CAN_BE = and_(Annotator.hidden.is_(False), Annotator.n_annotations > 0)


class ComparedVerdicts:
    """The joins and expressions that compare first errors, for use in queries over Solution.

    `kind` is one of COMPARISONS, or null where there is nothing to compare. One annotator alone
    cannot disagree, but it can flag a solution whose answer is right: that is what Monte Carlo
    cannot see and what the judge is asked for (arXiv 2501.07301, 4.2).
    """

    def __init__(self, compared: Compared):
        self._joins: list[tuple[Any, int]] = []
        columns: dict[str, tuple[Any, Any]] = {}
        for name in MACHINES:
            member = getattr(compared, name)
            if member is None:
                columns[name] = (null(), literal(False))
                continue
            table = aliased(Annotation, name=f"by_{name}")
            self._joins.append((table, member.id))
            columns[name] = (table.first_error, table.id.is_not(None))
        self.mc, self.judge, self.prm = (columns[n][0] for n in MACHINES)
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
        has_mc, has_judge, has_prm = (self._has[n] for n in MACHINES)
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
            (n_present >= 2, AGREE),
            else_=None,
        )


def count_kinds(database: Database) -> dict[str, int]:
    """How many solutions there are of each of COMPARISONS; those with none are left out."""
    query = select(SolutionIndex.disagreement, func.count()).group_by(SolutionIndex.disagreement)
    with database.read() as session:
        return {kind: count for kind, count in session.execute(query) if kind is not None}
