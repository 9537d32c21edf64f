"""The contract `yes-no`: a critique, then one of two words behind a mark.

The form is that of generative PRMs: ThinkPRM (arXiv 2504.16828), GenPRM (arXiv 2504.00891).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from labeling.answers.thinking import answer_start


def verdict_places(reply: str, mark: str, words: Sequence[str]) -> list[int] | None:
    """Where the verdicts of a reply begin: right behind each mark that one of the words follows.

    What the model thought holds none; None where its thinking never ends.
    """
    start = answer_start(reply)
    if start is None:
        return None
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    verdict = re.compile(rf"{re.escape(mark)}(?=(?:{either})(?!\w))")
    return [found.end() for found in verdict.finditer(reply, start)]


def critiques(reply: str, mark: str, places: Sequence[int]) -> list[str]:
    """What stands before each verdict and behind the one before it, without its line's end."""
    start, found = answer_start(reply) or 0, []
    for place in places:
        found.append(reply[start : place - len(mark)].strip())
        start = _line_end(reply, place)
    return found


def _line_end(reply: str, place: int) -> int:
    end = reply.find("\n", place)
    return len(reply) if end < 0 else end
