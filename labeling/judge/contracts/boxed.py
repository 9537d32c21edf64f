r"""The contract `boxed`: a final `\boxed{index}`, from 0 on (ProcessBench, arXiv 2412.06559)."""

from __future__ import annotations

import re

from labeling.answers.extract import closing_brace
from labeling.judge.verdicts import JudgeVerdict, unparsed, verdict_at

LONGEST = 80  # characters in a box; what is longer holds no index
_MARKUP = re.compile(r"\\(?:text|textbf|mathbf|mathrm|mathit|boldsymbol|bm)(?![A-Za-z])|[{}$<>*\\]")
_MINUS = str.maketrans("\u2212\u2012\u2013", "---")
_INDEX = re.compile(
    r"(?:paragraph[_ ]{0,2}|index ?[=:]? ?)?"
    r"(?:(?P<none>- ?1)(?: ?\(no errors?\))?|(?P<index>[0-9]{1,6}))",
    re.IGNORECASE,
)


def parse_boxed(text: str, n_steps: int) -> JudgeVerdict:
    """The last box counts. Words in it ("N/A", "none") are not what was asked for."""
    place = text.rfind("\\boxed")
    if place < 0:
        return unparsed("the reply has no \\boxed{} index", n_steps)
    match = _INDEX.fullmatch(_content(text[place + len("\\boxed") :]))
    if match is None:
        return unparsed("its last \\boxed{} does not hold an index", n_steps)
    return verdict_at(-1 if match["none"] else int(match["index"]), n_steps)


def _content(behind: str) -> str:
    """What a box holds without its markup; "" where there is no box, or a long one."""
    behind = behind[: LONGEST + 3].lstrip(" \t")
    end = closing_brace(behind, 0) if behind.startswith("{") else None
    if end is None:
        return ""
    return " ".join(_MARKUP.sub(" ", behind[1:end]).translate(_MINUS).split())
