"""Reading a judge's reply: where does it say that the solution first goes wrong?

A reply is hostile text: it may be cut short, repeat itself, quote the solution's own tags, or say
two things. What does not plainly keep its output contract is `unparsed` with a reason, never a
verdict. Every expression here is bounded, so that a megabyte of anything is read in a blink.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Contract = Literal["analysis", "boxed", "step"]
CONTRACTS: tuple[Contract, ...] = ("analysis", "boxed", "step")


@dataclass(frozen=True, slots=True)
class JudgeVerdict:
    """What one reply says: the 0-based first error, -1 for none, None when it says nothing.

    `critiques` has one entry per step, None where the judge wrote nothing about it; `reason`
    says why a reply is unparsed.
    """

    status: Literal["ok", "unparsed"]
    first_error: int | None
    critiques: tuple[str | None, ...]
    reason: str | None = None


def parse_reply(contract: Contract, reply: str, n_steps: int) -> JudgeVerdict:
    """Read a reply about a solution of `n_steps` steps. No text makes it raise."""
    answer = _without_thinking(reply)
    if answer is None:
        return _unparsed("the reply ends while the model is still thinking", n_steps)
    if contract == "analysis":
        return _parse_analyses(answer, n_steps)
    if contract == "boxed":
        return _parse_boxed(answer, n_steps)
    return parse_step_answer(answer, n_steps)


def _without_thinking(reply: str) -> str | None:
    """What follows the thinking of a reasoning model; None when that never ends."""
    thinking, end, answer = reply.partition("</think>")
    opened = thinking.lstrip().startswith("<think>")
    if end and (opened or "<think>" not in thinking):
        return answer
    return None if opened else reply


def _unparsed(
    reason: str, n_steps: int, critiques: tuple[str | None, ...] | None = None
) -> JudgeVerdict:
    return JudgeVerdict("unparsed", None, critiques or (None,) * n_steps, reason)


def _at(first_error: int, n_steps: int) -> JudgeVerdict:
    """The verdict that the first error is there, if the solution reaches as far."""
    if not -1 <= first_error < n_steps:
        return _unparsed(f"the step it names is not one of the {n_steps}", n_steps)
    return JudgeVerdict("ok", first_error, (None,) * n_steps)


# The contract "analysis" (arXiv 2501.07301, App. C): <analysis_1> ... <conclusion>, from 1 on.

ANALYSIS = re.compile(r"<(/?)analysis_([0-9]{1,6})>", re.IGNORECASE)
CONCLUSION = re.compile(r"<conclusion>", re.IGNORECASE)


@dataclass(slots=True)
class _Analysis:
    number: int
    start: int
    end: int | None = None


def _parse_analyses(text: str, n_steps: int) -> JudgeVerdict:
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
        return _unparsed(reason, n_steps, tuple(critiques))
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


# The contract "boxed" (ProcessBench, arXiv 2412.06559): a final \boxed{index}, from 0 on.

BOXED_INDEX = re.compile(
    r"\\boxed[ \t]{0,3}\{\s{0,3}(?:\\text\{\s{0,3})?(?:paragraph[_ ])?(-?[0-9]{1,6})\s{0,3}\}",
    re.IGNORECASE,
)


def _parse_boxed(text: str, n_steps: int) -> JudgeVerdict:
    """The last box counts. Words in it ("N/A", "none") are not what was asked for."""
    place = text.rfind("\\boxed")
    if place < 0:
        return _unparsed("the reply has no \\boxed{} index", n_steps)
    match = BOXED_INDEX.match(text, place)
    if match is None:
        return _unparsed("its last \\boxed{} does not hold an index", n_steps)
    return _at(int(match[1]), n_steps)


# The contract "step": free text that says which step is wrong, from 1 on.

STEP = r"[^\w\n]{0,12}steps?[^\w\n]{0,4}([0-9]{1,4})\b"
NONE = r"[^\w\n]{0,12}(?:n/a|none|no (?:wrong |incorrect )?(?:step|error))\b"
ANSWER = re.compile(rf"\banswer(?:\s{{1,3}}is)?\b(?:{STEP}|{NONE})", re.IGNORECASE)
LOCATION = re.compile(
    r"\b(?:(?:errors?|mistakes?|incorrect|wrong)\b[^.\n]{0,60}?\b"
    r"(?:(?:begins?|began|starts?|started|occurs?|occurred|lies|is|was|made)(?: first)?"
    r"\s{1,3}(?:in|at|with|from)|is that|is)"
    r"|(?:goes|went|going) wrong(?: first)?\s{1,3}(?:in|at|with|from)"
    r"|makes an? (?:error|mistake) in)\b" + STEP,
    re.IGNORECASE,
)
ALL_CORRECT = re.compile(
    r"\b(?<!rest of the )solution(?: you provided| provided)? is "
    r"(?:actually |indeed |perfectly )?correct\b"
    r"|\bno (?:errors?|mistakes?|wrong steps?|incorrect steps?)\b"
    r"|\ball (?:the )?steps are correct\b",
    re.IGNORECASE,
)
DOUBT = re.compile(
    r"\b(?:however|incorrect|incorrectly|mistakes?|errors? (?:is|are) in|but there|corrected"
    r"|should (?:also )?(?:be|have)|improved|instead of)\b",
    re.IGNORECASE,
)


def parse_step_answer(reply: str, n_steps: int) -> JudgeVerdict:
    """The last "the answer is: Step N"; failing that, the one step where it says errors begin.

    "N/A", "none" and "no error" as the answer mean no error, and so does a reply that says that
    the solution is correct and finds no fault with it. A reply without an answer that names two
    steps, or a step and that all is correct, is unparsed.
    """
    answers = [match[1] for match in ANSWER.finditer(reply)]
    if answers:
        return _named(answers[-1], n_steps)
    located = {match[1] for match in LOCATION.finditer(reply)}
    rest, all_correct = ALL_CORRECT.subn(" ", reply)
    if len(located) > 1:
        return _unparsed("the reply names several steps and gives no answer", n_steps)
    if located and all_correct:
        return _unparsed("the reply names a wrong step and says that there is none", n_steps)
    if not located and not all_correct:
        return _unparsed("the reply does not say which step is wrong", n_steps)
    if all_correct and DOUBT.search(rest):
        return _unparsed("the reply says that all is correct, and finds fault", n_steps)
    return _named(located.pop() if located else None, n_steps)


def _named(number: str | None, n_steps: int) -> JudgeVerdict:
    """The verdict that step `number` (from 1 on) is the first wrong one; None: none is."""
    if number is None:
        return _at(-1, n_steps)
    return _at(int(number) - 1 if int(number) else n_steps, n_steps)
