"""Which completions of a solution to sample next: scan, exhaustive, bisect (adaptive: belief).

A strategy is a pure function of what is known of ONE solution. It is asked when no outcome is
awaited, so neither the order of the outcomes nor what else is labelled beside it can matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Chunk = tuple[int, int]  # (step, how many completions more)


@dataclass(slots=True)
class Known:
    """What is known of one solution; each list has an entry per step.

    `costs` are the relative costs of a completion from the end of each step (any unit).
    """

    n_steps: int
    answer_is_correct: bool | None
    costs: Sequence[float]
    asked: list[int] = field(init=False)
    counts: dict[str, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.asked = [0] * self.n_steps
        self.counts = {
            outcome: [0] * self.n_steps for outcome in ("correct", "wrong", "unfinished", "unknown")
        }

    @property
    def last(self) -> int:
        """The last step, which the answer settles: nothing is left to complete behind it."""
        return self.n_steps - 1

    @property
    def successes(self) -> list[int]:
        """Completions a step that reached the gold answer."""
        return self.counts["correct"]

    @property
    def trials(self) -> list[int]:
        """Decided completions a step, correct or wrong."""
        return [a + b for a, b in zip(self.counts["correct"], self.counts["wrong"], strict=True)]


def exhaustive(known: Known, samples: int) -> list[Chunk]:
    """Every step in full, all at once."""
    return [(step, samples) for step in range(known.last) if known.asked[step] < samples]


def scan(known: Known, samples: int, chunk: int) -> list[Chunk]:
    """Forwards: on at a step's first success, and an end at the first step without any."""
    for step in range(known.last):
        if not known.successes[step]:
            return _more(known, step, samples, chunk)
    return []


def bisect(known: Known, samples: int, chunk: int) -> list[Chunk]:
    """Halving: a success vouches for all earlier steps, a step without any for none after it.

    A right answer makes "no error" likely, so such a solution is first asked at its last
    prefix, where a completion is also shortest.
    """
    low, high = bounds(known.successes, known.asked, samples)
    if low == high:
        return []
    whole = low == 0 and high == known.last
    middle = known.last - 1 if known.answer_is_correct and whole else (low + high) // 2
    return _more(known, middle, samples, chunk)


def bounds(successes: Sequence[int], asked: Sequence[int], samples: int) -> tuple[int, int]:
    """The first error lies in [low, high]: all before `low` is vouched for, `high` is known bad.

    `low` follows the last step with a success; `high` is the first step from there on that had
    all its `samples` without one, or the last step, whose verdict is the answer's.
    """
    last = len(successes) - 1
    low = max((step for step in range(last) if successes[step]), default=-1) + 1
    high = next((step for step in range(low, last) if asked[step] >= samples), last)
    return low, high


def _more(known: Known, step: int, samples: int, chunk: int) -> list[Chunk]:
    count = min(chunk, samples - known.asked[step])
    return [(step, count)] if count > 0 else []
