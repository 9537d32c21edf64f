"""What the file of a project tells beside its solutions: what people made of them, and found.

Solutions are told by their fingerprints and annotators by their `kind:name`, which are the same in
every project. `line` is the row's in its file, from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.results import Measured


@dataclass(frozen=True, slots=True)
class SourceTrainingSet:
    """What the weights of a revision were trained on; a large one comes in several rows.

    `problems` are fingerprints of their texts (`training.data.fingerprint`), packed.
    """

    revision: str
    problems: bytes
    n_solutions: int | None
    export: str | None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SourceRecut:
    """One act by which a person cut a solution anew, or took that back (`db.review.recuts`)."""

    token: str
    solution: str
    made: str
    person: str
    undoes: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SourceRecuts:
    """All the cuts of one text: the acts, oldest first, and who is set aside for whom."""

    acts: tuple[SourceRecut, ...]
    replaced_by: dict[str, str]
    line: int = 0


@dataclass(frozen=True, slots=True)
class SourceList:
    """A list as a page showed it (`db.lists.solution_lists`), or a part of one that is long.

    `key` is its name in the file. The `solutions` are those from place `start` on, of `total`.
    """

    key: str
    solutions: tuple[str, ...]
    words: str
    origin: str
    start: int
    total: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class SourceQueue:
    """A saved queue (`db.review.saved_queues`); `listed` is the key of the list it is narrowed to.

    `wanted` and `history` are as they are stored, with names in place of ids.
    """

    token: str
    name: str | None
    holds: str
    wanted: dict[str, Any]
    listed: str | None
    sort: str
    reference: str | None
    per_item: int | None
    blind: bool
    archived: bool
    instructions: str
    assigned: tuple[str, ...]
    history: tuple[dict[str, Any], ...]
    made_by: str
    created_at: datetime
    line: int = 0


@dataclass(frozen=True, slots=True)
class SourceEvaluation:
    """A stored evaluation, without the job that made it."""

    kind: str
    annotator: str
    reference: str | None
    measured: Measured
    result: dict[str, Any]
    created_at: datetime
    line: int = 0


SourceWork = SourceTrainingSet | SourceRecuts | SourceList | SourceQueue | SourceEvaluation
