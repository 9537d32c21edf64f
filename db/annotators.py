"""Annotators: one row per configuration, found by `kind:name`, and what PRMs were trained on.

A name that an annotator had still finds it, and no other may take it: names stand in addresses, in
jobs that are given again, and in rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db.engine import Database, DatabaseError, stable_hash
from db.jobs import check_claim
from db.records import KINDS, AnnotatorRecord, JobRecord, in_order
from db.schema import Annotation, Annotator, FormerName, TrainingSet

MOST_NAME = 200  # characters, as the column has
FINGERPRINT_BYTES = 8  # of a problem's text, `training.data.fingerprint`


def ensure_annotator(
    database: Database,
    kind: str,
    name: str | None,
    config: dict[str, Any],
    *,
    hidden: bool = False,
    default_name: str = "annotator",
) -> AnnotatorRecord:
    """The annotator with this configuration, made if there is none.

    Without a `name` a new annotator is called `default_name`, with a piece of the
    configuration's hash behind it when that name is taken. Raises DatabaseError when `name`
    belongs to another configuration, or this configuration to another name.
    """
    with database.read() as session:  # Usually it is there, and nobody need wait for a writer.
        digest = stable_hash({"kind": kind, "config": config})
        known = session.scalar(select(Annotator).where(Annotator.config_hash == digest))
        if known is not None and _goes_by(session, known, name):
            return to_record(known)
    with database.write() as session:
        row = ensure_in_session(
            session, kind, name, config, hidden=hidden, default_name=default_name
        )
        return to_record(row)


def ensure_in_session(
    session: Session,
    kind: str,
    name: str | None,
    config: dict[str, Any],
    *,
    hidden: bool = False,
    default_name: str = "annotator",
) -> Annotator:
    """`ensure_annotator` inside the caller's transaction."""
    digest = stable_hash({"kind": kind, "config": config})
    row = session.scalar(select(Annotator).where(Annotator.config_hash == digest))
    if row is not None:
        if not _goes_by(session, row, name):
            raise DatabaseError(
                f"this exact configuration is already the annotator {kind}:{row.name}. "
                f"Use that name, or change the configuration."
            )
        return row
    wanted = name or default_name
    if named(session, kind, wanted) is not None:
        if name is not None:
            raise DatabaseError(
                f"the name {kind}:{name} belongs to another configuration (another model, "
                "revision, prompt or sampling). Choose another --name."
            )
        wanted = f"{wanted}-{digest[:6]}"
    row = Annotator(kind=kind, name=wanted, config=config, config_hash=digest, hidden=hidden)
    session.add(row)
    session.flush()
    return row


def ensure_reviewer(database: Database, person: str) -> AnnotatorRecord:
    """The human annotator of a person who corrects labels in the app.

    Raises DatabaseError for an empty name, or a name that a data set's labels already have.
    """
    person = person.strip()
    if not person:
        raise DatabaseError("a reviewer needs a name")
    return ensure_annotator(database, "human", person, reviewer_config(person))


def ensure_adjudicator(database: Database, person: str) -> AnnotatorRecord:
    """The annotator of a person who settles conflicts: apart from their own first opinion.

    Raises DatabaseError for an empty name.
    """
    person = person.strip()
    if not person:
        raise DatabaseError("an adjudicator needs a name")
    config = {"source": "adjudication", "person": person}
    return ensure_annotator(database, "human", f"{person} (adjudicator)", config)


def reviewer_config(person: str) -> dict[str, Any]:
    """The configuration that tells a reviewer from labels that came with a data set."""
    return {"source": "review", "person": person}


def find_annotator(database: Database, label: str) -> AnnotatorRecord:
    """The annotator called `label` (`kind:name`), now or formerly.

    Raises DatabaseError, which lists the ones there are.
    """
    kind, _, name = label.partition(":")
    with database.read() as session:
        row = named(session, kind, name)
        if row is not None:
            return to_record(row)
        known = [to_record(other).label for other in session.scalars(select(Annotator))]
    if kind not in KINDS or not name:
        shape = f"An annotator is written kind:name, kind one of {', '.join(KINDS)}. "
    else:
        shape = ""
    listing = f"Known: {', '.join(sorted(known))}." if known else "There is none yet."
    raise DatabaseError(f"no annotator {label!r}. {shape}{listing}")


def list_annotators(database: Database, *, with_work: bool = False) -> list[AnnotatorRecord]:
    """All annotators, by kind and then by age; or only those that have annotated anything."""
    query = select(Annotator).order_by(Annotator.id)
    if with_work:
        at_work = select(Annotation.id).where(Annotation.annotator_id == Annotator.id)
        query = query.where(at_work.exists())
    with database.read() as session:
        rows = session.scalars(query).all()
    return in_order(map(to_record, rows))


def former_labels(database: Database) -> dict[str, str]:
    """The labels that annotators had before they were renamed -> those they have now."""
    query = select(FormerName.kind, FormerName.name, Annotator.name)
    query = query.join(Annotator, Annotator.id == FormerName.annotator_id)
    with database.read() as session:
        return {f"{kind}:{old}": f"{kind}:{new}" for kind, old, new in session.execute(query)}


def rename_annotator(database: Database, label: str, name: str) -> AnnotatorRecord:
    """Give an annotator another name; the one it had still finds it.

    Raises DatabaseError for a person who labels here, whose name is who they are, and for a name
    that is empty, too long, or another annotator's, now or formerly.
    """
    found = find_annotator(database, label)
    wanted = name.strip()
    if found.kind == "human" and not found.came_with_data:
        raise DatabaseError(
            f"{found.label} is a person who labels here: the name is how they sign in"
        )
    if not wanted or len(wanted) > MOST_NAME or not wanted.isprintable():
        raise DatabaseError(f"a name has 1 to {MOST_NAME} characters, all of them printable")
    with database.write() as session:
        row = session.get_one(Annotator, found.id)
        if row.name == wanted:
            return to_record(row)
        taken = named(session, row.kind, wanted)
        if taken is not None and taken.id != row.id:
            raise DatabaseError(
                f"there is a {row.kind}:{wanted} already. Choose another name."
                if taken.name == wanted
                else f"{to_record(taken).label} was called {row.kind}:{wanted} before, and links "
                "still say so. Choose another name."
            )
        session.execute(  # Its own old name may come back.
            delete(FormerName).where(FormerName.kind == row.kind, FormerName.name == wanted)
        )
        session.add(FormerName(kind=row.kind, name=row.name, annotator_id=row.id))
        row.name = wanted
        session.flush()
        return to_record(row)


def count_annotations(session: Session, annotator_id: int, more: int) -> None:
    """Count `more` (or, negative, fewer) annotations of this annotator; failures are none."""
    if more:
        counted = Annotator.n_annotations + more
        session.execute(
            update(Annotator).where(Annotator.id == annotator_id).values(n_annotations=counted)
        )


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """How much the weights of a revision were trained on; None where that is not known.

    `export` is the checksum of the data of the export that they were trained on last.
    """

    n_solutions: int | None
    export: str | None


def set_threshold(database: Database, job: JobRecord, annotator_id: int, threshold: float) -> None:
    """Give a PRM or judge another threshold: the same annotator with another configuration hash.

    Raises DatabaseError when another annotator has this configuration, LostJobError.
    """
    with database.write() as session:
        check_claim(session, job)
        row = session.get_one(Annotator, annotator_id)
        config = {**row.config, "threshold": threshold}
        digest = stable_hash({"kind": row.kind, "config": config})
        other = session.scalar(
            select(Annotator).where(Annotator.config_hash == digest, Annotator.id != row.id)
        )
        if other is not None:
            raise DatabaseError(
                f"{row.kind}:{other.name} is this model with the threshold {threshold:g} already. "
                "Compare with it, or choose another threshold."
            )
        row.config, row.config_hash = config, digest


def save_training_problems(
    database: Database,
    revision: str,
    problems: Iterable[str],
    n_solutions: int | None = None,
    export: str | None = None,
) -> None:
    """Remember the fingerprints of the problems that the weights of a revision were trained on.

    300,000 of them take 2.4 MB, once for all annotators with these weights; what is stored of a
    revision already stays, and what was not known is added. Raises ValueError for what is no
    fingerprint.
    """
    packed = sorted({bytes.fromhex(problem) for problem in problems})
    if any(len(one) != FINGERPRINT_BYTES for one in packed):
        raise ValueError(f"a problem's fingerprint has {2 * FINGERPRINT_BYTES} hex digits")
    with database.write() as session:
        row = session.get(TrainingSet, revision)
        if row is None:
            row = TrainingSet(revision=revision, n_problems=len(packed), problems=b"".join(packed))
            session.add(row)
        row.n_solutions = n_solutions if row.n_solutions is None else row.n_solutions
        row.export = export if row.export is None else row.export


def training_record(database: Database, revision: str) -> TrainingRecord | None:
    """What is stored of a revision besides its problems, None where nothing is."""
    with database.read() as session:
        query = select(TrainingSet.n_solutions, TrainingSet.export)
        row = session.execute(query.where(TrainingSet.revision == revision)).one_or_none()
        return None if row is None else TrainingRecord(*row)


def training_problems(database: Database, revision: str) -> frozenset[str] | None:
    """The fingerprints that are stored of a revision, None where there are none."""
    with database.read() as session:
        row = session.get(TrainingSet, revision)
        if row is None:
            return None
        packed = row.problems
    starts = range(0, len(packed), FINGERPRINT_BYTES)
    return frozenset(packed[start : start + FINGERPRINT_BYTES].hex() for start in starts)


def named(session: Session, kind: str, name: str) -> Annotator | None:
    """Who is called so, or was."""
    now = select(Annotator).where(Annotator.kind == kind, Annotator.name == name)
    formerly = (
        select(Annotator)
        .join(FormerName, FormerName.annotator_id == Annotator.id)
        .where(FormerName.kind == kind, FormerName.name == name)
    )
    return session.scalar(now) or session.scalar(formerly)


def to_record(row: Annotator) -> AnnotatorRecord:
    """The plain form of a row."""
    return AnnotatorRecord(row.id, row.kind, row.name, dict(row.config), row.hidden)


def _goes_by(session: Session, row: Annotator, name: str | None) -> bool:
    if name in (None, row.name):
        return True
    former = session.get(FormerName, (row.kind, name))
    return former is not None and former.annotator_id == row.id
