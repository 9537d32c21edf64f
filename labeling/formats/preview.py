"""What an import would make of files, without storing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from db.imports.records import SourceWork
from db.records import ImportRow, SourceAnnotator, SourceProject
from labeling.formats.base import Named
from labeling.formats.files.hub import given_files
from labeling.formats.guess import guess_format
from labeling.formats.reading import Note, Rejection, read_rows
from labeling.formats.splitting import AS_EVER, Cut

SHOWN_ROWS = 3
READ_ROWS = 1000  # of each file, unless all are asked for


@dataclass(frozen=True, slots=True)
class Preview:
    """The first solutions of `files`, and what became of the rows that were read.

    `guessed` says that nobody named the format; `complete`, that every file was read to its end.
    """

    format: str
    guessed: bool
    files: tuple[Path, ...]
    rows: tuple[ImportRow, ...]
    named: int  # rows about solutions that are there already
    solutions: int
    labelled: int  # solutions that somebody says something of
    rejections: tuple[Rejection, ...]
    notes: tuple[Note, ...]
    complete: bool


def preview(
    given: Sequence[str | Path],
    format: str | None = None,
    cut: Cut = AS_EVER,
    *,
    shown: int = SHOWN_ROWS,
    at_most: int | None = READ_ROWS,
) -> Preview:
    """Read `at_most` solutions of each file (None: all), and keep the first `shown`.

    So many rejections end the reading of a file, too.

    Raises FileNotFoundError for what is not there, guess.UnknownFormat where no format is named
    and none is recognised, and what `read_rows` raises for a file that holds no rows.
    """
    files = tuple(file for path in given for file in given_files(path))
    name = guess_format(files) if format is None else format
    rows: list[ImportRow] = []
    rejections: list[Rejection] = []
    notes: list[Note] = []
    solutions = labelled = named = 0
    complete = True
    for file in files:
        of_file = refused = 0
        for found in read_rows(name, file, cut=cut):
            if isinstance(found, Note):
                notes.append(found)
                continue
            if isinstance(found, SourceAnnotator | SourceProject | SourceWork):
                continue
            if at_most in (of_file, refused):
                complete = False
                break
            if isinstance(found, Named):
                of_file, named = of_file + 1, named + 1
                continue
            if isinstance(found, Rejection):
                refused += 1
                rejections.append(found)
            else:
                of_file += 1
                solutions += 1
                labelled += bool(found.labels)
                if len(rows) < shown:
                    rows.append(found)
    return Preview(
        name,
        format is None,
        files,
        tuple(rows),
        named,
        solutions,
        labelled,
        tuple(rejections),
        tuple(notes),
        complete,
    )
