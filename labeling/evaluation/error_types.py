"""Which types of error an annotator finds, of those that people gave a type in review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from db.annotators import find_annotator
from db.engine import Database
from db.lists.scores import typed_errors

if TYPE_CHECKING:
    from training.metrics.error_types import TypeHits

NO_VERDICT = -2


def error_type_hits(database: Database, annotator: str) -> list[TypeHits]:
    """The hits of the annotator ("prm:NAME") by type; people's corrections are the reference.

    Raises DatabaseError for an annotator that is not there.
    """
    from training.metrics.error_types import hits_by_type

    found = list(typed_errors(database, find_annotator(database, annotator).id))
    said = [NO_VERDICT if one.said is None else one.said for one in found]
    return hits_by_type(
        [one.error_type for one in found],
        np.array(said, dtype=int),
        np.array([one.expected for one in found], dtype=int),
    )
