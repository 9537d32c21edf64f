"""The filter of Browse in the address: a list, a queue and a job read it in the same words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.ui import formatting
from db.annotators import list_annotators
from db.engine import Database
from db.lists.filters import SolutionFilter
from db.records import COMPARISONS, AnnotatorRecord, in_order

ANSWERS = {"Right answer": "right", "Wrong answer": "wrong", "Not graded": "not_graded"}
VERDICTS = {
    "an error": "error",
    "no error": "none",
    "no verdict": "no_verdict",
    "nothing yet": "not_annotated",
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
    "ids",
)


def verdict_choices() -> dict[str, str | int]:
    """What an annotator may say, as words -> a filter's `verdict`."""
    steps = {f"an error in step {step + 1}": step for step in range(STEPS)}
    return {**VERDICTS, **steps}


def given() -> dict[str, str]:
    """What the address says of the filter, and nothing else of it."""
    return {name: st.query_params[name] for name in NAMES if st.query_params.get(name)}


def understood(database: Database, address: Mapping[str, str]) -> SolutionFilter:
    """The filter that an address describes; words it cannot mean are passed over."""
    by_label = {one.label: one.id for one in list_annotators(database)}
    kinds = {label: kind for kind, label in COMPARISONS.items()}
    one, other = by_label.get(address.get("one", "")), by_label.get(address.get("other", ""))
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
        reviewed=PEOPLE.get(address.get("people", "")),
        text=address.get("text", "").strip() or None,
        ids=ids_of(address.get("ids", "")),
    )


def ids_of(text: str) -> tuple[int, ...]:
    """Solution ids written with commas or blanks between them, each once."""
    found = [word for word in text.replace(",", " ").split() if word.isdecimal() and len(word) < 16]
    return tuple(dict.fromkeys(map(int, found)))


def in_words(address: Mapping[str, str]) -> str:
    """The filter in a few words, for a queue's heading."""
    parts: list[str] = []
    for name in NAMES:
        value = address.get(name)
        if not value:
            continue
        shape: Callable[[str], str] = SENTENCES.get(name, str)
        parts.append(shape(value))
    return ", ".join(parts) or "all solutions"


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


def columns(database: Database, most: int = 6) -> list[AnnotatorRecord]:
    """The annotators that lists show: the newest of those that are not hidden, in order."""
    visible = [one for one in list_annotators(database, with_work=True) if not one.hidden]
    newest = sorted(visible, key=lambda one: one.id)[-most:]
    return in_order(newest)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 6 else None


def any_of(address: Mapping[str, Any]) -> bool:
    """Whether the address narrows anything."""
    return any(address.get(name) for name in NAMES)


def label_of(sort: str) -> str:
    """The words for one of the orders."""
    return next(label for label, name in SORTS.items() if name == sort)
