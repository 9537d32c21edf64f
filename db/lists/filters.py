"""Which solutions a list is about: the filter of Browse, which a queue or a job may have too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from db.corrections import flagged, labelled
from db.engine import DatabaseError
from db.lists import search
from db.lists.kinds import BITS, is_of
from db.records import ANY
from db.review.tables import Recut
from db.schema import (
    Annotation,
    Annotator,
    Correction,
    ListedSolution,
    Problem,
    Solution,
    SolutionIndex,
)

LISTS = {"ids", "differ", "outcome", "cell", "cell_onwards", "did", "among"}
VERDICTS = ("error", "none", "no_verdict", "not_annotated")
REVIEWED = ("labelled", "not_labelled", "flagged", "by_several")
ACTS = ("labelled", "skipped", "flagged", "acted")
ANSWERS = ("right", "wrong", "not_graded")
# Where an annotator's first error lies beside a reference's: of solutions in which the reference
# sees an error the first five, of those in which it sees none the rest. The same words as the
# fields of `training.metrics.processbench.evaluation.Offsets`, which counts them.
OUTCOMES = (
    "early",
    "exact",
    "late",
    "missed",
    "no_verdict",
    "right",
    "false_alarm",
    "no_verdict_right",
)
# All on which an annotator can be measured against a reference, and by what the reference sees.
MISTAKEN = "mistaken"  # another first error than the reference's, or no verdict
MEASURED = ("measured", "both", "with_error", "without_error", MISTAKEN)


class Members(tuple[int, ...]):
    """Ids of solutions, of which there may be many: in words their number and a hash."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Members({len(self)}, {hash(self):x})"


@dataclass(frozen=True, slots=True)
class SolutionFilter:
    """Conditions that must all hold; None or () means any.

    `answer` is one of ANSWERS; `disagreement` one of COMPARISONS or ANY, whatever else the solution
    is;
    `annotator` (an id) with `verdict` (one of VERDICTS, or a 0-based
    first error) is what that annotator says, without `verdict` that it says anything; `differ`
    are two annotators' ids with different first errors, with `differ_after` such that neither
    flags one of the first so many steps; `outcome` is one of OUTCOMES or MEASURED with the
    ids of the annotator and of the reference it is seen against; `cell` is two first errors
    (0-based, -1 for none), the annotator's and the reference's, with the same two ids, and
    `cell_onwards` says of each whether a later one will do as well;
    `reviewed` is one of REVIEWED and speaks of what anybody's corrections amount to now; `did` is
    one of ACTS with a person's id, and `did_since` (ISO 8601, with its zone) when at the earliest;
    `text` is searched in problem and steps; `ids` are the solutions themselves, or
    what stands in their place since their steps were cut anew, and `listed` is the
    id of a kept list that has them (`db.lists.solution_lists`). `among` are the members of a group
    that a query cannot tell, such as what a consensus keeps; () is none of them.
    """

    dataset: str | None = None
    generator: str | None = None
    answer: str | None = None
    steps_from: int | None = None
    steps_to: int | None = None
    disagreement: str | None = None
    annotator: int | None = None
    verdict: str | int | None = None
    differ: tuple[int, int] | None = None
    differ_after: int | None = None
    outcome: tuple[str, int, int] | None = None
    cell: tuple[int, int, int, int] | None = None
    cell_onwards: tuple[bool, bool] = (False, False)
    reviewed: str | None = None
    did: tuple[str, int] | None = None
    did_since: str | None = None
    text: str | None = None
    ids: tuple[int, ...] = ()
    listed: int | None = None
    among: Members | None = None

    def to_json(self) -> dict[str, Any]:
        """The conditions there are, as a job's parameters keep them."""
        said = {name: value for name, value in asdict(self).items() if value is not None}
        nothing = ((), (False, False))
        return {k: value for k, value in said.items() if value not in nothing or k == "among"}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SolutionFilter:
        """What `to_json` gave. DatabaseError for anything else."""
        values = dict(stored)
        try:
            for name in LISTS & set(values):
                values[name] = (Members if name == "among" else tuple)(values[name])
            return cls(**values)
        except TypeError as error:
            raise DatabaseError(f"this is no filter: {dict(stored)} ({error})") from error


def narrow(query: Select[int], wanted: SolutionFilter, dialect: str) -> Select[int]:
    """`query` (over SolutionIndex) with the filter's conditions."""
    for column, value in (
        (SolutionIndex.dataset, wanted.dataset),
        (SolutionIndex.generator, wanted.generator),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.disagreement is not None:
        known = wanted.disagreement in (ANY, *BITS)
        query = query.where(is_of(wanted.disagreement) if known else false())
    if wanted.answer is not None:
        right = {"right": True, "wrong": False}.get(wanted.answer)
        query = query.where(SolutionIndex.is_correct.is_(right))
    if wanted.steps_from is not None:
        query = query.where(SolutionIndex.n_steps >= wanted.steps_from)
    if wanted.steps_to is not None:
        query = query.where(SolutionIndex.n_steps <= wanted.steps_to)
    if wanted.ids:
        query = query.where(SolutionIndex.solution_id.in_(_standing(_listed(wanted.ids, dialect))))
    if wanted.among is not None:
        query = query.where(SolutionIndex.solution_id.in_(_listed(wanted.among, dialect)))
    if wanted.listed is not None:
        members = select(ListedSolution.solution_id).where(ListedSolution.list_id == wanted.listed)
        query = query.where(SolutionIndex.solution_id.in_(members))
    if wanted.annotator is not None:
        query = _said(query, wanted.annotator, wanted.verdict)
    if wanted.differ is not None:
        query = _differ(query, *wanted.differ, wanted.differ_after or 0)
    if wanted.outcome is not None:
        query = _outcome(query, *wanted.outcome)
    if wanted.cell is not None:
        query = _cell(query, wanted.cell, wanted.cell_onwards)
    if wanted.reviewed is not None:
        query = _reviewed(query, wanted.reviewed)
    if wanted.did is not None:
        query = query.where(SolutionIndex.solution_id.in_(_done(*wanted.did, wanted.did_since)))
    if wanted.text:
        query = _containing(query, wanted.text, dialect)
    return query


def _listed(ids: Sequence[int], dialect: str) -> Select[int]:
    """A query for these ids, of which there may be more than a statement may have parameters."""
    if dialect == "sqlite":
        values = func.json_each(json.dumps(ids)).table_valued("value")
        return select(values.c.value)
    return select(func.unnest(literal(list(ids), ARRAY(BigInteger))))


def _standing(ids: Select[int]) -> CompoundSelect[int]:
    """`ids`, and those that stand in the place of one of them since its steps were cut anew."""
    cut = select(Recut.solution_id).union(select(Recut.made_id))
    aside = select(Solution.replaced_by.label("stands")).where(Solution.replaced_by.is_not(None))
    first = aside.where(Solution.id.in_(cut), Solution.id.in_(ids)).cte("stand", recursive=True)
    stand = first.union(aside.join(first, first.c.stands == Solution.id))
    return ids.union(select(stand.c.stands))


def _said(query: Select[int], annotator_id: int, verdict: str | int | None) -> Select[int]:
    by = aliased(Annotation, name="said")
    joined = and_(by.solution_id == SolutionIndex.solution_id, by.annotator_id == annotator_id)
    if verdict == "not_annotated":
        return query.outerjoin(by, joined).where(by.id.is_(None))
    query = query.join(by, joined)
    if verdict is None:
        return query
    if isinstance(verdict, int):
        return query.where(by.first_error == verdict)
    conditions = {
        "error": by.first_error >= 0,
        "none": by.first_error == -1,
        "no_verdict": by.first_error.is_(None),
    }
    return query.where(conditions.get(verdict, false()))


def _differ(query: Select[int], one: int, other: int, after: int) -> Select[int]:
    a, b = aliased(Annotation, name="one"), aliased(Annotation, name="other")
    query = (
        query.join(a, and_(a.solution_id == SolutionIndex.solution_id, a.annotator_id == one))
        .join(b, and_(b.solution_id == SolutionIndex.solution_id, b.annotator_id == other))
        .where(a.first_error != b.first_error)
    )
    for said in (a.first_error, b.first_error):
        query = query.where(or_(said == -1, said >= after)) if after else query
    return query


def _outcome(query: Select[int], outcome: str, annotator: int, reference: int) -> Select[int]:
    query, said, expected = _beside(query, annotator, reference, "outcome")
    conditions = {
        "early": and_(said >= 0, said < expected),
        "exact": and_(said == expected, expected >= 0),
        "late": and_(said > expected, expected >= 0),
        "missed": and_(said == -1, expected >= 0),
        "no_verdict": and_(said.is_(None), expected >= 0),
        "right": and_(said == -1, expected == -1),
        "false_alarm": and_(said >= 0, expected == -1),
        "no_verdict_right": and_(said.is_(None), expected == -1),
        "measured": expected.is_not(None),
        "both": said.is_not(None),
        "with_error": expected >= 0,
        "without_error": expected == -1,
        MISTAKEN: or_(said.is_(None), said != expected),
    }
    if outcome not in conditions:
        raise DatabaseError(f"{outcome!r} is no outcome; choose one of {OUTCOMES + MEASURED}")
    return query.where(conditions[outcome])


def _cell(
    query: Select[int], cell: tuple[int, int, int, int], onwards: tuple[bool, bool]
) -> Select[int]:
    *steps, annotator, reference = cell
    query, *said = _beside(query, annotator, reference, "cell")
    for first_error, step, later in zip(said, steps, onwards, strict=True):
        query = query.where(first_error >= step if later else first_error == step)
    return query


def _beside(
    query: Select[int], annotator: int, reference: int, name: str
) -> tuple[Select[int], ColumnElement[int | None], ColumnElement[int | None]]:
    """`query` joined to what both say, and their first errors; the reference's is not null."""
    by, truth = aliased(Annotation, name=f"{name}_of"), aliased(Annotation, name=f"{name}_against")
    here = SolutionIndex.solution_id
    joined = query.join(by, and_(by.solution_id == here, by.annotator_id == annotator)).join(
        truth, and_(truth.solution_id == here, truth.annotator_id == reference)
    )
    said, expected = by.first_error.expression, truth.first_error.expression
    return joined.where(expected.is_not(None)), said, expected


def _reviewed(query: Select[int], which: str) -> Select[int]:
    if which == "flagged":
        return query.where(SolutionIndex.solution_id.in_(flagged()))
    if which == "not_labelled":
        return query.where(SolutionIndex.solution_id.not_in(labelled()))
    if which == "by_several":
        return query.where(SolutionIndex.solution_id.in_(_by_several()))
    return query.where(SolutionIndex.solution_id.in_(labelled()))


def _by_several() -> Select[int]:
    """Ids of the solutions whose first error more than one reviewer names."""
    reviewers = select(Annotator.id).where(
        Annotator.kind == "human", Annotator.config["source"].as_string() == "review"
    )
    return (
        select(Annotation.solution_id)
        .where(Annotation.annotator_id.in_(reviewers), Annotation.first_error.is_not(None))
        .group_by(Annotation.solution_id)
        .having(func.count() > 1)
    )


def _done(what: str, annotator_id: int, since: str | None) -> Select[int]:
    """Ids of the solutions on which this is what a person's acts amount to now."""
    ids = select(Correction.solution_id).where(
        Correction.annotator_id == annotator_id, Correction.is_current
    )
    if since is not None:
        ids = ids.where(Correction.created_at >= datetime.fromisoformat(since))
    if what == "flagged":
        return ids.where(Correction.solution_id.in_(flagged(annotator_id)))
    if what == "acted":
        return ids
    is_label = Correction.action == "label"
    return ids.where(is_label if what == "labelled" else ~is_label)


def _containing(query: Select[int], wanted: str, dialect: str) -> Select[int]:
    if not search.has_words(wanted):  # A sign has no index: problems and steps are read.
        rows = select(Solution.id).join(Problem, Problem.id == Solution.problem_id)
        return query.where(SolutionIndex.solution_id.in_(rows.where(search.contains_sign(wanted))))
    return query.where(SolutionIndex.solution_id.in_(search.matching(wanted, dialect)))
