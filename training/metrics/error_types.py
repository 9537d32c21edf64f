"""Which types of error an annotator finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.metrics.intervals import Share, share


@dataclass(frozen=True, slots=True)
class TypeHits:
    """Of the first errors of one type: `exact`, named as the first error; `flagged`, any step."""

    error_type: str
    exact: Share
    flagged: Share


def hits_by_type(types: Sequence[str], said: np.ndarray, expected: np.ndarray) -> list[TypeHits]:
    """How often errors of each type are found, the most frequent type first.

    `types`, `said` and `expected` are (n,): the type of a solution's first error, and where it is
    seen and is (0-based; a negative `said` is no error or no verdict, and finds nothing). Raises
    ValueError where there is no error to have a type.
    """
    if (expected < 0).any():
        raise ValueError("only a first error has a type")
    names, places, counts = np.unique(
        np.array(types, dtype=object), return_inverse=True, return_counts=True
    )
    found = [
        TypeHits(str(names[place]), share(said[mine] == expected[mine]), share(said[mine] >= 0))
        for place in np.lexsort((np.arange(len(names)), -counts))
        for mine in [places.reshape(-1) == place]
    ]
    return found
