"""Which annotators are compared: one of each kind of machine, and a reference."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.annotators import to_record
from db.engine import Database
from db.records import MACHINES, AnnotatorKind, AnnotatorRecord
from db.schema import Annotator


@dataclass(frozen=True, slots=True)
class Compared:
    """The annotators that are compared: at most one of each machine kind, and a reference.

    The reference is a human annotator: labels that came with a data set, or a person's.
    """

    mc: AnnotatorRecord | None = None
    judge: AnnotatorRecord | None = None
    prm: AnnotatorRecord | None = None
    reference: AnnotatorRecord | None = None

    def by_role(self) -> dict[str, AnnotatorRecord | None]:
        """Everybody by "mc", "judge", "prm" and "reference", in this order."""
        return {
            "mc": self.mc,
            "judge": self.judge,
            "prm": self.prm,
            "reference": self.reference,
        }

    def members(self) -> list[AnnotatorRecord]:
        """The machines there are, in the order MC, judge, PRM; the reference is none of them."""
        return [one for one in (self.mc, self.judge, self.prm) if one is not None]

    def ids(self) -> list[int | None]:
        """The annotators' ids in the order of `by_role`; None where there is none."""
        return [None if one is None else one.id for one in self.by_role().values()]

    def named(self, words: str) -> str:
        """`words` with the names of the annotators for {prm} and {reference}."""
        return words.format(
            prm="PRM" if self.prm is None else self.prm.name,
            reference="the reference" if self.reference is None else self.reference.name,
        )


def compared_annotators(database: Database) -> Compared:
    """The annotator of each machine kind that is compared and the reference, none of them hidden.

    The one that people chose; without a choice the one that covers most solutions, of equal ones
    the newest. A person at work is the reference by choice only: who has labelled most changes
    with every label, and the whole index with it.
    """
    with database.read() as session:
        return compared_in(session)


def compared_in(session: Session) -> Compared:
    """`compared_annotators` as the caller's transaction sees it."""
    rows = session.scalars(
        select(Annotator)
        .where(Annotator.hidden.is_(False), Annotator.n_annotations > 0)
        .order_by(Annotator.chosen.desc(), Annotator.n_annotations.desc(), Annotator.id.desc())
    )
    first: dict[str, AnnotatorRecord] = {}
    for row in rows:
        one = to_record(row)
        if one.gives_rewards and not row.chosen:
            continue  # It has no verdicts to compare.
        if one.kind in MACHINES:
            first.setdefault(one.kind, one)
        elif row.chosen or one.came_with_data:
            first.setdefault("reference", one)
    return Compared(**first)


def chosen_kinds(database: Database) -> set[AnnotatorKind]:
    """The kinds of which people chose who is compared."""
    with database.read() as session:
        return set(session.scalars(select(Annotator.kind).where(Annotator.chosen)))
