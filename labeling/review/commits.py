"""What a browser sends becomes corrections: commits are checked, stored, and answered.

Nothing that comes from a browser is to be trusted: every commit is checked against the solution
it names before it becomes a correction, and a bad one is refused with a reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeGuard

from db.corrections import append_corrections, correction_log, known_solutions
from db.engine import Database, DatabaseError
from db.records import AnnotatorRecord, CorrectionRecord
from db.review.recuts import carry_late, made_by, recut, undo_cut
from labeling.review.error_types import LONGEST

NOTE_LENGTH = 4000
BATCH = 500  # Commits taken at once; a browser sends the rest again.
LONGEST_SECONDS = 24 * 3600.0
TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")
ACTIONS = ("label", "skip", "undo")
CUTS = ("cut", "uncut")
FLAGS = ("bad_problem", "bad_split", "unsure")  # Why a solution should not be trusted as data.


@dataclass(slots=True)
class Accepted:
    """`acked`: tokens of acts that are on disk. `refused`: token -> why it is not.

    `cuts`: token of a cut, or of one taken back -> the solution that stands now. `carried`: token
    of what was said of a solution that was set aside -> the solution that it was carried to.
    """

    acked: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    cuts: dict[str, int] = field(default_factory=dict)
    carried: dict[str, int] = field(default_factory=dict)


def accept_commits(database: Database, reviewer: AnnotatorRecord, commits: object) -> Accepted:
    """Store what a browser sent as acts by `reviewer`; sending it again changes nothing.

    A commit: {token, solution_id, action "label" | "skip" | "undo", undoes, labels, first_error,
    error_type, note, flags, seconds, scores_visible, blind, first_labels}; or a cut: {token,
    solution_id, action "cut", steps} and what takes one back: {token, action "uncut", undoes}.
    `cut` is the token of the cut by which the browser made the solution that it speaks of, whose
    id it may not know yet. What cannot be stored is refused with a reason; a commit without a
    usable token cannot even be answered and is passed over.
    """
    answer = Accepted()
    if not isinstance(commits, list):
        return answer
    waiting: list[tuple[str, Mapping[str, object]]] = []
    for one in commits[:BATCH]:
        token = _token(one) if isinstance(one, Mapping) else None
        if token is None:
            continue
        if one.get("action") not in CUTS:
            waiting.append((token, one))
            continue
        _store(database, reviewer, waiting, answer)
        waiting = []
        try:
            answer.cuts[token] = _cut(database, reviewer, token, one, answer)
        except (ValueError, DatabaseError) as error:
            answer.refused[token] = str(error)
        else:
            answer.acked.append(token)
    _store(database, reviewer, waiting, answer)
    return answer


def _store(
    database: Database,
    reviewer: AnnotatorRecord,
    commits: Sequence[tuple[str, Mapping[str, object]]],
    answer: Accepted,
) -> None:
    """Store labels, skips and undos in one go, and say in `answer` what became of them."""
    placed: list[tuple[str, Mapping[str, object]]] = []
    for token, one in commits:
        try:
            placed.append((token, {**one, "solution_id": _place(database, one, answer)}))
        except ValueError as error:
            answer.refused[token] = str(error)
    ids = {one["solution_id"] for _, one in placed if _is_id(one["solution_id"])}
    n_steps = known_solutions(database, sorted(ids)) if ids else {}
    corrections: list[CorrectionRecord] = []
    for token, one in placed:
        try:
            correction = to_correction(one, reviewer.id, n_steps)
            _check_undo(database, correction, corrections)
        except ValueError as error:
            answer.refused[token] = str(error)
        else:
            corrections.append(correction)
    stored = append_corrections(database, corrections)
    answer.acked += stored
    answer.carried |= carry_late(database, stored)


def _cut(
    database: Database,
    reviewer: AnnotatorRecord,
    token: str,
    commit: Mapping[str, object],
    answer: Accepted,
) -> int:
    """Cut a solution anew, or take that back; the solution that stands now."""
    if commit["action"] == "uncut":
        undoes = _token(commit, "undoes")
        if undoes is None:
            raise ValueError("it does not say what it takes back")
        return undo_cut(database, undoes, reviewer, token)
    solution_id, steps = _place(database, commit, answer), commit.get("steps")
    if not _is_id(solution_id):
        raise ValueError("there is no such solution")
    if not isinstance(steps, list) or any(not isinstance(step, str) for step in steps):
        raise ValueError("the steps are not a list of texts")
    return recut(database, solution_id, steps, reviewer, token, late=True)


def _place(database: Database, commit: Mapping[str, object], answer: Accepted) -> object:
    """The id of the solution that a commit speaks of, as a browser gives it or by its cut."""
    cut = _token(commit, "cut")
    if cut is None:
        return commit.get("solution_id")
    made = answer.cuts.get(cut) or made_by(database, cut)
    if made is None:
        raise ValueError("the cut that it speaks of was not made")
    return made


def to_correction(
    commit: Mapping[str, object], reviewer_id: int, n_steps: Mapping[int, int]
) -> CorrectionRecord:
    """A checked correction; `n_steps` has the solutions that exist. ValueError says what is bad."""
    token, solution_id = _token(commit), commit.get("solution_id")
    if token is None:
        raise ValueError("it has no usable token")
    if not _is_id(solution_id) or solution_id not in n_steps:
        raise ValueError("there is no such solution")
    action = commit.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise ValueError("it is neither a label, a skip nor an undo")
    labels, first_error = None, None
    if action == "label":
        labels = _labels(commit.get("labels"), n_steps[solution_id])
        first_error = first_error_of(labels)
        told = commit.get("first_error")
        if type(told) is not int or told != first_error:
            raise ValueError("the first error does not fit the labels")
    blind = commit.get("blind", False)
    if not isinstance(blind, bool):
        raise ValueError("it does not say whether it was blind")
    undoes = _token(commit, "undoes") if action == "undo" else None
    if action == "undo" and undoes is None:
        raise ValueError("it does not say what it takes back")
    note = commit.get("note")
    if note is not None and not isinstance(note, str):
        raise ValueError("the note is not a text")
    if note is not None and len(note) > NOTE_LENGTH:
        raise ValueError(f"the note is longer than {NOTE_LENGTH:,} characters")
    return CorrectionRecord(
        token=token,
        solution_id=solution_id,
        annotator_id=reviewer_id,
        action=action,
        labels=labels,
        first_error=first_error,
        note=(note or "").strip() or None,
        flags=_flags(commit.get("flags")),
        seconds=_seconds(commit.get("seconds")),
        scores_visible=commit.get("scores_visible") is not False,
        undoes=undoes,
        created_at=datetime.now(UTC),
        blind=blind,
        first_labels=_first_labels(commit, action, blind, n_steps[solution_id]),
        error_type=_error_type(commit.get("error_type"), first_error),
    )


def first_error_of(labels: Sequence[int | None]) -> int:
    """The step of the first -1, or -1 for none. ValueError where a step before it is unmarked.

    An unmarked step is not a correct one: without it nothing is known about the first error.
    """
    first = next((step for step, label in enumerate(labels) if label == -1), -1)
    before = labels if first < 0 else labels[:first]
    if not labels or None in before:
        raise ValueError("a step before the first error is unmarked")
    return first


def _labels(labels: object, n_steps: int) -> tuple[int | None, ...]:
    if not isinstance(labels, list) or len(labels) != n_steps:
        raise ValueError(f"it does not have one label for each of {n_steps} steps")
    # True equals 1 in Python, and 1.0 too: only the integers themselves are labels.
    if any(label is not None and (type(label) is not int or abs(label) > 1) for label in labels):
        raise ValueError("a label is something other than 1, 0, -1 or unmarked")
    return tuple(labels)


def _flags(flags: object) -> tuple[str, ...]:
    if flags is None:
        return ()
    if not isinstance(flags, list) or any(not isinstance(flag, str) for flag in flags):
        raise ValueError("the flags are not a list of words")
    unknown = sorted(set(flags) - set(FLAGS))
    if unknown:
        raise ValueError(f"there is no flag {unknown[0]!r:.40}, only {', '.join(FLAGS)}")
    if len(set(flags)) < len(flags):
        raise ValueError("a flag is raised twice")
    return tuple(flags)


def _error_type(name: object, first_error: int | None) -> str | None:
    """Any few words: a type that the project does not offer any more is kept all the same."""
    if name is None:
        return None
    if first_error is None or first_error < 0:
        raise ValueError("it gives an error a type, and names no error")
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ValueError("the type of the error is no word")
    if len(name) > LONGEST:
        raise ValueError(f"the type of the error has more than {LONGEST} characters")
    return name.strip()


def _first_labels(
    commit: Mapping[str, object], action: str, blind: bool, n_steps: int
) -> tuple[int | None, ...] | None:
    """The first verdict of a blind review; a label has one, a skip only when it came to it."""
    sent = commit.get("first_labels")
    if sent is None:
        if blind and action == "label":
            raise ValueError("a blind label does not say what its first verdict was")
        return None
    if not blind:
        raise ValueError("only a blind review has a first verdict of its own")
    try:
        first_error_of(labels := _labels(sent, n_steps))
    except ValueError as error:
        raise ValueError(f"the first verdict is none: {error}") from error
    return labels


def _check_undo(
    database: Database, correction: CorrectionRecord, earlier: Sequence[CorrectionRecord]
) -> None:
    if correction.action != "undo":
        return
    log = correction_log(database, correction.solution_id, correction.annotator_id)
    same = [one for one in earlier if one.solution_id == correction.solution_id]
    if all(one.token != correction.undoes for one in [*log, *same]):
        raise ValueError("what it takes back is not there")


def _token(commit: Mapping[str, object], name: str = "token") -> str | None:
    token = commit.get(name)
    return token if isinstance(token, str) and TOKEN.fullmatch(token) else None


def _is_id(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 < value < 2**63


def _seconds(value: object) -> float | None:
    """Time spent, or None for what is no time: it is a statistic, not worth losing a label for."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        return None
    return float(min(value, LONGEST_SECONDS))
