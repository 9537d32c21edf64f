"""How the annotators of a solution disagree: each kind is a condition, and several may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    SQLColumnExpression,
    and_,
    case,
    cast,
    func,
    literal,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from db.engine import Database
from db.lists.comparison import Compared
from db.records import AGREE, ANY, COMPARISONS, DISAGREEMENTS
from db.schema import Annotation, Solution, SolutionIndex

BITS = {kind: 1 << place for place, kind in enumerate(COMPARISONS)}  # in SolutionIndex.kinds
Condition = ColumnElement[bool]
Said = SQLColumnExpression[Any]  # a first error


class ComparedVerdicts:
    """The joins and expressions that compare first errors, for use in queries over Solution.

    `said` has the first error by each of MC, judge, PRM and reference, `kinds` the conditions
    under which a solution is of each of COMPARISONS. One annotator alone cannot disagree, but it
    can flag a solution whose answer is right: that is what Monte Carlo cannot see and what the
    judge is asked for (arXiv 2501.07301, 4.2).
    """

    def __init__(self, compared: Compared):
        self._joins: list[tuple[Any, int]] = []
        self._has: dict[str, Condition] = {}
        self.said: dict[str, Said] = {}
        for role, member in compared.by_role().items():
            if member is None:
                # A bare NULL would turn `!=` into IS NOT NULL.
                self.said[role], self._has[role] = cast(null(), Integer), literal(False)
                continue
            table = aliased(Annotation, name=f"by_{role}")
            self._joins.append((table, member.id))
            self.said[role], self._has[role] = table.first_error, table.id.is_not(None)
        self.kinds = self._kinds()

    def join(self, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """`query` (over Solution) with each member's annotation joined where there is one."""
        for table, annotator_id in self._joins:
            query = query.outerjoin(
                table,
                and_(table.solution_id == Solution.id, table.annotator_id == annotator_id),
            )
        return query

    def bits(self) -> ColumnElement[int]:
        """The sum of BITS of every kind that a solution is of."""
        return sum(
            (case((condition, BITS[kind]), else_=0) for kind, condition in self.kinds.items()),
            literal(0),
        )

    def place(self) -> ColumnElement[int]:
        """The place in COMPARISONS of the first kind that a solution is; their number if none."""
        places = [(self.kinds[kind], place) for place, kind in enumerate(COMPARISONS)]
        return case(*places, else_=len(COMPARISONS))

    def _kinds(self) -> Mapping[str, Condition]:
        mc, judge, prm, reference = self.said.values()
        machines = [(self.said[role], self._has[role]) for role in ("mc", "judge", "prm")]
        everybody = [mc, judge, prm, reference]
        silent = or_(*(and_(has, said.is_(None)) for said, has in machines))
        # A reference without a verdict has nothing to compare.
        present = _number([has for _, has in machines] + [reference.is_not(None)])
        differ = or_(
            *(_differ(one, other) for n, one in enumerate(everybody) for other in everybody[:n])
        )
        return {
            "location": and_(_flags(mc), _flags(judge), _differ(mc, judge)),
            "mc_only": _only(mc, judge, prm, reference),
            "judge_only": _only(judge, mc, prm, reference),
            "prm_against": or_(_differ(prm, mc), _differ(prm, judge)),
            "reference": or_(*(_differ(said, reference) for said, _ in machines)),
            "no_verdict": and_(present >= 2, silent),
            "right_answer_flagged": and_(
                Solution.is_correct.is_(True), or_(*map(_flags, everybody))
            ),
            AGREE: and_(present >= 2, not_(silent), not_(differ)),
        }


# First errors are null where there is no verdict, and these conditions then false, never null.
def _flags(said: Said) -> Condition:
    return func.coalesce(said >= 0, False)


def _differ(one: Said, other: Said) -> Condition:
    return func.coalesce(one != other, False)


def _only(one: Said, *others: Said) -> Condition:
    """`one` sees an error, somebody else sees none, and nobody else sees any."""
    sees_none = or_(*(func.coalesce(other == -1, False) for other in others))
    return and_(_flags(one), sees_none, *(not_(_flags(other)) for other in others))


def _number(conditions: list[Condition]) -> ColumnElement[int]:
    return sum((case((one, 1), else_=0) for one in conditions), literal(0))


def is_of(kind: str) -> Condition:
    """The condition, over SolutionIndex, that a solution is of one of COMPARISONS, or of ANY."""
    if kind == ANY:
        return SolutionIndex.place < len(DISAGREEMENTS)
    return SolutionIndex.kinds.bitwise_and(BITS[kind]) != 0


@dataclass(frozen=True, slots=True)
class KindCounts:
    """`compared` solutions, those on which somebody differs, and those of each of COMPARISONS."""

    compared: int
    differ: int
    of: Mapping[str, int]


def count_kinds(database: Database) -> KindCounts:
    """How many solutions there are of each kind; one may be of several."""
    columns = [func.sum(case((is_of(kind), 1), else_=0)) for kind in COMPARISONS]
    differ = func.sum(case((is_of(ANY), 1), else_=0))
    some = select(func.count(), differ, *columns).where(SolutionIndex.place < len(COMPARISONS))
    with database.read() as session:
        compared, differing, *counts = session.execute(some).one()
    return KindCounts(
        compared, differing or 0, {k: n or 0 for k, n in zip(COMPARISONS, counts, strict=True)}
    )
