"""The problems of files to evaluate on, which training must not see."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from db.records import ImportRow
from labeling.formats.files.folders import files_of
from labeling.formats.guess import guess_format
from labeling.formats.reading import Rejection, read_rows


class UnreadProblems(ValueError):
    """A row of a file to evaluate on cannot be read, so a leak could go unseen."""


def problems_by_set(paths: Iterable[str | Path]) -> dict[str, set[str]]:
    """The problems' texts of each file or folder, by its path.

    Raises FileNotFoundError, guess.UnknownFormat, and UnreadProblems for a bad row.
    """
    return {str(path): _problems(Path(path)) for path in paths}


def _problems(path: Path) -> set[str]:
    files = files_of(path)
    form = guess_format(files)
    found: set[str] = set()
    for file in files:
        for row in read_rows(form, file):
            if isinstance(row, Rejection):
                raise UnreadProblems(
                    f"{row.path}, line {row.line}: {row.reason}. Its problem could be trained on "
                    "unseen: mend the row"
                )
            if isinstance(row, ImportRow):
                found.add(row.problem)
    return found
