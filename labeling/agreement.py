"""How often two annotators name the same first error, and where they put it instead."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Z_95 = 1.959963984540054  # the normal distribution's 97.5% point


@dataclass(frozen=True, slots=True)
class Agreement:
    """`same` of `n` solutions have the same first error; `low` to `high` is the 95% interval.

    `excluded` counts the solutions on which one of the two gives no verdict. With n = 0 the
    share is None.
    """

    n: int
    same: int
    excluded: int
    share: float | None
    low: float
    high: float


def wilson_interval(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927); (0, 1) when nothing was seen."""
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is not a share")
    if n == 0:
        return 0.0, 1.0
    share, spread = successes / n, z * z / n
    centre = share + spread / 2
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return (
        max(0.0, (centre - half) / (1 + spread)) if successes else 0.0,
        min(1.0, (centre + half) / (1 + spread)) if successes < n else 1.0,
    )


def agreement(mine: Sequence[int | None], other: Sequence[int | None]) -> Agreement:
    """Exact agreement of two lists of first errors, entry i of both about the same solution."""
    told = [(a, b) for a, b in zip(mine, other, strict=True) if a is not None and b is not None]
    same = sum(a == b for a, b in told)
    low, high = wilson_interval(same, len(told))
    share = same / len(told) if told else None
    return Agreement(len(told), same, len(mine) - len(told), share, low, high)


def cross_table(
    mine: Sequence[int | None], other: Sequence[int | None]
) -> dict[tuple[int | None, int | None], int]:
    """(my first error, the other's) -> number of solutions, None included, in a stable order."""
    counts = Counter(zip(mine, other, strict=True))
    return dict(sorted(counts.items(), key=lambda cell: [(e is None, e or 0) for e in cell[0]]))
