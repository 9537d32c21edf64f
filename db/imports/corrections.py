"""Storing people's acts out of the file of a project, each once and with its own time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.annotators import named
from db.corrections import project, to_row
from db.engine import IN_LIST
from db.imports.labels import OnNote
from db.records import SourceCorrection
from db.schema import Annotator, Correction


class Done(NamedTuple):
    """An act on one of our solutions; `line` is the row's in its file, from 1."""

    solution_id: int
    told: SourceCorrection
    line: int | None = None


def store_corrections(session: Session, done: Sequence[Done], on_note: OnNote | None) -> int:
    """Add the acts that are not there yet, in the order of `done`; returns how many.

    Where a person has done something on a solution that the file does not know, all that it tells
    of the two is left out and `on_note` is told: what counts now would else be an older act.
    """
    by_place: dict[tuple[int, str], list[Done]] = defaultdict(list)
    for one in done:
        by_place[one.solution_id, one.told.person].append(one)
    people = {person: _at_work(session, person) for _, person in by_place}
    known = _tokens(session, {solution_id for solution_id, _ in by_place})
    elsewhere = _stored(session, [one.told.act.token for one in done])
    added = 0
    for (solution_id, person), acts in by_place.items():
        annotator = people[person]
        line = acts[0].line
        if annotator is None:
            if on_note is not None:
                on_note(line, f"nobody who labels here is called {person}: its acts are left out")
            continue
        there = known.get((solution_id, annotator.id), set())
        new = [one.told.act for one in acts if one.told.act.token not in there]
        if there - {one.told.act.token for one in acts} or {a.token for a in new} & elsewhere:
            if on_note is not None:
                on_note(
                    line,
                    f"{person} has labelled this solution here since: what is here stays, and the "
                    "file's acts are left out",
                )
            continue
        for act in new:
            placed = replace(act, solution_id=solution_id, annotator_id=annotator.id)
            session.add(to_row(placed, act.created_at))
            session.flush()
        if new:
            project(session, solution_id, annotator.id)
        added += len(new)
    return added


def _at_work(session: Session, label: str) -> Annotator | None:
    """The person who labels here under this `kind:name`."""
    kind, _, name = label.partition(":")
    found = named(session, kind, name)
    works = found is not None and found.config.get("source") in ("review", "adjudication")
    return found if works and kind == "human" else None


def _tokens(session: Session, solution_ids: set[int]) -> dict[tuple[int, int], set[str]]:
    """The tokens of the acts on these solutions, by solution and annotator."""
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    ids = sorted(solution_ids)
    for start in range(0, len(ids), IN_LIST):
        query = select(Correction.solution_id, Correction.annotator_id, Correction.token)
        query = query.where(Correction.solution_id.in_(ids[start : start + IN_LIST]))
        for solution_id, annotator_id, token in session.execute(query):
            found[solution_id, annotator_id].add(token)
    return found


def _stored(session: Session, tokens: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(tokens), IN_LIST):
        query = select(Correction.token).where(
            Correction.token.in_(tokens[start : start + IN_LIST])
        )
        found.update(session.scalars(query))
    return found
