"""What one sampled completion came to."""

from __future__ import annotations

from typing import Literal

from labeling.answers.extract import find_answer
from labeling.answers.grade import grade

Outcome = Literal["correct", "wrong", "unfinished", "unknown"]
OUTCOMES: tuple[Outcome, ...] = ("correct", "wrong", "unfinished", "unknown")


def outcome(text: str, gold: str | None, finish_reason: str) -> Outcome:
    """What one sampled completion came to.

    `finish_reason` is "stop" or "length". "unfinished": cut by the token limit before a complete
    final answer. "wrong": another answer, or finished without one. "unknown": nothing to compare
    with, or `grade` could not decide.
    """
    found = find_answer(text)
    if finish_reason == "length" and (found is None or not found.closed):
        return "unfinished"
    if gold is None or not gold.strip():
        return "unknown"
    return "wrong" if found is None else grade(found.answer, gold)
