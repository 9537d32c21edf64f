"""The chat in which a model is asked to solve a problem."""

from __future__ import annotations


def question(problem: str) -> list[dict[str, str]]:
    """The problem alone, as the user's message."""
    return [{"role": "user", "content": problem}]
