"""The filter of Browse in the address: a list, a queue and a job read it in the same words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import streamlit as st

from app.ui import formatting, project
from app.ui.address import get
from app.ui.counts import counted
from db.annotators import former_labels, list_annotators
from db.engine import Database
from db.lists.browse import LISTED, filter_choices
from db.lists.comparison import compared_annotators
from db.lists.filters import SolutionFilter
from db.lists.solution_lists import find_list
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
    "oldest": "Oldest first",
    "newest": "Newest first",
    "fewest_steps": "Fewest steps",
    "most_steps": "Most steps",
    "disagreement": "Disagreements first",
    "problem": "By problem",
}
SORTS_BY = {
    "lowest": "lowest score first",
    "highest": "highest score first",
    "margin": "least sure",
}
T = TypeVar("T")


def verdict_choices() -> dict[str, str | int]:
    """What an annotator may say, as words -> a filter's `verdict`."""
    steps = {f"an error in step {step + 1}": step for step in range(STEPS)}
    return {**VERDICTS, **steps}


def given() -> dict[str, str]:
    """What the address says of the filter, and nothing else of it."""
    found = {name: get(name) for name in NAMES}
    return {name: value for name, value in found.items() if value}


class NotUnderstood(ValueError):
    """An address asks for what cannot be meant here; a line for each such word."""


def understood(database: Database, address: Mapping[str, str]) -> SolutionFilter:
    """The filter that an address describes.

    Raises NotUnderstood for a word that it cannot mean, such as an annotator that this project
    does not have: a list without that condition would be another list.
    """
    words = _Words(database, address)
    one, other = words.annotator("one"), words.annotator("other")
    of, against = words.annotator("of"), words.annotator("against")
    outcome, cell = words.of("outcome", {name: name for name in OUTCOMES}), words.cell()
    kinds = {**{kind: kind for kind in COMPARISONS}, **_inverted(kind_words(database))}
    words.together({"by": {"says"}, "one": {"other"}, "other": {"one", "after"}})
    words.together({"of": {"outcome", "cell"}, "against": {"outcome", "cell"}})
    if of or against:
        words.together({"of": {"against"}, "against": {"of"}})
    found = SolutionFilter(
        dataset=words.name("dataset"),
        generator=words.name("generator"),
        answer=words.of("answer", ANSWERS),
        steps_from=words.number("from"),
        steps_to=words.number("to"),
        disagreement=words.of("disagreement", kinds),
        annotator=words.annotator("by"),
        verdict=words.of("says", verdict_choices()),
        differ=(one, other) if one and other else None,
        differ_after=words.number("after"),
        outcome=(outcome, of, against) if outcome and of and against else None,
        cell=(*cell, of, against) if cell and of and against else None,
        reviewed=words.of("people", PEOPLE),
        text=address.get("text", "").strip() or None,
        ids=words.ids(),
        listed=words.listed(),
    )
    if words.trouble:
        raise NotUnderstood("\n".join(words.trouble))
    return found


def asked_for(database: Database, address: Mapping[str, str]) -> SolutionFilter:
    """`understood`; the page ends with a notice where it is not."""
    try:
        return understood(database, address)
    except NotUnderstood as error:
        project.complain(error)
        st.stop()


class _Words:
    """The words of an address as they are read, and the `trouble` with them in sentences."""

    def __init__(self, database: Database, address: Mapping[str, str]) -> None:
        self._database, self._address = database, address
        self._annotators = {one.label: one.id for one in list_annotators(database)}
        for old, new in former_labels(database).items():
            self._annotators.setdefault(old, self._annotators[new])
        self.trouble: list[str] = []

    def annotator(self, name: str) -> int | None:
        """The id of the annotator under this name."""
        label = self._address.get(name)
        if label and label not in self._annotators:
            self.trouble.append(f"This project has no annotator {label}.")
        return self._annotators.get(label or "")

    def of(self, name: str, meanings: Mapping[str, T]) -> T | None:
        """What the word under this name stands for."""
        word = self._address.get(name)
        if word and word not in meanings:
            self._senseless(name, word)
        return meanings.get(word or "")

    def name(self, name: str) -> str | None:
        """A data set or a generator."""
        word = self._address.get(name)
        if not word:
            return None
        datasets, generators = counted(
            self._database, "choices", lambda: filter_choices(self._database)
        )
        if word not in (datasets if name == "dataset" else generators):
            what = "data set" if name == "dataset" else "generator"
            self.trouble.append(f"This project has no {what} {formatting.shorten(word, 60)}.")
        return word

    def number(self, name: str) -> int | None:
        """A number of steps."""
        word = self._address.get(name)
        if word and _number(word) is None:
            self._senseless(name, word)
        return _number(word)

    def cell(self) -> tuple[int, int] | None:
        """Two first errors."""
        word = self._address.get("cell", "")
        if word and cell_of(word) is None:
            self._senseless("cell", word)
        return cell_of(word)

    def ids(self) -> tuple[int, ...]:
        """The solutions themselves."""
        word = self._address.get("ids", "")
        if word and not ids_of(word):
            self._senseless("ids", word)
        return ids_of(word)

    def listed(self) -> int | None:
        """The id of a kept list."""
        token = self._address.get("listed")
        found = find_list(self._database, token) if token else None
        if token and found is None:
            self.trouble.append(f"This project has no list {formatting.shorten(token, 60)}.")
        return None if found is None else found.id

    def together(self, needed: Mapping[str, Collection[str]]) -> None:
        """Each name is needed where one of the others is given."""
        for name, others in needed.items():
            given = [other for other in others if self._address.get(other)]
            if given and not self._address.get(name):
                self.trouble.append(f"{FIELDS[given[0]]}: choose {FIELDS[name]} as well.")

    def _senseless(self, name: str, word: str) -> None:
        self.trouble.append(f"{FIELDS[name]} cannot be {formatting.shorten(word, 60)}.")


# What a word in the address is called in a sentence.
FIELDS = {
    "answer": "The answer",
    "disagreement": "The comparison",
    "by": "the annotator",
    "says": "What an annotator says",
    "people": "What people did",
    "from": "The least number of steps",
    "to": "The greatest number of steps",
    "one": "the one that differs",
    "other": "from whom it differs",
    "after": "The step after which two differ",
    "outcome": "An outcome",
    "cell": "A pair of first errors",
    "of": "whose first error",
    "against": "the reference",
    "ids": "The ids of solutions",
}


def sorts(database: Database, *, listed: bool = False) -> dict[str, str]:
    """The orders that a list may have, a `listed` one its own too: word in an address -> words."""
    scored = [
        one
        for one in list_annotators(database, with_work=True)
        if (one.kind in ("mc", "prm") or one.has_threshold) and not one.hidden
    ]
    by = {
        f"{name}:{one.label}": f"{one.name}: {words}"
        for one in reversed(scored)
        for name, words in SORTS_BY.items()
    }
    return {**({LISTED: "As listed"} if listed else {}), **SORTS, **by}


def sort_of(database: Database, word: str, listed: str | None) -> str:
    """The order that a word in the address stands for, as the database takes it; or the oldest.

    `listed` is the token in the address of the kept list whose order it may be.
    """
    if word == LISTED and listed:
        found = find_list(database, listed)
        return "oldest" if found is None else f"{LISTED}:{found.id}"
    name, _, label = word.partition(":")
    ids = {one.label: one.id for one in list_annotators(database)}
    if name in SORTS_BY and label in ids:
        return f"{name}:{ids[label]}"
    return word if word in SORTS else "oldest"


def _inverted(words: Mapping[str, str]) -> dict[str, str]:
    return {value: key for key, value in words.items()}


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


def in_words(database: Database, address: Mapping[str, str]) -> str:
    """The filter in a few words, for a queue's heading."""
    parts = [words for _, words in conditions(database, address)]
    return ", ".join(parts) or "all solutions"


def conditions(database: Database, address: Mapping[str, str]) -> list[tuple[tuple[str, ...], str]]:
    """(names in the address, words) of each condition: what is taken away together."""
    kinds = kind_words(database)
    found: list[tuple[tuple[str, ...], str]] = []
    for names in GROUPS:
        parts = [SENTENCES.get(name, str)(address[name]) for name in names if address.get(name)]
        if names == ("disagreement",):
            parts = [kinds.get(part, part) for part in parts]
        if names == ("listed",):
            parts = [_list_in_words(database, part) for part in parts]
        if names == BESIDE:
            parts = _beside_in_words(address) or parts
        if parts:
            found.append((names, " ".join(parts) if names != BESIDE else ", ".join(parts)))
    return found


BESIDE = ("outcome", "cell", "of", "against")  # one condition in four words
GROUPS: tuple[tuple[str, ...], ...] = (  # all of NAMES, by condition
    ("text",),
    ("dataset",),
    ("generator",),
    ("answer",),
    ("disagreement",),
    ("by", "says"),
    ("people",),
    ("from", "to"),
    ("one", "other", "after"),
    BESIDE,
    ("ids",),
    ("listed",),
)
SENTENCES: dict[str, Callable[[str], str]] = {
    "text": lambda value: f"containing {formatting.shorten(value, 40)}",
    "by": lambda value: f"annotated by {value}",
    "says": lambda value: f"who says {value}",
    "from": lambda value: f"{value} or more steps",
    "to": lambda value: f"up to {value} steps",
    "one": lambda value: f"{value} differs",
    "other": lambda value: f"from {value}",
    "after": lambda value: f"after step {value}",
    "ids": lambda value: f"{len(ids_of(value))} chosen",
}


NAMES = tuple(name for names in GROUPS for name in names)


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


def _list_in_words(database: Database, token: str) -> str:
    found = find_list(database, token)
    return token if found is None else found.words


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
