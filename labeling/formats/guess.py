"""Which format the rows of a file are in, when nobody names it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from labeling.formats.base import Json
from labeling.formats.catalog import FORMATS, READERS
from labeling.formats.fields import shown
from labeling.formats.jsonl import KNOWN
from labeling.formats.project.rows import is_about_no_solution
from labeling.formats.reading import open_rows

LOOKED_AT = 20  # rows of each file


class UnknownFormat(ValueError):
    """No format, or more than one, is what the rows look like; the message says what was seen."""


def guess_format(files: Sequence[Path]) -> str:
    """The name of the one import format whose fields most of the first rows of `files` have.

    Raises UnknownFormat, and what `open_rows` raises for a file that holds no rows.
    """
    seen: list[dict[str, Json]] = []
    for file in files:
        for number, value in enumerate(open_rows(file)):
            if number == LOOKED_AT:
                break
            if isinstance(value.value, dict):
                seen.append(value.value)
    if not seen:
        raise UnknownFormat(f"there is no row in {', '.join(map(str, files))} that can be read")
    # Rows that no format has are bad ones whatever the format is, as long as they are no majority.
    by_row = [{name for name in READERS if looks_like(name, row)} for row in seen]
    known_rows = [names for names in by_row if names]
    enough = known_rows and 2 * len(known_rows) >= len(seen)
    found = sorted(set.intersection(*known_rows)) if enough else []
    if len(found) == 1:
        return found[0]
    names = sorted({name for row in seen for name in row})
    told = f"the rows have the fields {', '.join(map(shown, names[:20]))}" + (
        f" and {len(names) - 20} more" if len(names) > 20 else ""
    )
    if found:
        raise UnknownFormat(
            f"{told}; they look like {' and '.join(found)}. Name the one that is meant"
        )
    apart = _of_each(files)
    if len(set(apart.values())) > 1:
        each = "; ".join(f"{file} looks like {name}" for file, name in apart.items())
        raise UnknownFormat(f"the files are of several formats, import each by itself: {each}")
    known = "; ".join(f"{name}: {', '.join(FORMATS[name].fields)}" for name in READERS)
    raise UnknownFormat(
        f"{told}, which no one format has. Name the format, or rename the fields. By fields are "
        f"recognised {known}"
    )


def _of_each(files: Sequence[Path]) -> dict[Path, str]:
    """The formats of several files, each by itself; those that have none are left out."""
    found: dict[Path, str] = {}
    for file in files if len(files) > 1 else ():
        with suppress(UnknownFormat):
            found[file] = guess_format([file])
    return found


def looks_like(format: str, row: dict[str, Json]) -> bool:
    """Whether a row has the fields of a format; our own has no others, and may have a text."""
    if format == "jsonl":
        if is_about_no_solution(row):
            return True
        if "annotations" in row and row.keys() <= KNOWN:
            return True
        return "problem" in row and bool(row.keys() & {"steps", "solution"}) and row.keys() <= KNOWN
    if format == "responses":
        return "problem" in row and bool(row.keys() & {"response", "responses"})
    return all(name in row for name in FORMATS[format].fields)
