"""Cutting a text into steps in a way that somebody chose, never inside what belongs together.

LaTeX environments and displays, code blocks and tables stay whole, and so does what a reasoning
model thinks, unless that is to be cut too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from models.steps import Thinking, split_steps, thinking_in

# Where a step may end, for each way: the match is the gap, and its end the next step's beginning.
WAYS: dict[str, str] = {
    "blank-lines": r"\n[^\S\n]*\n\s*",
    "lines": r"\n\s*",
    "numbered": r"\n\s*(?=(?:#{1,6}\s*|\*\*)?(?:step\s+\d+\b|\d{1,3}[.)]\s))",
    "sentences": r"(?<=[.!?])\s+(?=[A-Z\\$(\"'])|\n[^\S\n]*\n\s*",
}
REGEX = "regex:"
_WHOLE = re.compile(
    r"(?P<fence>^[^\S\n]*(?P<mark>```+|~~~+)[^\n]*\n.*?(?:^[^\S\n]*(?P=mark)[^\n]*$|\Z))"
    r"|(?P<table>^[^\S\n]*\|[^\n]*(?:\n[^\S\n]*\|[^\n]*)+)"
    # Bounded, since a text may open a display thousands of times and never close one.
    r"|\$\$.{0,9999}?\$\$|\\\[.{0,9999}?\\\]|\\\(.{0,999}?\\\)",
    re.S | re.M,
)
_MARK = re.compile(r"\\(?P<side>begin|end)\{(?P<name>[^{}\n]{1,40})\}")


@dataclass(frozen=True, slots=True)
class Cut:
    """How texts are cut: a way of WAYS or "regex:PATTERN", None at blank lines alone.

    Raises ValueError for another way, a pattern that is none, and another word for `thinking`.
    """

    way: str | None = None
    thinking: Thinking = "block"

    def __post_init__(self) -> None:
        if self.way is not None:
            pattern_of(self.way)
        if self.thinking not in ("block", "split"):
            raise ValueError(f"thinking is a block or is split, not {self.thinking!r}")

    def steps(self, text: str) -> tuple[str, ...]:
        """The steps of `text`."""
        if self.way is None:
            return split_steps(text, self.thinking)
        return split_by(text, self.way, self.thinking)


AS_EVER = Cut()


def split_by(text: str, way: str, thinking: Thinking = "block") -> tuple[str, ...]:
    """The steps of `text`: its `pieces` without the blanks around them and without empty ones."""
    return tuple(step for piece in pieces(text, way, thinking) if (step := piece.strip()))


def pieces(text: str, way: str, thinking: Thinking = "block") -> list[str]:
    """`text` cut in a way of WAYS, or "regex:PATTERN" at what a pattern matches; joined, it is it.

    Raises ValueError for another way, and a pattern that is none.
    """
    thoughts = thinking_in(text) if thinking == "block" else []
    kept = _kept_whole(text) + thoughts
    cuts = [
        gap.end()
        for gap in pattern_of(way).finditer(text)
        if 0 < gap.end() < len(text) and not any(a < gap.end() < b for a, b in kept)
    ]
    edges = [edge for thought in thoughts for edge in thought if 0 < edge < len(text)]
    ends = [*sorted({*cuts, *edges}), len(text)]
    return [text[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def pattern_of(way: str) -> re.Pattern[str]:
    """What stands between two steps. Raises ValueError as `pieces` does."""
    if way in WAYS:
        return re.compile(WAYS[way], re.IGNORECASE if way == "numbered" else 0)
    if not way.startswith(REGEX) or way == REGEX:
        raise ValueError(f"there is no way {way!r} to split; known: {', '.join(WAYS)}, {REGEX}…")
    try:
        return re.compile(way.removeprefix(REGEX))
    except re.error as error:
        raise ValueError(f"{way!r} has no regular expression: {error}") from error


def _kept_whole(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in _WHOLE.finditer(text)] + list(_environments(text))


def _environments(text: str) -> Iterator[tuple[int, int]]:
    r"""From each outermost `\begin` to its `\end`; one that is never ended keeps nothing whole."""
    opened: list[tuple[str, int]] = []
    for mark in _MARK.finditer(text):
        if mark["side"] == "begin":
            opened.append((mark["name"], mark.start()))
        elif any(name == mark["name"] for name, _ in opened):
            while opened:
                name, start = opened.pop()
                if name == mark["name"]:
                    yield start, mark.end()
                    break
