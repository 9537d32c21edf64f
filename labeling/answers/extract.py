"""Final answers: finding one in a text."""

from __future__ import annotations

import re

from labeling.answers.thinking import without_thinking

_BOXED = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])\s*")
_MARKS = (
    re.compile(r"^[ \t]*####[ \t]*(?P<answer>[^\n]*)", re.M),  # GSM8K
    re.compile(r"^[ \t]*#[ \t]*Answer[ \t]*\n\s*(?P<answer>[^\n]+)", re.M | re.I),  # PRM800K
    re.compile(r"\banswer\b[*_ \t]*(?:is|:)[*_ \t]*:?[*_ \t]*(?P<answer>[^\n]*)", re.I),
    re.compile(r"^[ \t]*A:[ \t]*(?P<answer>[^\n]*)", re.M),  # the example solutions of GSM8K
)
_SENTENCE_END = re.compile(r"[.;!?](?=\s)")


def extract_answer(text: str) -> str | None:
    r"""The final answer of `text`, or None. What a model thought before it spoke is not read.

    The last complete `\boxed{...}` wins, then the last line `#### x`, `# Answer` with x under it,
    "answer is x", and `A: x`.
    """
    said = without_thinking(text)
    if said is None:
        return None
    boxed = _last_boxed(said)
    if boxed is not None:
        return boxed
    for mark in _MARKS:
        for match in reversed(list(mark.finditer(said))):
            answer = match["answer"]
            end = _SENTENCE_END.search(answer)
            answer = strip_markup(answer[: end.start()] if end else answer)
            if answer:
                return answer
    return None


def _last_boxed(text: str) -> str | None:
    for match in reversed(list(_BOXED.finditer(text))):
        start = match.end()
        if start == len(text):
            continue
        if text[start] != "{":  # \boxed 5
            word = re.match(r"\$?([^\s$.,;]+)", text[start:])
            if word:
                return word[1]
            continue
        end = closing_brace(text, start)
        if end is not None and text[start + 1 : end].strip():
            return text[start + 1 : end].strip()
    return None


def closing_brace(text: str, start: int) -> int | None:
    """Where the brace that opens at `start` closes; None where it never does."""
    depth = 0
    for match in re.compile(r"\\.|[{}]", re.S).finditer(text, start):
        if match[0] in "{}":  # An escaped brace matches as a pair with its backslash.
            depth += 1 if match[0] == "{" else -1
            if depth == 0:
                return match.start()
    return None


def strip_markup(answer: str) -> str:
    """`answer` without the emphasis, math delimiters and full stop around it."""
    while True:
        shorter = answer.strip().strip("*_`").rstrip(".,;:!").strip()
        for left, right in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")):
            inner = shorter[len(left) : len(shorter) - len(right)]
            if (
                len(shorter) >= len(left) + len(right)
                and shorter.startswith(left)
                and shorter.endswith(right)
                and left not in inner
            ):
                shorter = inner
                break
        if shorter == answer:
            return answer
        answer = shorter
