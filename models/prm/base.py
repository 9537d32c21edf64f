"""What a PRM is to whoever scores with it: solutions in, the chance of every step out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Solutions = Sequence[tuple[str, Sequence[str]]]  # (problem, steps)
Scores = list[list[float | None]]  # a row per solution, a number per step


class Scorer(Protocol):
    """A PRM that is ready to score, wherever it runs."""

    @property
    def revision(self) -> str:
        """What identifies its weights."""
        ...

    @property
    def scheme(self) -> str:
        """Its name in SCHEMES (models/prm/schemes.py)."""
        ...

    @property
    def warning(self) -> str:
        """What whoever waits for it should know; "" where there is nothing to say."""
        ...

    def score(self, solutions: Solutions) -> Scores:
        """P(the step is correct) for every step of every solution, None for dropped steps."""
        ...
