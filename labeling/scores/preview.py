"""What files of scores would become, before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass, field

from db.engine import Database
from db.imports.labels import Said
from labeling.datasets import require_dataset
from labeling.formats.reading import Note, Rejection
from labeling.scores.annotation import Who
from labeling.scores.job import Wanted, matched_rows, rewards

READ_ROWS = 1000  # of each file


@dataclass(slots=True)
class ScoresPreview:
    """Of the first `rows`, how many `matched` a solution, and the first annotations.

    `unread` are the fields that nothing is made of; `complete` says that every file was read to
    its end.
    """

    rows: int = 0
    matched: int = 0
    said: list[Said] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    complete: bool = True


def preview_scores(
    database: Database, wanted: Wanted, *, shown: int = 10, at_most: int = READ_ROWS
) -> ScoresPreview:
    """Read at least `at_most` rows of each file, and keep the first `shown` annotations.

    Raises ValueError for a data set that there is not, and what `open_rows` raises for a file that
    holds no rows.
    """
    require_dataset(database, wanted.dataset)
    found = ScoresPreview()
    rewarded = rewards(wanted)
    who = Who(wanted.kind, wanted.name, threshold=wanted.threshold, gives_rewards=rewarded)
    for file in wanted.files:
        of_file = 0
        for chunk in matched_rows(database, file, wanted, who, found.unread):
            if of_file >= at_most:
                found.complete = False
                break
            matched = {one.line for one in chunk if isinstance(one, Said)}
            refused = [one for one in chunk if isinstance(one, Rejection)]
            of_file += len(matched) + len(refused)
            found.matched += len(matched)
            found.rejections += refused
            found.notes += [one for one in chunk if isinstance(one, Note)]
            said = [one for one in chunk if isinstance(one, Said)]
            found.said += said[: max(shown - len(found.said), 0)]
        found.rows += of_file
    return found
