"""Final answers: deciding whether one is the gold answer.

`grade` settles most pairs by comparing normalised strings and exact fractions; what is left goes
to math-verify in processes of its own (`labeling.answers.pool`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from labeling.answers.extract import closing_brace, strip_markup

Verdict = Literal["correct", "wrong", "unknown"]

MAX_ANSWER = 1_000  # characters; a longer "answer" is a derivation, and costs a parser minutes.
ROUNDING = Fraction(1, 10**5)  # relatively closer than this, math-verify's rounding decides.

_DROPPED = re.compile(
    r"\\(?:left|right|displaystyle|,|!|;|:| )|\\(?:mathrm|text|textbf|mathbf|mbox)\s*(?=\{)|[$~]"
    r"|(?<!\d)\s|\s(?!\d)"  # A blank between digits stays: "1 1/2" is not "11/2".
)
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_NUMBER = r"\d+(?:\.\d+)?|\.\d+"
_PLAIN = re.compile(rf"(?P<sign>[+-]?)(?P<value>{_NUMBER})(?:/(?P<over>\d+))?")
_FRACTION = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>\d*)\\frac(?:\{(?P<top>-?\d+)\}|(?P<t>\d))"
    r"(?:\{(?P<under>\d+)\}|(?P<u>\d))"
)
_MIXED = re.compile(r"\s*([+-]?)\s*(\d+)\s+(\d+)\s*/\s*(\d+)\s*")
_UNIT = re.compile(rf"\s*\$?\s*([+-]?(?:{_NUMBER}|\d{{1,3}}(?:,\d{{3}})+))\s+([A-Za-z][A-Za-z ]+)")
_SCALES = frozenset(
    ("hundred", "thousand", "million", "billion", "trillion", "dozen", "half", "percent")
    + ("and", "or", "to", "pi", "sqrt")
)


def normalise(answer: str) -> str:
    r"""`answer` in a spelling in which equal answers are mostly equal strings.

    Math delimiters, spacing and size commands, blanks, `\text`, currency and degree signs and
    thousands separators go; `\dfrac` and `\tfrac` become `\frac`. A percent sign stays.
    """
    text = strip_markup(answer).replace("−", "-").replace(r"\$", "").replace("{,}", ",")
    text = re.sub(r"\\[dtc]frac", r"\\frac", text).replace(r"\%", "%")
    text = re.sub(r"\^\s*(?:\{\s*\\circ\s*\}|\\circ)|°", "", text)
    text = _DROPPED.sub("", re.sub(r"\s+", " ", text))
    text = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), text)
    while len(text) > 2 and text[0] == "{" and closing_brace(text, 0) == len(text) - 1:
        text = text[1:-1]
    if re.fullmatch(r"\([A-Za-z]\)", text):  # a multiple-choice letter
        text = text[1:-1]
    return text.rstrip(".")


def number(answer: str) -> Fraction | None:
    r"""The exact value of an integer, decimal, a/b, `\frac{a}{b}` or mixed number, else None."""
    if len(answer) > 60:  # Arithmetic on enormous literals is slow, and no real answer.
        return None
    mixed = _MIXED.fullmatch(answer)
    if mixed:
        sign, whole, top, under = mixed.groups()
        return _value(sign, Fraction(int(whole)), int(top), int(under))
    text = normalise(answer)
    plain = _PLAIN.fullmatch(text)
    if plain:
        over = int(plain["over"] or 1)
        return None if over == 0 else _value(plain["sign"], Fraction(plain["value"]) / over, 0, 1)
    match = _FRACTION.fullmatch(text)
    if match:
        top, under = int(match["top"] or match["t"]), int(match["under"] or match["u"])
        return _value(match["sign"], Fraction(int(match["whole"] or 0)), top, under)
    return None


def _value(sign: str, whole: Fraction, top: int, under: int) -> Fraction | None:
    if under == 0:
        return None
    value = whole + Fraction(top, under)
    return -value if sign == "-" else value


def quick_grade(answer: str, gold: str) -> Verdict | None:
    """The verdict where strings or exact numbers settle it, else None; costs microseconds.

    Equality is of whole answers: "2" is not in "12". Numbers that differ by less than
    math-verify's rounding, and anything that is not two plain numbers, stay undecided.
    """
    left, right = normalise(answer), normalise(gold)
    if not left or not right:
        return None
    if left == right:
        return "correct"
    words = re.compile(r"[A-Za-z]+")
    if words.fullmatch(left) and words.fullmatch(right):
        if left.casefold() == right.casefold() and len(left) > 1:
            return "correct"
        return "wrong" if len(left) == 1 or len(right) > 1 else None
    a, b = number(answer), number(gold)
    if a is not None and b is not None:
        if a == b:
            return "correct"
        return None if abs(a - b) <= ROUNDING * max(abs(a), abs(b)) else "wrong"
    return "correct" if b is not None and _without_unit(answer) == b else None


def _without_unit(answer: str) -> Fraction | None:
    """The number in "18 apples" or "50%"; None where the words could change its value."""
    text = strip_markup(answer)
    if text.endswith("%"):
        return number(text.rstrip("%").rstrip("\\"))
    match = _UNIT.fullmatch(text)
    if match is None or len(match[2]) < 2 or _SCALES & set(match[2].lower().split()):
        return None
    return number(match[1])


def grade(answer: str, gold: str) -> Verdict:
    """Whether `answer` is the gold answer; see `grade_all`, which is faster for several."""
    return grade_all([(answer, gold)])[0]


def grade_all(pairs: Sequence[tuple[str, str]]) -> list[Verdict]:
    """Whether the first of each pair is the second, the gold answer; may be called from any thread.

    What strings and exact numbers do not settle goes to math-verify in worker processes, all of
    them at work, under a wall clock. A time-out or a crash is "unknown", never "wrong", and so is
    a gold answer that math-verify cannot read. Raises RuntimeError if math-verify cannot be
    started at all.
    """
    verdicts = [_settled(answer, gold) for answer, gold in pairs]
    hard = [place for place, verdict in enumerate(verdicts) if verdict is None]
    if hard:
        from labeling.answers.pool import verify_all  # Nothing is started for easy answers.

        asked = [(strip_markup(pairs[at][0]), strip_markup(pairs[at][1])) for at in hard]
        for place, verdict in zip(hard, verify_all(asked), strict=True):
            verdicts[place] = verdict
    return [verdict or "unknown" for verdict in verdicts]


def _settled(answer: str, gold: str) -> Verdict | None:
    """The verdict that needs no math-verify; None where only that can tell."""
    verdict = quick_grade(answer, gold)
    if verdict is not None:
        return verdict
    readable = answer.strip() and gold.strip() and max(len(answer), len(gold)) <= MAX_ANSWER
    return None if readable else "unknown"
