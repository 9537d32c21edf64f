"""What a format is: its name, the words for it, how its rows are read and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from db.imports.records import SourceWork
from db.records import About, ImportRow, SourceAnnotator, SourceLabel, SourceProject

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reader says of a part of a row: it is lost, for want of a place, or was changed."""

    text: str
    lost: bool


@dataclass(frozen=True, slots=True)
class Named:
    """What a row says of a solution that it only names.

    `read` gives the annotations, or remarks on what is lost, once the number of steps is known.
    """

    about: About
    read: Callable[[int], Iterator[SourceLabel | Remark]]
    line: int


# What a row holds: a solution, what is said of one that is there, or what is about none.
Found = ImportRow | Named | SourceAnnotator | SourceProject | SourceWork
# (the JSON value, the file's name without its endings, the line from 1) -> what it holds, and
# what is to be said of it. Raises fields.BadRow for a row that is of no use.
Reader = Callable[[Json, str, int], Iterator[Found | Remark]]


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A solution that the consensus keeps: a label and a rate a step (see consensus.rule.Kept)."""

    problem: str
    steps: tuple[str, ...]
    labels: tuple[int | None, ...]
    first_error: int
    generator: str
    dataset: str
    problem_id: int
    solution_id: int
    decided_by: str
    gold_answer: str | None = None
    external_id: str | None = None
    final_answer: str | None = None
    is_correct: bool | None = None  # the final answer, whatever the steps are
    error_types: tuple[str, ...] = ()  # what people call the first error
    rates: tuple[float | None, ...] = ()

    @property
    def is_judged_throughout(self) -> bool:
        """Whether every step up to the first error has a label."""
        end = len(self.steps) if self.first_error < 0 else self.first_error
        return None not in self.labels[:end]


# A kept solution as a row; None where the format has no word for a step that nobody judged.
Writer = Callable[[ExportRow], dict[str, Json] | None]


@dataclass(frozen=True, slots=True)
class Format:
    """One layout of rows; `words` say in half a line what a row holds.

    `fields` are those by which a row is recognised when nobody names its format.
    """

    name: str
    words: str
    read: Reader | None = None
    write: Writer | None = None
    fields: tuple[str, ...] = ()
