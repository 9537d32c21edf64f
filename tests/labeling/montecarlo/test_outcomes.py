"""What a completion came to."""

from __future__ import annotations

from typing import Literal

import pytest

from labeling.montecarlo.outcomes import outcome


@pytest.mark.parametrize(
    ("text", "gold", "finish_reason", "expected"),
    [
        ("The answer is 12.", "12", "stop", "correct"),
        ("The answer is 13.", "12", "stop", "wrong"),
        ("I do not know", "12", "stop", "wrong"),
        ("The answer is 13.", None, "stop", "unknown"),
        ("First, add the", "12", "length", "unfinished"),
        ("The answer is 1", "12", "length", "unfinished"),
        (r"It is \boxed{1", "12", "length", "unfinished"),
        # Cut, it may have been about to find another answer.
        (r"It is \boxed{12} since", "12", "length", "unfinished"),
        ("#### 12\nIs that so", "12", "length", "unfinished"),
        (r"<think>So \boxed{12}.", "12", "stop", "unfinished"),
        (r"So \boxed{12}, or \boxed{13}?</think> The answer is 12.", "12", "stop", "correct"),
        (r"So \boxed{12}.</think> I cannot tell.", "12", "stop", "wrong"),
    ],
)
def test_outcome(
    text: str, gold: str | None, finish_reason: Literal["stop", "length"], expected: str
) -> None:
    assert outcome(text, gold, finish_reason) == expected
