"""The rows of an export that are about no solution: those at its head, and those at its end."""

from __future__ import annotations

from db.imports.records import SourceWork
from db.records import SourceAnnotator, SourceProject
from labeling.formats.base import Json
from labeling.formats.project import heads, work

NAMES = {heads.PROJECT, heads.ANNOTATOR, *work.READERS}


def is_about_no_solution(row: dict[str, Json]) -> bool:
    """Whether a row is one of these."""
    return len(row) == 1 and row.keys() <= NAMES and isinstance(next(iter(row.values())), dict)


def read_row(row: dict[str, Json], line: int) -> SourceProject | SourceAnnotator | SourceWork:
    """What such a row tells. Raises BadRow, for a project of a newer version too."""
    ((what, told),) = row.items()
    return work.read_work(what, told, line) if what in work.READERS else heads.read_head(row)
