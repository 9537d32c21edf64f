"""The contract `step`: free text that says which step is the first wrong one, from 1 on.

Three ways to say it are known: "the answer is: Step 2"; the fields "Final Judgement: wrong" and
"First Error Step: 2" (MR-GSM8K, arXiv 2312.17080; in its later form "Solution Correctness"); and
sentences. Whoever contradicts himself in them has said nothing.
"""

from __future__ import annotations

import re

from labeling.judge.verdicts import JudgeVerdict, unparsed, verdict_at

# Where others have the number of a step, from 1 on.
NO_ERROR = -1
UNREADABLE = -2

# Not behind a minus: "Step -1" is no step.
STEP = r"[^\w\n]{0,12}steps?[^\w\n]{0,4}(?<![-\u2212\u2013])([0-9]{1,4})\b"
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

FIELD = re.compile(
    r"\b(?:(?P<step>first[ _]error[ _]step)|final judge?ment|solution correctness)\b"
    r"[*_`\"]{0,3}[ \t]{0,3}:[\s*_`\"'(\[]{0,8}",
    re.IGNORECASE,
)
STEP_VALUE = re.compile(
    r"(?:(?:step[\s_#]{0,3})?(?P<number>[0-9]{1,4})(?![0-9]|[.,/:][0-9])"
    # Two steps are not a first one.
    r"(?![\s*_`\"')\]]{0,3}(?:[,/&\u2013-]|or\b|and\b|to\b)\s{0,3}(?:step\s{0,3})?[0-9])"
    r"|(?:n/?a|none|null|not applicable|no (?:errors?|mistakes?|wrong|incorrect)|[-\u2212]\s?1)\b)",
    re.IGNORECASE,
)
JUDGEMENT_VALUE = re.compile(
    r"(?:the (?:student'?s? )?solution is )?"
    r"(?:(?P<correct>correct|right)|incorrect|wrong|not correct)\b"
    r"(?![\s*_`\"')\]]{0,3}(?:[/|]|or\b|but\b|except\b))",
    re.IGNORECASE,
)
# What the fields of MR-GSM8K's prompt hold, where a model that rambles on repeats them.
ECHO = re.compile(r"insert\b|input\b|provide\b|generate\b|if\b|the step\b", re.IGNORECASE)


def parse_step_answer(reply: str, n_steps: int) -> JudgeVerdict:
    """The step that answer and fields name; without any, the one where sentences say it begins.

    Of several answers the last counts. "N/A", "none" and "no error" mean no error, and so does a
    reply that says that the solution is correct and finds no fault with it. Unparsed: answers and
    fields that differ, sentences that name two steps, and a step beside "correct".
    """
    named = _last_answer(reply) | _first_error_fields(reply)
    judged = _judgement_fields(reply)
    if UNREADABLE in named:
        return unparsed("its First Error Step is not one step", n_steps)
    if len(named) > 1 or len(judged) > 1:
        return unparsed("the reply gives two answers that differ", n_steps)
    located = {int(match[1]) for match in LOCATION.finditer(reply)}
    if not named and judged != {True}:
        return _by_sentences(reply, located, bool(judged), n_steps)
    number = named.pop() if named else NO_ERROR
    if number == NO_ERROR and (located or judged == {False}):
        return unparsed("the reply finds an error and says that there is none", n_steps)
    if number != NO_ERROR and judged == {True}:
        return unparsed("the reply names a wrong step and calls the solution correct", n_steps)
    return _named(number, n_steps)


def _last_answer(reply: str) -> set[int]:
    answers = [int(match[1]) if match[1] else NO_ERROR for match in ANSWER.finditer(reply)]
    return set(answers[-1:])


def _first_error_fields(reply: str) -> set[int]:
    """The steps that the fields "First Error Step" name."""
    found = set()
    for field in FIELD.finditer(reply):
        if field["step"] and not ECHO.match(reply, field.end()):
            value = STEP_VALUE.match(reply, field.end())
            number = value["number"] if value else UNREADABLE
            found.add(NO_ERROR if number is None else int(number))
    return found


def _judgement_fields(reply: str) -> set[bool]:
    """Whether the fields "Final Judgement" call the solution correct; unclear ones are left out."""
    fields = (field for field in FIELD.finditer(reply) if not field["step"])
    judged = (JUDGEMENT_VALUE.match(reply, field.end()) for field in fields)
    return {value["correct"] is not None for value in judged if value}


def _by_sentences(reply: str, located: set[int], judged_wrong: bool, n_steps: int) -> JudgeVerdict:
    rest, all_correct = ALL_CORRECT.subn(" ", reply)
    if len(located) > 1:
        return unparsed("the reply names several steps and gives no answer", n_steps)
    if all_correct and (located or judged_wrong):
        return unparsed("the reply finds an error and says that there is none", n_steps)
    if not located and not all_correct:
        return unparsed("the reply does not say which step is wrong", n_steps)
    if all_correct and DOUBT.search(rest):
        return unparsed("the reply says that all is correct, and finds fault", n_steps)
    return _named(located.pop() if located else NO_ERROR, n_steps)


def _named(number: int, n_steps: int) -> JudgeVerdict:
    """The verdict that step `number` (from 1 on) is the first wrong one."""
    if number == NO_ERROR:
        return verdict_at(-1, n_steps)
    return verdict_at(number - 1 if number else n_steps, n_steps)
