"""Kept lists that are too long for a row, put together out of several."""

from __future__ import annotations

from dataclasses import replace

from db.imports.records import SourceList
from labeling.formats.fields import BadRow


class ListParts:
    """The lists of one file whose last part has not come yet."""

    def __init__(self) -> None:
        self._begun: dict[str, list[SourceList]] = {}

    def whole(self, part: SourceList) -> SourceList | None:
        """The whole list once this is its last part, else None. Raises BadRow where one is missing.

        The parts of a list follow each other in their order.
        """
        parts = self._begun.pop(part.key, [])
        if part.start != sum(len(one.solutions) for one in parts):
            raise BadRow(
                f"this part of a list begins at place {part.start}, and the one before it is not "
                "there: the list is left out"
            )
        parts.append(part)
        if part.start + len(part.solutions) < part.total:
            self._begun[part.key] = parts
            return None
        return replace(part, start=0, solutions=tuple(n for one in parts for n in one.solutions))

    def without_end(self) -> list[SourceList]:
        """The last part there is of each list that has no end, at the end of the file."""
        return [parts[-1] for parts in self._begun.values()]
