"""What one sampled completion came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from labeling.answers.extract import extract_answer
from labeling.answers.grade import grade_all
from labeling.answers.thinking import without_thinking

FinishReason = Literal["stop", "length"]
Outcome = Literal["correct", "wrong", "unfinished", "unknown"]
OUTCOMES: tuple[Outcome, ...] = ("correct", "wrong", "unfinished", "unknown")


def outcome(text: str, gold: str | None, finish_reason: FinishReason) -> Outcome:
    """What one sampled completion came to; see `outcomes`, which is faster for several."""
    return outcomes([(text, gold, finish_reason)])[0]


def outcomes(sampled: Sequence[tuple[str, str | None, FinishReason]]) -> list[Outcome]:
    """What each (text, gold answer, finish reason) came to.

    "unfinished": cut by the token limit, whatever it holds, for its last answer was not going to
    be its last; or it never left its thinking. "wrong": another answer, or finished without one.
    "unknown": nothing to compare with, or `grade_all` could not decide.
    """
    found: list[Outcome] = []
    to_grade: dict[int, tuple[str, str]] = {}
    for place, (text, gold, finish_reason) in enumerate(sampled):
        said = without_thinking(text)
        answer = None if said is None else extract_answer(said)
        if finish_reason == "length" or said is None:
            found.append("unfinished")
        elif gold is None or not gold.strip():
            found.append("unknown")
        elif answer is None:
            found.append("wrong")
        else:
            found.append("unknown")
            to_grade[place] = answer, gold
    for place, verdict in zip(to_grade, grade_all(list(to_grade.values())), strict=True):
        found[place] = verdict
    return found
