"""How far a verdict is from another one, so that people can look at the narrow ones first.

Every margin is from 0 (it could as well be otherwise) to 1, and None where nothing says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def prm_margin(
    scores: Sequence[float | None], first_error: int | None, threshold: float
) -> float | None:
    """How little a score need move for another first error: the smallest |score - threshold|.

    Steps behind the first error do not matter.
    """
    return min(
        (abs(s - threshold) for s in _reach(scores, first_error) if s is not None), default=None
    )


def mc_margin(
    successes: Sequence[int], trials: Sequence[int], first_error: int | None
) -> float | None:
    """The step whose hard label hangs by the thinnest thread.

    A step with k of n successes was called correct by a share of k/n; one with none of n was
    called wrong, and by the rule of succession the next trial fails too with n/(n+1) or so.
    """
    counts = zip(_reach(successes, first_error), _reach(trials, first_error), strict=True)
    return min(((k / n if k else n / (n + 1)) for k, n in counts if n), default=None)


def vote_margin(share: float, first_error: int | None) -> float | None:
    """By how much the verdict that won was ahead, for a vote share of 0.5 or less nothing."""
    return None if first_error is None else max(0.0, 2 * share - 1)


def _reach(values: Sequence[T], first_error: int | None) -> Sequence[T]:
    if first_error is None:
        return []
    return values if first_error < 0 else values[: first_error + 1]
