"""Rows of a file of scores: which solution each is about, and what it says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from db.records import About
from labeling.formats import fields
from labeling.formats.base import Json
from labeling.formats.fields import BadRow
from labeling.formats.files.renaming import renamed
from labeling.formats.reading import Rejection, open_rows
from labeling.scores.annotation import SAID, says_something
from models.steps import split_steps

# Which solution a row is about.
ABOUT = ("solution_id", "id", "dataset", "problem", "steps", "solution", "generator")
KNOWN = (*ABOUT, *sorted(SAID))
_BLOCK = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class ScoresRow:
    """A row that was read: `said` under our names; `steps` as the row has them, if it does."""

    about: About
    said: Mapping[str, Json]
    steps: fields.Steps | None
    line: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file of scores is: its name, checksum and number of rows."""

    name: str
    sha256: str
    rows: int

    def origin(self) -> dict[str, Json]:
        """What an annotator's configuration says of the file."""
        return {"name": self.name, "sha256": self.sha256, "rows": self.rows}


def gives_rewards(path: Path, names: Mapping[str, str]) -> bool:
    """Whether its first row that can be read has a reward. Raises as `open_rows` does."""
    for value in open_rows(path):
        if isinstance(value.value, dict):
            return renamed(value.value, names).get("reward") is not None
    return False


def survey(path: Path) -> Survey:
    """Read a file once, to know which it is. Raises ValueError and OSError as `open_rows` does."""
    rows = sum(1 for _ in open_rows(path))
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return Survey(path.name, digest.hexdigest(), rows)


def read_scores(
    path: Path,
    names: Mapping[str, str],
    dataset: str | None,
    unread: set[str],
    on_bytes: Callable[[int], None] | None = None,
) -> Iterator[ScoresRow | Rejection]:
    """The rows of a file, one by one; a bad one becomes a Rejection.

    `names` are those of the file's own fields (ours -> theirs), `dataset` is that of rows which do
    not name one. Fields that are not read are added to `unread`. Raises as `open_rows` does.
    """
    read = {*KNOWN, *(theirs.partition(".")[0] for theirs in names.values())}
    for value in open_rows(path, on_bytes):
        try:
            if value.error is not None:
                raise BadRow(value.error)
            row = renamed(fields.an_object(value.value, "the row"), names)
            unread |= row.keys() - read
            yield scores_row(row, dataset, value.line)
        except BadRow as error:
            yield Rejection(path, value.line, str(error))


def scores_row(row: dict[str, Json], dataset: str | None, line: int) -> ScoresRow:
    """One row, under our names. Raises BadRow."""
    said = {name: row[name] for name in SAID if name in row}
    if not says_something(said):
        raise BadRow("the row has neither scores nor first_error")
    given = row.get("solution_id")
    number = None if given is None else fields.whole(given, "solution_id")
    steps = _steps(row)
    problem = fields.optional_text(row.get("problem"), "problem")
    about = About(
        solution_id=number,
        dataset=fields.optional_name(row.get("dataset"), "dataset") or dataset,
        external_id=fields.optional_name(row.get("id"), "id"),
        problem=problem,
        steps=None if steps is None else steps.texts,
        generator=fields.optional_name(row.get("generator"), "generator"),
    )
    return ScoresRow(about, said, steps, line)


def _steps(row: dict[str, Json]) -> fields.Steps | None:
    if row.get("steps") is not None:
        return fields.steps(row["steps"])
    if row.get("solution") is not None:
        return fields.steps(list(split_steps(fields.text(row["solution"], "solution"))))
    return None
