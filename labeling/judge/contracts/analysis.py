"""The contract `analysis`: `<analysis_1>` ... `<conclusion>`, from 1 on.

The form is that of arXiv 2501.07301, App. C.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from labeling.judge.verdicts import JudgeVerdict, unparsed

ANALYSIS = re.compile(r"<(/?)analysis_([0-9]{1,6})>", re.IGNORECASE)
CONCLUSION = re.compile(r"<conclusion>", re.IGNORECASE)


@dataclass(slots=True)
class _Analysis:
    number: int
    start: int
    end: int | None = None


def parse_analyses(text: str, n_steps: int) -> JudgeVerdict:
    """Incorrect: the error is where the last analysis is, going by the opening tags.

    Closing tags are only believed to close: the paper's own example gets one wrong.
    """
    conclusions = [match for match in CONCLUSION.finditer(text) if _stands_alone(text, match)]
    stop = conclusions[0].start() if conclusions else len(text)
    analyses, reason = _analyses(text, stop)
    critiques: list[str | None] = [None] * n_steps
    for analysis in analyses:
        if 1 <= analysis.number <= n_steps:
            critiques[analysis.number - 1] = text[analysis.start : analysis.end].strip() or None
    last = analyses[-1].number if analyses else None
    said = {_conclusion(text, match) for match in conclusions}
    if not conclusions:
        reason = "the reply has no conclusion"
    elif None in said:
        reason = "the conclusion is neither Correct nor Incorrect"
    elif len(said) > 1:
        reason = "the reply concludes both Correct and Incorrect"
    elif last is None and "incorrect" in said:
        reason = "the conclusion is Incorrect, but no paragraph is analyzed"
    elif last is not None and not 1 <= last <= n_steps:
        reason = f"it analyzes a paragraph {last}, but there are {n_steps}"
    if reason:
        return unparsed(reason, n_steps, tuple(critiques))
    first_error = last - 1 if last is not None and "incorrect" in said else -1
    return JudgeVerdict("ok", first_error, tuple(critiques))


def _analyses(text: str, stop: int) -> tuple[list[_Analysis], str]:
    """The analyses before `stop`, and why they are no good ("" when they are)."""
    analyses: list[_Analysis] = []
    reason = ""
    for match in ANALYSIS.finditer(text):
        closes, number = bool(match[1]), int(match[2])
        current = analyses[-1] if analyses else None
        if not closes and not _stands_alone(text, match):
            continue  # Quoted in a sentence.
        if match.start() > stop:
            reason = reason or ("" if closes else "the reply goes on after its conclusion")
        elif closes or (current is not None and number == current.number):
            # An opening tag where the closing one belongs, or a closing one.
            if current is not None and current.end is None:
                current.end = match.start()
        elif current is not None and number < current.number:
            reason = reason or f"analysis {number} comes after analysis {current.number}"
        else:
            if current is not None and current.end is None:
                current.end = match.start()
            analyses.append(_Analysis(number, match.end()))
    if analyses and analyses[-1].end is None:
        analyses[-1].end = stop
    return analyses, reason


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    """Whether a tag begins a line or follows another tag, rather than stands in a sentence."""
    before = text[max(0, match.start() - 16) : match.start()].rstrip(" \t*#")
    return not before or before[-1] in "\r\n>"


def _conclusion(text: str, match: re.Match[str]) -> str | None:
    lines = text[match.end() : match.end() + 200].partition("</")[0].strip().splitlines()
    word = lines[0].strip(" \t*_.`\"'").casefold() if lines else ""
    return word if word in ("correct", "incorrect") else None
