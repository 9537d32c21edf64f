"""Reading: files of labelled solutions in, `ImportRow`s and rejections out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from labeling.formats.base import Found, Json, Remark
from labeling.formats.catalog import READERS
from labeling.formats.fields import BadRow
from labeling.formats.files import arrow, parquet
from labeling.formats.files.folders import file_stem
from labeling.formats.files.foreign import advice_on
from labeling.formats.files.stream import Value, open_values
from labeling.formats.splitting import AS_EVER, Cut


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row, or a part of one, that was not read: where it begins (from 1), and why."""

    path: Path
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """A row that was read, but not as it stands in the file: where it begins, and what changed."""

    path: Path
    line: int
    reason: str


def read_rows(
    format: str,
    path: str | Path,
    on_bytes: Callable[[int], None] | None = None,
    cut: Cut = AS_EVER,
) -> Iterator[Found | Rejection | Note]:
    """Open `path` and yield its solutions one by one; a bad row becomes a Rejection.

    Reads JSON lines or one JSON list, plain or compressed, Parquet and Arrow, in constant memory.
    `on_bytes` is called with the position reached in the file on disk, out of
    `path.stat().st_size`. `cut` says how the texts of `solution` are cut into steps.
    Raises, at once, ValueError for an unknown format, or a file that holds no such rows
    (say, a zip archive), and OSError for one that cannot be opened.
    """
    path = Path(path)
    if format not in READERS:
        raise ValueError(f"there is no import format {format!r}; known: {', '.join(READERS)}")
    if cut != AS_EVER and format != "jsonl":
        raise ValueError(f"{format} has its steps cut already; only jsonl has texts to split")
    return _rows(format, path, open_rows(path, on_bytes), cut)


def open_rows(path: Path, on_bytes: Callable[[int], None] | None = None) -> Iterator[Value]:
    """The values in a file of rows, whatever they are packed in; raises as `read_rows` does."""
    if parquet.is_parquet(path):
        return parquet.open_rows(path, on_bytes)
    return (arrow.open_rows if arrow.is_arrow(path) else open_values)(path, on_bytes)


def _rows(
    format: str, path: Path, values: Iterator[Value], cut: Cut
) -> Iterator[Found | Rejection | Note]:
    convert, stem = READERS[format], file_stem(path)
    for value in values:
        if value.error is not None:
            yield Rejection(path, value.line, value.error)
            continue
        try:
            row = value.value if cut == AS_EVER else _with_steps(value.value, cut)
            for found in convert(row, stem, value.line):
                if not isinstance(found, Remark):
                    yield found
                else:
                    yield (Rejection if found.lost else Note)(path, value.line, found.text)
        except BadRow as error:
            yield Rejection(path, value.line, str(error) + advice_on(value.value))


def _with_steps(row: Json, cut: Cut) -> Json:
    """A row with the steps of its `solution` in its place; any other row as it is."""
    if not isinstance(row, dict) or "steps" in row or not isinstance(row.get("solution"), str):
        return row
    steps: list[Json] = [*cut.steps(str(row["solution"]))]
    return {**{name: value for name, value in row.items() if name != "solution"}, "steps": steps}
