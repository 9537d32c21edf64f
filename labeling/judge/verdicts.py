"""What a judge says of one solution: a verdict, its scores, and what several verdicts amount to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class JudgeVerdict:
    """What one reply says: the 0-based first error, -1 for none, None when it says nothing.

    `critiques` has one entry per step, None where the judge wrote nothing about it; `reason`
    says why a reply is unparsed.
    """

    status: Literal["ok", "unparsed"]
    first_error: int | None
    critiques: tuple[str | None, ...]
    reason: str | None = None


def unparsed(
    reason: str, n_steps: int, critiques: tuple[str | None, ...] | None = None
) -> JudgeVerdict:
    """No verdict, and why."""
    return JudgeVerdict("unparsed", None, critiques or (None,) * n_steps, reason)


def verdict_at(first_error: int, n_steps: int) -> JudgeVerdict:
    """The verdict that the first error is there, if the solution reaches as far."""
    if not -1 <= first_error < n_steps:
        return unparsed(f"the step it names is not one of the {n_steps}", n_steps)
    return JudgeVerdict("ok", first_error, (None,) * n_steps)


def scores(first_error: int | None, n_steps: int) -> tuple[float | None, ...]:
    """1.0 before the first error, 0.0 at it, None after it; all None without a verdict."""
    if first_error is None:
        return (None,) * n_steps
    if first_error < 0:
        return (1.0,) * n_steps
    return (1.0,) * first_error + (0.0,) + (None,) * (n_steps - first_error - 1)


def majority_vote(verdicts: Sequence[JudgeVerdict]) -> tuple[int | None, float]:
    """The first error that most replies name, and its share of ALL the replies.

    Unparsed replies name nothing but count in the share. A tie for the first place, or no
    parsed reply, is no verdict: (None, share of the tied ones). ProcessBench votes over 8.
    """
    votes = Counter(v.first_error for v in verdicts if v.first_error is not None)
    if not votes:
        return None, 0.0
    (winner, count), *others = votes.most_common()
    tied = bool(others) and others[0][1] == count
    return None if tied else winner, count / len(verdicts)
