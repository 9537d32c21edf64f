"""The same text cut into steps in two ways, and what a label of the one says of the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

Said = TypeVar("Said")
Label = TypeVar("Label", int | None, float | None)


@dataclass(frozen=True, slots=True)
class Cut:
    """New steps; `parts` says for each which of the old steps it has a part of, in their order."""

    steps: tuple[str, ...]
    parts: tuple[tuple[int, ...], ...]

    def labels(self, labels: Sequence[Label]) -> tuple[Label, ...]:
        """The labels (1, 0, -1, None) of the new steps.

        What is said of a step is said of its parts, but for "wrong": which part of a wrong step
        is wrong is for people to say, and it is unmarked. A step that joins others is wrong if any
        of them is, unmarked if any is, and else the least of them.
        """
        return tuple(self._label([labels[at] for at in part], part) for part in self.parts)

    def first_error(self, first_error: int | None) -> int | None:
        """Where the first error is now: the step that has all of the wrong one, else unknown."""
        if first_error is None or first_error < 0:
            return first_error
        holding = [place for place, part in enumerate(self.parts) if first_error in part]
        return holding[0] if len(holding) == 1 else None

    def whole(self, said: Sequence[Said | None]) -> tuple[Said | None, ...]:
        """What was said of the old steps, for the new ones that are one of them; else None."""
        return tuple(
            said[part[0]] if len(part) == 1 and self._is_whole(part[0]) else None
            for part in self.parts
        )

    def _label(self, labels: list[Label], part: tuple[int, ...]) -> Label:
        wrong = [
            at for at, label in zip(part, labels, strict=True) if label is not None and label < 0
        ]
        if any(self._is_whole(at) for at in wrong):
            return min(label for label in labels if label is not None)
        if wrong or None in labels:
            return None
        return min(label for label in labels if label is not None)

    def _is_whole(self, at: int) -> bool:
        return sum(at in part for part in self.parts) == 1


def is_verdict(labels: Sequence[int | None]) -> bool:
    """Whether labels tell the first error, or that there is none: no step before is unmarked."""
    return None not in (labels[: labels.index(-1)] if -1 in labels else labels)


def cut_of(old: Sequence[str], new: Sequence[str]) -> Cut:
    """The new steps as a cut of the old ones' text; only blanks at their edges may differ.

    Raises ValueError where the text is another one, and for a blank step.
    """
    steps = tuple(step.strip() for step in new)
    if not all(steps):
        raise ValueError("a step is blank")
    before, after = _marks(old), _marks(steps)
    if [mark for mark, _ in before] != [mark for mark, _ in after]:
        raise ValueError("the steps say something else than the solution: only cuts may change")
    parts: list[list[int]] = [[] for _ in steps]
    for (_, at), (_, place) in zip(before, after, strict=True):
        if at not in parts[place]:
            parts[place].append(at)
    return Cut(steps, tuple(map(tuple, parts)))


def split_step(steps: Sequence[str], step: int, at: int) -> tuple[str, ...]:
    """The steps with one cut in two before its character `at`. ValueError where one is blank."""
    text = steps[step]
    halves = text[:at].strip(), text[at:].strip()
    if not all(halves):
        raise ValueError(f"nothing of step {step + 1} stands on one side of the cut")
    return (*steps[:step], *halves, *steps[step + 1 :])


def merge_step(steps: Sequence[str], step: int) -> tuple[str, ...]:
    """The steps with one joined to the one before it. ValueError for the first step."""
    if not 0 < step < len(steps):
        raise ValueError(f"there is no step {step + 1} with one before it")
    return (*steps[: step - 1], f"{steps[step - 1]}\n\n{steps[step]}", *steps[step + 1 :])


def _marks(steps: Sequence[str]) -> list[tuple[str, int]]:
    """Every character but blanks, with the step that it stands in."""
    return [(mark, at) for at, text in enumerate(steps) for mark in text if not mark.isspace()]
