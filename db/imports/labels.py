"""Storing what files say of solutions: annotations with their evidence, adding nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.annotations import insert_missing, rollout_values
from db.annotators import count_annotations, ensure_in_session, named, to_record
from db.engine import IN_LIST, Database
from db.jobs import check_claim
from db.lists import solution_index
from db.records import BEGUN, FAILED, FROM_DATASET, JobRecord, SourceLabel, lowest
from db.schema import Annotation, Rollout, utcnow

Score = float | None
OnNote = Callable[[int | None, str], None]  # the row's line, and what is to be said of it


class Said(NamedTuple):
    """What one row of a file says of one solution; `line` is the row's, from 1."""

    solution_id: int
    label: SourceLabel
    line: int | None = None


def insert_labels(
    database: Database,
    said: Sequence[Said],
    *,
    job: JobRecord | None = None,
    on_note: OnNote | None = None,
) -> int:
    """Add these annotations in one transaction and return how many were not there yet.

    `on_note` is told of those that are not stored because their annotator has said otherwise of
    the solution before, or is at work here. Raises DatabaseError for the name of another
    configuration, and LostJobError when `job` is no longer this process's; nothing is stored then.
    """
    with database.write() as session:
        if job is not None:
            check_claim(session, job)
        stored = store_labels(session, said, frozenset(), on_note)
        solution_index.update(session, {one.solution_id for one in said})
    return stored


def store_labels(
    session: Session,
    said: Sequence[Said],
    hidden: frozenset[str],
    on_note: OnNote | None,
) -> int:
    """`insert_labels` inside the caller's transaction; the solution index is the caller's."""
    first: dict[tuple[int, int], SourceLabel] = {}
    told: list[tuple[tuple[int, int], Said]] = []
    speakers: dict[str, _Speaker] = {}
    for one in said:
        label = one.label
        if label.label not in speakers:
            speakers[label.label] = _speaker(session, label, label.annotator in hidden)
        key = (one.solution_id, speakers[label.label].id)
        told.append((key, one))
        first.setdefault(key, label)
    known = _annotated(session, list(first))
    at_work = {one.id for one in speakers.values() if one.is_at_work}
    if on_note is not None:
        _tell(told, first, known, at_work, on_note)
    for key in [key for key in first if key[1] in at_work]:
        first.pop(key)
    new = {key: label for key, label in first.items() if key not in known}
    made = {key: label for key, label in new.items() if label.status != BEGUN}
    if made:
        session.execute(insert(Annotation), [_annotation(*key, made[key]) for key in made])
    rollouts = [
        rollout_values(annotator_id, replace(rollout, solution_id=solution_id))
        for (solution_id, annotator_id), label in new.items()
        for rollout in label.rollouts
    ]
    insert_missing(session, Rollout, rollouts)
    counted = Counter(who for (_, who), label in made.items() if label.status != FAILED)
    for annotator_id, count in counted.items():
        count_annotations(session, annotator_id, count)
    return len(made)


def _tell(
    told: list[tuple[tuple[int, int], Said]],
    first: dict[tuple[int, int], SourceLabel],
    known: dict[tuple[int, int], tuple[Sequence[Score], int | None]],
    at_work: set[int],
    on_note: OnNote,
) -> None:
    """Say what is not stored, and why."""
    for key, one in told:
        kept = known.get(key) or (first[key].scores, first[key].first_error)
        if _contradicts(one.label, *kept):
            on_note(
                one.line,
                f"{one.label.label} already labelled this solution differently; what came first "
                "stays",
            )
        elif key not in known and key[1] in at_work:
            on_note(
                one.line,
                f"{one.label.label} is at work in this project, and a file adds nothing to what it "
                "says. To have both, rename it: steplens annotators rename",
            )


class _Speaker(NamedTuple):
    """The annotator that a label is of; to one that is at work here a file adds nothing."""

    id: int
    is_at_work: bool


def _speaker(session: Session, label: SourceLabel, hidden: bool) -> _Speaker:
    there = named(session, label.kind, label.annotator) if label.by_name else None
    if there is not None:
        return _Speaker(there.id, to_record(there).is_at_work)
    config = label.config
    if config is None:
        config = {"source": FROM_DATASET, "name": label.annotator}
    row = ensure_in_session(session, label.kind, label.annotator, config, hidden=hidden)
    return _Speaker(row.id, False)


def _annotation(solution_id: int, annotator_id: int, label: SourceLabel) -> dict[str, object]:
    usual = "ok" if label.first_error is not None else "unfinished"
    return {
        "solution_id": solution_id,
        "annotator_id": annotator_id,
        "scores": list(label.scores),
        "first_error": label.first_error,
        "status": usual if label.status is None else label.status,
        "lowest": lowest(label.scores),
        "margin": label.margin,
        "evidence": label.evidence,
        "created_at": utcnow(),
    }


def _contradicts(label: SourceLabel, scores: Sequence[Score], first_error: int | None) -> bool:
    """Whether both say something of the same thing, and not the same; silence contradicts none."""
    pairs = [(label.first_error, first_error), *zip(label.scores, scores, strict=False)]
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def _annotated(
    session: Session, keys: list[tuple[int, int]]
) -> dict[tuple[int, int], tuple[Sequence[Score], int | None]]:
    """The stored scores and first errors of these solutions, by solution and annotator."""
    found: dict[tuple[int, int], tuple[Sequence[Score], int | None]] = {}
    ids = sorted({solution_id for solution_id, _ in keys})
    for start in range(0, len(ids), IN_LIST):
        part = ids[start : start + IN_LIST]
        query = select(
            Annotation.solution_id,
            Annotation.annotator_id,
            Annotation.scores,
            Annotation.first_error,
        ).where(Annotation.solution_id.in_(part))
        for solution_id, annotator_id, scores, first_error in session.execute(query):
            found[solution_id, annotator_id] = (scores, first_error)
    return found
