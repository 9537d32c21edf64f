"""The filter of Browse in the address: a list, a queue and a job read it in the same words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

import streamlit as st

from app.ui import formatting, project
from app.ui.address import get
from app.ui.counts import counted
from app.ui.navigation import beside, groups
from db.annotators import former_labels, list_annotators
from db.engine import Database
from db.lists.browse import LISTED, filter_choices
from db.lists.comparison import compared_annotators
from db.lists.filters import Members, SolutionFilter
from db.lists.solution_lists import count_cut_anew, find_list
from db.records import ANY, COMPARISONS

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
    "Labelled by several people": "by_several",
}
DID = {"labelled": "labelled", "skipped": "skipped", "flagged": "flagged", "today": "acted"}
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
    outcome = words.of("outcome", {name: name for name in (*beside.OUTCOMES, *beside.MEASURED)})
    cell, who, did = words.cell(), words.annotator("who"), words.of("did", DID)
    at_share = words.share() is not None  # Then no query tells the outcome.
    kinds = {**{kind: kind for kind in (ANY, *COMPARISONS)}, **_inverted(comparisons(database))}
    words.together({"by": {"says"}, "one": {"other"}, "other": {"one", "after"}})
    words.together({"of": {"outcome", "cell"}, "against": {"outcome", "cell"}})
    words.together({"outcome": {"share"}})
    words.together({"who": {"did"}, "did": {"who"}, "consensus": {"rule"}})
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
        outcome=(outcome, of, against) if outcome and of and against and not at_share else None,
        cell=(*cell, of, against) if cell and of and against else None,
        cell_onwards=beside.onwards_of(address["cell"]) if cell else (False, False),
        reviewed=words.of("people", PEOPLE),
        did=(did, who) if did and who else None,
        did_since=formatting.midnight().isoformat() if address.get("did") == "today" else None,
        text=address.get("text", "").strip() or None,
        ids=words.ids(),
        listed=words.listed(),
        among=words.members(),
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
            named = {meaning: said for said, meaning in meanings.items()}  # each by its last name
            self._senseless(name, word, named.values())
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
        if word and beside.cell_of(word) is None:
            self._senseless("cell", word)
        return beside.cell_of(word)

    def share(self) -> float | None:
        """A threshold of Monte Carlo."""
        word = self._address.get("share", "")
        if word and beside.share_of(word) is None:
            self._senseless("share", word)
        return beside.share_of(word)

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

    def members(self) -> Members | None:
        """Who is in every group that is named, None where none is."""
        asked = {
            "consensus": lambda word: groups.in_consensus(
                self._database, word, self._address.get("rule", "")
            ),
            "held_out": lambda word: groups.out_of_training(self._database, word),
            "share": self._at_share,
        }
        found: Members | None = None
        for name, read in asked.items():
            word = self._address.get(name)
            if not word:
                continue
            try:
                these = read(word)
            except ValueError as error:
                self.trouble.append(formatting.sentence(error))
                continue
            found = these if found is None else Members(sorted(set(found) & set(these)))
        return found

    def _at_share(self, word: str) -> Members:
        share = beside.share_of(word)
        outcome, of, against = (self._address.get(one, "") for one in ("outcome", "of", "against"))
        if share is None or not (outcome and of and against):
            return Members()  # What is wrong with it has been said.
        return groups.at_share(self._database, share, outcome, of, against)

    def together(self, needed: Mapping[str, Collection[str]]) -> None:
        """Each name is needed where one of the others is given."""
        for name, others in needed.items():
            given = [other for other in others if self._address.get(other)]
            if given and not self._address.get(name):
                what = FIELDS[name][0].lower() + FIELDS[name][1:]
                self.trouble.append(f"{FIELDS[given[0]]}: choose {what} as well.")

    def _senseless(self, name: str, word: str, possible: Iterable[str] = ()) -> None:
        instead = ", ".join(possible)
        self.trouble.append(
            f"{FIELDS[name]} cannot be {formatting.shorten(word, 60)}, which the address asks for"
            + (f". Possible: {formatting.shorten(instead, 200)}." if instead else ".")
        )


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
    "share": "A share of completions",
    "of": "whose first error",
    "against": "the reference",
    "ids": "The ids of solutions",
    "who": "the person",
    "did": "What a person did",
    "consensus": "what it keeps or drops",
    "rule": "A consensus rule",
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


def comparisons(database: Database) -> dict[str, str]:
    """What a list can ask of the comparison, in words: that somebody differs, or one kind."""
    return {ANY: "Any disagreement", **kind_words(database)}


def ids_of(text: str) -> tuple[int, ...]:
    """Solution ids written with commas or blanks between them, each once."""
    found = [word for word in text.replace(",", " ").split() if word.isdecimal() and len(word) < 16]
    return tuple(dict.fromkeys(map(int, found)))


def in_words(database: Database, address: Mapping[str, str]) -> str:
    """The filter in a few words, for a queue's heading."""
    parts = [words for _, words in conditions(database, address)]
    return ", ".join(parts) or "all solutions"


def conditions(database: Database, address: Mapping[str, str]) -> list[tuple[tuple[str, ...], str]]:
    """(names in the address, words) of each condition: what is taken away together."""
    kinds = comparisons(database)
    found: list[tuple[tuple[str, ...], str]] = []
    for names in GROUPS:
        parts = [SENTENCES.get(name, str)(address[name]) for name in names if address.get(name)]
        if names == ("disagreement",):
            parts = [kinds.get(part, part) for part in parts]
        if names == ("listed",):
            parts = [_list_in_words(database, part) for part in parts]
        if names == beside.NAMES:
            parts = [beside.in_words(address)] if beside.in_words(address) else parts
        if parts:
            found.append((names, " ".join(parts)))
    return found


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
    beside.NAMES,
    ("who", "did"),
    ("consensus", "rule"),
    ("held_out",),
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
    "did": lambda value: "labelled or skipped today" if value == "today" else f"{value} it",
    "consensus": lambda value: f"consensus: {formatting.shorten(value, 60)}",
    "rule": groups.rule_in_words,
    "held_out": lambda value: f"held out of the training of {value}",
}


NAMES = tuple(name for names in GROUPS for name in names)


def _list_in_words(database: Database, token: str) -> str:
    found = find_list(database, token)
    if found is None:
        return token
    cut = count_cut_anew(database, found.id)
    return f"{found.words} ({cut:,} cut anew since)" if cut else found.words


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 6 else None


def any_of(address: Mapping[str, Any]) -> bool:
    """Whether the address narrows anything."""
    return any(address.get(name) for name in NAMES)
