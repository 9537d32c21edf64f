"""When two spellings of a problem are one problem."""

from __future__ import annotations

import re

# What LaTeX writes for looks alone: spaces, sizes of brackets and fractions, the mode.
_LOOKS = re.compile(r"\\[,;:! ]|\\(?:q?quad|left|right|displaystyle)(?![a-z])|[\s$~]")
_FRACTION = re.compile(r"\\[dt]frac(?![a-z])")


def same_text(problem: str) -> str:
    r"""A key that two spellings of a problem share.

    Case, white space, dollar signs, LaTeX's spaces, \left and \right, \dfrac for \frac, and a last
    full stop, question mark or colon make no difference. Numbers and words do: a problem that was
    worded anew is not found.
    """
    text = _FRACTION.sub(r"\\frac", problem.casefold())
    return _LOOKS.sub("", text).rstrip(".?:")
