"""The evidence that a file gives with an annotation, checked, as the project keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from db.records import RolloutRecord
from labeling.formats import fields
from labeling.formats.base import Json
from labeling.formats.fields import BadRow, Steps
from labeling.montecarlo.outcomes import OUTCOMES, Outcome

T = TypeVar("T")

MOST_SAMPLES = 100_000  # of one step


@dataclass(frozen=True, slots=True)
class Shape:
    """The steps that a row counts: `given` in the file, and without the blank ones `kept`."""

    given: int
    blank: Steps | None = None  # where the row has the steps themselves

    @property
    def n_steps(self) -> int:
        """How many steps are kept."""
        return self.given if self.blank is None else len(self.blank.texts)

    def kept(self, values: Sequence[T]) -> list[T]:
        """`values`, one for each step of the file, without those of blank steps."""
        return list(values) if self.blank is None else list(self.blank.kept(values))

    def step(self, place: int | None, what: str) -> int | None:
        """The index of the file's step `place` among the kept ones; -1 and None stay."""
        return place if self.blank is None else self.blank.first_error(place, what)


def read_evidence(said: Mapping[str, Json], shape: Shape) -> dict[str, Json]:
    """What a row gives as evidence, beside its scores or under "evidence". Raises BadRow.

    What the app shows or counts must have the shape that it expects; the rest is the user's own.
    """
    own = said.get("evidence")
    given = {} if own is None else dict(fields.an_object(own, "evidence"))
    given |= {name: said[name] for name in READERS if said.get(name) is not None}
    found: dict[str, Json] = {}
    for name, value in given.items():
        if name in READERS and value is not None:
            found[name] = READERS[name](value, name, shape)
        else:
            fields.storable(name, "a name in evidence")
            found[name] = fields.meta(value, f"evidence.{name}")
    return found


def read_rollouts(value: Json, shape: Shape) -> tuple[RolloutRecord, ...]:
    """Completions of step prefixes, each with its step and what it came to. Raises BadRow."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BadRow(f"rollouts must be a list, not {fields.kind(value)}")
    found: dict[tuple[int, int], RolloutRecord] = {}
    for place, one in enumerate(value):
        what = f"rollouts[{place}]"
        told = fields.an_object(one, what)
        given = fields.whole(told.get("step"), f"{what}.step")
        if not 0 <= given < shape.given:
            raise BadRow(f"{what}.step is {given}, outside the solution of {shape.given} steps")
        step = shape.step(given, f"{what}.step") or 0
        number = sum(1 for other, _ in found if other == step)
        sample = number if told.get("sample") is None else fields.whole(told["sample"], what)
        if not 0 <= sample < MOST_SAMPLES or (step, sample) in found:
            raise BadRow(f"{what}: step {given} has a sample {sample} twice, or below 0")
        answer = fields.optional_text(told.get("answer"), f"{what}.answer")
        found[step, sample] = RolloutRecord(
            solution_id=0,
            step=step,
            sample=sample,
            text=_text(told.get("text") or "", f"{what}.text", shape),
            answer=answer,
            outcome=_outcome(told, what),
            n_tokens=fields.whole(told.get("n_tokens") or 0, f"{what}.n_tokens"),
        )
    return tuple(found.values())


def counted(rollouts: tuple[RolloutRecord, ...], n_steps: int) -> dict[str, Json]:
    """Successes and decided trials of each step, and what did not decide, as Monte Carlo counts."""
    counts: dict[str, list[int]] = {outcome: [0] * n_steps for outcome in OUTCOMES}
    for one in rollouts:
        counts[one.outcome][one.step] += 1
    decided = zip(counts["correct"], counts["wrong"], strict=True)
    return {
        "successes": list(counts["correct"]),
        "trials": [right + wrong for right, wrong in decided],
        "unfinished": list(counts["unfinished"]),
        "unknown": list(counts["unknown"]),
    }


def _outcome(told: dict[str, Json], what: str) -> Outcome:
    outcome = told.get("outcome")
    if outcome is None:
        correct = fields.flag(told.get("correct"), f"{what}.correct")
        return "unknown" if correct is None else "correct" if correct else "wrong"
    for known in OUTCOMES:
        if outcome == known:
            return known
    raise BadRow(
        f"{what}.outcome must be one of {', '.join(OUTCOMES)}, not {fields.shown(outcome)}"
    )


def _text(value: Json, what: str, shape: Shape) -> str:
    """Any text, a blank one too: a reply is kept as it came."""
    if not isinstance(value, str):
        raise BadRow(f"{what} must be text, not {fields.kind(value)}")
    return fields.storable(value, what)


def _list(value: Json, what: str, shape: Shape) -> list[Json]:
    if not isinstance(value, list) or len(value) != shape.given:
        size = len(value) if isinstance(value, list) else fields.kind(value)
        raise BadRow(f"{what} must be a list of {shape.given}, one a step, not {size}")
    return shape.kept(value)


def _texts(value: Json, what: str, shape: Shape) -> Json:
    return [
        None if one is None else _text(one, f"{what}[{at}]", shape)
        for at, one in enumerate(_list(value, what, shape))
    ]


def _counts(value: Json, what: str, shape: Shape) -> Json:
    counts = [
        fields.whole(one, f"{what}[{at}]") for at, one in enumerate(_list(value, what, shape))
    ]
    if min(counts, default=0) < 0:
        raise BadRow(f"{what} has a number below 0")
    return list(counts)


def _prompt(value: Json, what: str, shape: Shape) -> Json:
    """A text, or a chat: turns with role and content."""
    return fields.meta(value, what) if isinstance(value, list) else _text(value, what, shape)


def _votes(value: Json, what: str, shape: Shape) -> Json:
    """The first error of each reply, or what they came to: the share of the winner, of n."""
    if isinstance(value, list):
        votes = [None if one is None else fields.whole(one, what) for one in value]
        if not votes or any(one is not None and not -1 <= one < shape.given for one in votes):
            raise BadRow(f"{what} must hold a first error of the solution, -1 or null each")
        return [shape.step(one, what) for one in votes]
    told = fields.an_object(value, what)
    share = fields.fraction(told.get("share"), f"{what}.share")
    return {"share": share, "n": fields.count(told.get("n"), f"{what}.n")}


def _flags(value: Json, what: str, shape: Shape) -> Json:
    return list(fields.texts(value, what))


def _error_type(value: Json, what: str, shape: Shape) -> Json:
    return fields.name(value, what, "")[:60]


READERS: dict[str, Callable[[Json, str, Shape], Json]] = {
    "critiques": _texts,
    "reply": _text,
    "prompt": _prompt,
    "reason": _text,
    "votes": _votes,
    "successes": _counts,
    "trials": _counts,
    "unfinished": _counts,
    "unknown": _counts,
    "note": _text,
    "flags": _flags,
    "error_type": _error_type,
}
