"""Cutting a solution into steps, and putting it together again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

SEPARATOR = "\n\n"  # arXiv 2501.07301, section 2.1: steps are split on a blank line.

_BLANK_LINE = re.compile(r"\n\s*\n")
# What a reasoning model thinks: one step, or cut like everything else.
Thinking = Literal["block", "split"]
# DeepSeek-R1, Qwen3, Seed-OSS; Mistral; Kimi; Sky-T1 and OpenThinker.
_TAG = r"(?:seed:)?(?:think|thinking|thoughts?)"
_CLOSES = rf"</{_TAG}>|\[/THINK\]|\u25c1/think\u25b7|<\|end_of_thought\|>"
_OPENS = rf"<{_TAG}>|\[THINK\]|\u25c1think\u25b7|<\|begin_of_thought\|>"
_THOUGHT = re.compile(rf"(?:{_OPENS}).*?(?:{_CLOSES}|\Z)", re.IGNORECASE | re.DOTALL)
_MARK = re.compile(rf"(?P<opens>{_OPENS})|{_CLOSES}", re.IGNORECASE)


def split_steps(text: str, thinking: Thinking = "block") -> tuple[str, ...]:
    """Cut `text` at its blank lines; blanks around a step and empty steps are dropped.

    A line of spaces counts as blank. A solution that ends in blank lines must not get an empty
    last step: such a step would be labelled, sampled from and scored like a real one. What a
    reasoning model thinks is a step of its own, unless `thinking` is "split".
    """
    thoughts = thinking_in(text) if thinking == "block" else []
    ends = [end for span in thoughts for end in span]
    parts: list[str] = []
    for start, end in zip([0, *ends], [*ends, len(text)], strict=True):
        part = text[start:end]
        parts += [part] if (start, end) in thoughts else _BLANK_LINE.split(part)
    return tuple(step for part in parts if (step := part.strip()))


def thinking_in(text: str) -> list[tuple[int, int]]:
    """From where to where the text is thinking, marks included.

    Templates that open the thinking in the prompt leave only its end; thinking that was cut has
    none, and goes on to the end of the text.
    """
    first = _MARK.search(text)
    begun = first.end() if first is not None and not first["opens"] else 0
    spans = [(0, begun)] if begun else []
    return spans + [found.span() for found in _THOUGHT.finditer(text, begun)]


def join_steps(steps: Sequence[str]) -> str:
    """The text that `split_steps` cuts into `steps` again."""
    return SEPARATOR.join(steps)
