"""Cutting a text into steps in a way that somebody chose, never inside what belongs together.

LaTeX environments and displays, code blocks and tables stay whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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


def split_by(text: str, way: str) -> tuple[str, ...]:
    """The steps of `text`: its `pieces` without the blanks around them and without empty ones."""
    return tuple(step for piece in pieces(text, way) if (step := piece.strip()))


def pieces(text: str, way: str) -> list[str]:
    """`text` cut in a way of WAYS, or "regex:PATTERN" at what a pattern matches; joined, it is it.

    Raises ValueError for another way, and a pattern that is none.
    """
    kept = _kept_whole(text)
    cuts = [
        gap.end()
        for gap in pattern_of(way).finditer(text)
        if 0 < gap.end() < len(text) and not any(a < gap.end() < b for a, b in kept)
    ]
    ends = [*sorted(set(cuts)), len(text)]
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
