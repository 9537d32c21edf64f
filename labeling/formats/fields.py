"""Checked reading of JSON fields: every function raises BadRow, naming the field and the fault."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from labeling.answers.grade import quick_grade
from labeling.formats.base import Json, Remark

T = TypeVar("T")

MAX_NAME = 200  # characters; the width of the name columns
MAX_COUNT = 1_000_000
MAX_DEPTH = 20  # of nested meta

_BAD_CHARACTER = re.compile("[\x00\ud800-\udfff]")


class BadRow(ValueError):
    """Why a row cannot be imported."""


def storable(text: str, what: str) -> str:
    """`text`, unless it holds a character that SQLite (UTF-8) or PostgreSQL cannot store."""
    if not text.isascii() or "\x00" in text:
        bad = _BAD_CHARACTER.search(text)
        if bad is not None:
            if bad[0] == "\x00":
                raise BadRow(f"{what} contains a NUL character")
            if "\udc80" <= bad[0] <= "\udcff":
                raise BadRow(f"{what} contains bytes that are not UTF-8")
            raise BadRow(f"{what} contains half a surrogate pair (U+{ord(bad[0]):04X})")
    return text


def an_object(value: Json, what: str) -> dict[str, Json]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise BadRow(f"{what} must be an object, not {kind(value)}")
    return value


def text(value: Json, what: str) -> str:
    """A string that is more than blanks."""
    if value is None:
        raise BadRow(f"{what} is missing")
    if not isinstance(value, str):
        raise BadRow(f"{what} must be text, not {kind(value)}")
    if not value.strip():
        raise BadRow(f"{what} is blank")
    return storable(value, what)


def optional_text(value: Json, what: str) -> str | None:
    """A string or number as text; None for null and for blanks."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(meta(value, what))
    if not isinstance(value, str):
        raise BadRow(f"{what} must be text, not {kind(value)}")
    return storable(value, what) if value.strip() else None


def name(value: Json, what: str, default: str) -> str:
    """A string or number of at most MAX_NAME characters, or `default`."""
    found = optional_text(value, what) or default
    if len(found) > MAX_NAME:
        raise BadRow(f"{what} has {len(found)} characters; at most {MAX_NAME} are allowed")
    return found


def optional_name(value: Json, what: str) -> str | None:
    """Like `name`, or None."""
    return name(value, what, "") or None


def texts(value: Json, what: str) -> tuple[str, ...]:
    """A list of strings that are all more than blanks; messages count them from 0."""
    if not isinstance(value, list):
        raise BadRow(f"{what} must be a list of texts, not {kind(value)}")
    return tuple(text(item, f"{what}[{index}]") for index, item in enumerate(value))


@dataclass(frozen=True, slots=True)
class Steps:
    """A solution's steps without the blank ones, and the place of each in the file's list."""

    texts: tuple[str, ...]
    places: tuple[int, ...]
    given: int  # in the file, blank ones included

    def kept(self, values: Sequence[T]) -> tuple[T, ...]:
        """`values`, one for each step of the file, without those of blank steps."""
        return tuple(values[place] for place in self.places)

    def first_error(self, place: int | None, what: str) -> int | None:
        """The index here of the file's step `place`; -1 and None stay as they are."""
        if place is None or place == -1:
            return place
        if place not in self.places:
            raise BadRow(f"{what} is {place}, but that step is blank")
        return self.places.index(place)

    def remarks(self) -> Iterator[Remark]:
        """One for each blank step."""
        for place in sorted(set(range(self.given)).difference(self.places)):
            yield Remark(
                f"steps[{place}] is blank: left out, the later steps and their labels move up",
                lost=False,
            )


def steps(value: Json, what: str = "steps") -> Steps:
    """A list of strings, at least one of them more than blanks; blank ones are left out."""
    if not isinstance(value, list):
        raise BadRow(f"{what} must be a list of texts, not {kind(value)}")
    places = tuple(
        place for place, item in enumerate(value) if not isinstance(item, str) or item.strip()
    )
    if not places:
        raise BadRow(f"{what} has only blank entries" if value else f"{what} is empty")
    found = tuple(text(value[place], f"{what}[{place}]") for place in places)
    return Steps(found, places, len(value))


def flag(value: Json, what: str) -> bool | None:
    """true, false or null; not 0 and 1."""
    if value is not None and not isinstance(value, bool):
        raise BadRow(f"{what} must be true or false, not {kind(value)}")
    return value


def whole(value: Json, what: str) -> int:
    """A whole number; 1.0 is taken for 1, as pandas writes 1 where a column has gaps."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        found = shown(value) if isinstance(value, float) else kind(value)
        raise BadRow(f"{what} must be a whole number, not {found}")
    return value


def first_error(value: Json, n_steps: int, what: str) -> int:
    """A 0-based step index inside the solution, or -1."""
    value = whole(value, what)
    if not -1 <= value < n_steps:
        raise BadRow(
            f"{what} is {shown(value)}, outside the solution of {n_steps} steps "
            "(0-based; -1 means no error)"
        )
    return value


def step_from_1(value: Json, n_steps: int, what: str) -> int:
    """The 0-based index of a step that the file counts from 1, as a number or its digits."""
    digits = isinstance(value, str) and value.strip().isdecimal() and len(value) < 20
    number = int(str(value)) if digits else whole(value, what)
    if not 1 <= number <= n_steps:
        raise BadRow(
            f"{what} is {shown(value)}, outside the solution of {n_steps} steps (counted from 1)"
        )
    return number - 1


def first_error_from_1(value: Json, n_steps: int, what: str) -> int:
    """`step_from_1`, or -1 for "N/A"."""
    if isinstance(value, str) and value.strip().upper() == "N/A":
        return -1
    return step_from_1(value, n_steps, what)


def count(value: Json, what: str) -> int:
    """A number of times, 1 where it is not given."""
    if value is None:
        return 1
    number = whole(value, what)
    if not 1 <= number <= MAX_COUNT:
        raise BadRow(f"{what} must be a whole number from 1 on, not {shown(value)}")
    return number


def rating(value: Json, what: str) -> float | None:
    """A human label: 1, 0, -1 or null."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in (-1, 0, 1):
        raise BadRow(f"{what} must be 1, 0, -1 or null, not {shown(value)}")
    return float(value)


def fraction(value: Json, what: str) -> float | None:
    """A Monte-Carlo label: a number from 0 to 1, or null."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise BadRow(f"{what} must be a number from 0 to 1 or null, not {shown(value)}")
    return float(value)


def finite(value: Json, what: str) -> float | None:
    """A number of any size, or null."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadRow(f"{what} must be a number, not {shown(value)}")
    return float(value)


def time(value: Json, what: str) -> datetime:
    """A moment in ISO 8601, with its zone."""
    try:
        found = datetime.fromisoformat(text(value, what))
    except ValueError as error:
        raise BadRow(f"{what} is no time: {shown(value)}") from error
    if found.tzinfo is None:
        raise BadRow(f"{what} has no time zone: {shown(value)}")
    return found.astimezone(UTC)


def meta(value: Json, what: str = "meta", depth: int = 0) -> Json:
    """Any JSON value that both databases store: no NUL, no infinity, not nested without end."""
    if depth > MAX_DEPTH:
        raise BadRow(f"{what} is nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        return {
            storable(key, f"a name in {what}"): meta(item, what, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [meta(item, what, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise BadRow(f"{what} contains a number that is too large")
    return storable(value, what) if isinstance(value, str) else value


def answer_is_correct(answer: str | None, gold: str | None) -> bool | None:
    """Whether the answer is the gold one, where strings or exact numbers settle it."""
    verdict = quick_grade(answer, gold) if answer is not None and gold is not None else None
    return None if verdict is None else verdict == "correct"


def up_to_first_error(first_error: int | None, n_steps: int) -> tuple[float | None, ...]:
    """Human labels that say what a first error says: 1 before it, -1 at it, null after it.

    No verdict (None) says nothing of any step.
    """
    if first_error is None:
        return (None,) * n_steps
    if first_error == -1:
        return (1.0,) * n_steps
    return (1.0,) * first_error + (-1.0,) + (None,) * (n_steps - first_error - 1)


def kind(value: Json) -> str:
    """The JSON name of a value's type."""
    names = {type(None): "null", bool: "true/false", int: "a number", float: "a number"}
    names |= {str: "text", list: "a list", dict: "an object"}
    return names[type(value)]


def shown(value: Json) -> str:
    """A value as messages print it: short, and in plain ASCII."""
    printed = ascii(value)
    return printed if len(printed) <= 40 else printed[:37] + "..."
