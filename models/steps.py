"""Cutting a solution into steps, and putting it together again."""

from __future__ import annotations

import re
from collections.abc import Sequence

SEPARATOR = "\n\n"  # arXiv 2501.07301, section 2.1: steps are split on a blank line.

_BLANK_LINE = re.compile(r"\n\s*\n")


def split_steps(text: str) -> tuple[str, ...]:
    """Cut `text` at its blank lines; blanks around a step and empty steps are dropped.

    A line of spaces counts as blank. A solution that ends in blank lines must not get an empty
    last step: such a step would be labelled, sampled from and scored like a real one.
    """
    return tuple(step for part in _BLANK_LINE.split(text) if (step := part.strip()))


def join_steps(steps: Sequence[str]) -> str:
    """The text that `split_steps` cuts into `steps` again."""
    return SEPARATOR.join(steps)
