"""The filter of Browse in the address: a list, a queue and a job read it in the same words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.ui import formatting
from app.ui.address import get
from db.annotators import list_annotators
from db.engine import Database
from db.lists.comparison import compared_annotators
from db.lists.filters import SolutionFilter
from db.records import COMPARISONS, AnnotatorRecord, in_order

ANSWERS = {"Right answer": "right", "Wrong answer": "wrong", "Not graded": "not_graded"}
VERDICTS = {
    "an error": "error",
    "no error": "none",
    "no verdict": "no_verdict",
    "nothing yet": "not_annotated",
}
# What an annotator made of a reference's first error, as "<words> by X against Y".
OUTCOMES = {
    "early": "error flagged too early",
    "exact": "first error found",
    "late": "error flagged too late",
    "missed": "error missed",
    "no_verdict": "error without a verdict",
    "right": "no error seen, rightly",
    "false_alarm": "false alarm",
    "no_verdict_right": "no error, and no verdict",
}
STEPS = 12  # "error in step n" is offered up to here
PEOPLE = {
    "Labelled by people": "labelled",
    "Not labelled": "not_labelled",
    "Flagged": "flagged",
}
SORTS = {
    "Oldest first": "oldest",
    "Newest first": "newest",
    "Fewest steps": "fewest_steps",
    "Most steps": "most_steps",
    "Disagreements first": "disagreement",
    "MC least sure": "mc_margin",
    "PRM least sure": "prm_margin",
    "PRM score lowest": "prm_lowest",
    "PRM score highest": "prm_highest",
}
NAMES = (
    "text",
    "dataset",
    "generator",
    "answer",
    "disagreement",
    "by",
    "says",
    "people",
    "from",
    "to",
    "one",
    "other",
    "outcome",
    "cell",
    "of",
    "against",
    "ids",
)


def verdict_choices() -> dict[str, str | int]:
    """What an annotator may say, as words -> a filter's `verdict`."""
    steps = {f"an error in step {step + 1}": step for step in range(STEPS)}
    return {**VERDICTS, **steps}


def given() -> dict[str, str]:
    """What the address says of the filter, and nothing else of it."""
    found = {name: get(name) for name in NAMES}
    return {name: value for name, value in found.items() if value}


def understood(database: Database, address: Mapping[str, str]) -> SolutionFilter:
    """The filter that an address describes; words it cannot mean are passed over."""
    by_label = {one.label: one.id for one in list_annotators(database)}
    kinds = {words: kind for kind, words in kind_words(database).items()}
    kinds |= {kind: kind for kind in COMPARISONS}
    one, other = by_label.get(address.get("one", "")), by_label.get(address.get("other", ""))
    of, against = by_label.get(address.get("of", "")), by_label.get(address.get("against", ""))
    outcome, cell = address.get("outcome"), cell_of(address.get("cell", ""))
    return SolutionFilter(
        dataset=address.get("dataset"),
        generator=address.get("generator"),
        answer=ANSWERS.get(address.get("answer", "")),
        steps_from=_number(address.get("from")),
        steps_to=_number(address.get("to")),
        disagreement=kinds.get(address.get("disagreement", "")),
        annotator=by_label.get(address.get("by", "")),
        verdict=verdict_choices().get(address.get("says", "")),
        differ=(one, other) if one and other else None,
        outcome=(outcome, of, against) if outcome in OUTCOMES and of and against else None,
        cell=(*cell, of, against) if cell and of and against else None,
        reviewed=PEOPLE.get(address.get("people", "")),
        text=address.get("text", "").strip() or None,
        ids=ids_of(address.get("ids", "")),
    )


def kind_words(database: Database) -> dict[str, str]:
    """Each of COMPARISONS in words, with the names of the compared annotators."""
    compared = compared_annotators(database)
    return {kind: compared.named(words) for kind, words in COMPARISONS.items()}


def ids_of(text: str) -> tuple[int, ...]:
    """Solution ids written with commas or blanks between them, each once."""
    found = [word for word in text.replace(",", " ").split() if word.isdecimal() and len(word) < 16]
    return tuple(dict.fromkeys(map(int, found)))


def cell_of(text: str) -> tuple[int, int] | None:
    """Two first errors from "3,none": steps count from 1, "none" (or 0) is no error, here -1."""
    words = ["0" if word.strip() == "none" else word.strip() for word in text.split(",")]
    if len(words) != 2 or any(_number(word) is None for word in words):
        return None
    return int(words[0]) - 1, int(words[1]) - 1


def cell_in_address(first_error: int, expected: int) -> str:
    """Two 0-based first errors, -1 for none, as `cell_of` reads them."""
    return ",".join("none" if step < 0 else str(step + 1) for step in (first_error, expected))


def in_words(address: Mapping[str, str]) -> str:
    """The filter in a few words, for a queue's heading."""
    parts: list[str] = []
    for name in NAMES:
        value = address.get(name)
        if not value or name in BESIDE:
            continue
        shape: Callable[[str], str] = SENTENCES.get(name, str)
        parts.append(shape(value))
    parts += _beside_in_words(address)
    return ", ".join(parts) or "all solutions"


BESIDE = ("outcome", "cell", "of", "against")  # one condition in four words
SENTENCES: dict[str, Callable[[str], str]] = {
    "text": lambda value: f"containing {formatting.shorten(value, 40)}",
    "by": lambda value: f"annotated by {value}",
    "says": lambda value: f"who says {value}",
    "from": lambda value: f"{value} or more steps",
    "to": lambda value: f"up to {value} steps",
    "one": lambda value: f"{value} differs",
    "other": lambda value: f"from {value}",
    "ids": lambda value: f"{len(ids_of(value))} chosen",
}


def _beside_in_words(address: Mapping[str, str]) -> list[str]:
    """What one annotator makes of another's first error: its outcome, and the two steps."""
    of, against = address.get("of"), address.get("against")
    outcome, cell = address.get("outcome", ""), cell_of(address.get("cell", ""))
    if not of or not against:
        return []
    parts = [f"{OUTCOMES[outcome]} by {of} against {against}"] if outcome in OUTCOMES else []
    if cell is not None:
        parts.append(f"{of} {_sees(cell[0])} and {against} {_sees(cell[1])}")
    return parts


def _sees(first_error: int) -> str:
    return "sees no error" if first_error < 0 else f"sees one in step {first_error + 1}"


def columns(database: Database, most: int = 6) -> list[AnnotatorRecord]:
    """The annotators that lists show, in order: the compared ones, then the newest not hidden."""
    compared = compared_annotators(database).members()
    visible = [one for one in list_annotators(database, with_work=True) if not one.hidden]
    others = [one for one in sorted(visible, key=lambda one: -one.id) if one not in compared]
    return in_order([*compared, *others][:most])


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 6 else None


def any_of(address: Mapping[str, Any]) -> bool:
    """Whether the address narrows anything."""
    return any(address.get(name) for name in NAMES)


def label_of(sort: str) -> str:
    """The words for one of the orders."""
    return next(label for label, name in SORTS.items() if name == sort)
