"""What one sampled completion came to."""

from __future__ import annotations

from typing import Literal

from labeling.answers.extract import extract_answer
from labeling.answers.grade import grade
from labeling.answers.thinking import without_thinking

Outcome = Literal["correct", "wrong", "unfinished", "unknown"]
OUTCOMES: tuple[Outcome, ...] = ("correct", "wrong", "unfinished", "unknown")


def outcome(text: str, gold: str | None, finish_reason: Literal["stop", "length"]) -> Outcome:
    """What one sampled completion came to.

    "unfinished": cut by the token limit, whatever it holds, for its last answer was not going to
    be its last; or it never left its thinking. "wrong": another answer, or finished without one.
    "unknown": nothing to compare with, or `grade` could not decide.
    """
    said = without_thinking(text)
    if finish_reason == "length" or said is None:
        return "unfinished"
    if gold is None or not gold.strip():
        return "unknown"
    answer = extract_answer(said)
    return "wrong" if answer is None else grade(answer, gold)
