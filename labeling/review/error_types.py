"""Why a first error is one: the types that a reviewer can give it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from db.corrections import own_error_types, set_own_error_types
from db.engine import Database

# The nine classes of PRMBench (arXiv 2501.03124) by its names, with the words of a reviewer: what a
# step does that goes against it.
PRMBENCH: dict[str, str] = {
    "non_redundancy": "adds nothing",
    "non_circular_logic": "assumes what it shows",
    "empirical_soundness": "states a falsehood",
    "step_consistency": "contradicts an earlier step",
    "domain_consistency": "uses a rule where it does not hold",
    "confidence_invariance": "is sure without a reason",
    "prerequisite_sensitivity": "leaves out a condition",
    "deception_resistance": "looks right and is not",
    "multi_solution_consistency": "does not fit another valid way",
}
LONGEST = 60  # characters of a type's name
MOST_OWN = 12  # each has a letter as its key


class ErrorTypeShown(TypedDict):
    """A type as the step table offers it."""

    name: str
    word: str


def error_types(database: Database) -> list[ErrorTypeShown]:
    """The types that a reviewer is offered: PRMBench's, then the project's own."""
    words = {**PRMBENCH, **{one: one for one in own_error_types(database)}}
    return [{"name": name, "word": word} for name, word in words.items()]


def word_for(name: str | None) -> str:
    """A type in words, "" for none; one of a project's own is its own word."""
    return PRMBENCH.get(name, name) if name else ""


def offer(database: Database, names: Sequence[str]) -> None:
    """Make these the project's own types. ValueError says what is wrong with one."""
    wanted = [" ".join(name.split()) for name in names]
    for name in wanted:
        if not name or len(name) > LONGEST or not name.isprintable():
            raise ValueError(
                f"A type of error is a word or a few, of {LONGEST} characters at most."
            )
        if name in PRMBENCH:
            raise ValueError(f"{PRMBENCH[name]!r} is there already.")
    if len(wanted) > MOST_OWN:
        raise ValueError(f"There are keys for {MOST_OWN} types of your own.")
    set_own_error_types(database, wanted)
