"""Problems of evaluation sets among those to train on, however they are written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from training.data import Example
from training.spelling import same_text


class LeakError(ValueError):
    """What is to be trained on is also to be evaluated on; the message says how much of it."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """What was left out of training: by evaluation set, how many of its problems were found."""

    problems: frozenset[str]  # as they are in the training data
    by_set: dict[str, int]


NONE = Leaks(frozenset(), {})


def find_leaks(problems: Iterable[str], sets: Mapping[str, Iterable[str]]) -> Leaks:
    """Which of `problems` are in one of the evaluation `sets` (their problems' texts, by name)."""
    spellings: dict[str, set[str]] = {}
    for problem in problems:
        spellings.setdefault(same_text(problem), set()).add(problem)
    found: set[str] = set()
    by_set: dict[str, int] = {}
    for name, texts in sets.items():
        here = {key for key in map(same_text, texts) if key in spellings}
        if here:
            by_set[name] = len(here)
            found.update(*(spellings[key] for key in here))
    return Leaks(frozenset(found), by_set)


def without_leaks(
    examples: Collection[Example], sets: Mapping[str, Iterable[str]], *, refuse: bool = False
) -> tuple[tuple[Example, ...], Leaks]:
    """The examples whose problems are in no evaluation set, and what was left out.

    Raises LeakError where nothing is left, or with `refuse` where anything would be left out.
    """
    leaks = find_leaks({example.problem for example in examples}, sets)
    kept = tuple(example for example in examples if example.problem not in leaks.problems)
    if leaks.problems and (refuse or not kept):
        told = ", ".join(f"{count:,} problems of {name}" for name, count in leaks.by_set.items())
        raise LeakError(
            f"The export holds {told}, which are to evaluate on"
            + (": nothing else is left to train on" if not kept else "")
            + ". Export other problems, or check against other sets."
        )
    return kept, leaks
