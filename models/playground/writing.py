r"""How a solution is written down: plain, with connecting words, under headings, or with LaTeX.

A derivation is a list of plain sentences, each around one equation such as `4 * 7 = 28`. A
manner turns them into the steps that a reader sees; what is derived stays the same.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.playground.story import PEOPLE

OPENERS = ("plain", "plain", "linked", "headed", "spoken")
LATEX = 0.35  # the share of solutions whose equations are LaTeX

_PLAIN = re.compile(r"(\d+) ([-+*/]) (\d+) = (\d+)")
_SIGNS = {"+": "+", "-": "-", "*": r"\times", "/": r"\div"}
_VERBS = {"+": "We add", "-": "We subtract", "*": "We multiply", "/": "We divide"}
_LINKED = ("Then", "So", "After", "Now", "In the end", "At last", "With", "Later")
_NAMES = tuple(name for name, _ in PEOPLE)


@dataclass(frozen=True, slots=True)
class Manner:
    """How one solution is written throughout."""

    opener: str = "plain"
    latex: bool = False


def draw_manner(rng: random.Random) -> Manner:
    """A manner at random."""
    return Manner(rng.choice(OPENERS), rng.random() < LATEX)


def write(sentences: Sequence[str], answer: int, manner: Manner) -> list[str]:
    r"""The steps of a solution from its plain sentences; the last ends in the boxed answer."""
    steps = [
        _opened(sentence, place, len(sentences), manner) for place, sentence in enumerate(sentences)
    ]
    if manner.latex:
        steps = [_PLAIN.sub(_as_latex, step) for step in steps]
    steps[-1] += f" {_final_sentence(answer, manner)}"
    return steps


def _final_sentence(answer: int, manner: Manner) -> str:
    """The sentence that closes a solution."""
    begin = {"linked": "So the answer is", "headed": "Therefore, the answer is"}
    return f"{begin.get(manner.opener, 'The answer is')} \\boxed{{{answer}}}."


def _opened(sentence: str, place: int, count: int, manner: Manner) -> str:
    if manner.opener == "headed":
        return f"**Step {place + 1}:** {sentence}"
    found = _PLAIN.search(sentence)
    if manner.opener == "spoken" and found:
        return f"{_VERBS[found[2]]}: {_lowered(sentence)}"
    if manner.opener == "linked" and not sentence.startswith(_LINKED):
        word = "First" if place == 0 else "Finally" if place == count - 1 else "Next"
        return f"{word}, {_lowered(sentence)}"
    return sentence


def _lowered(sentence: str) -> str:
    """With a small first letter, unless a name begins it."""
    return sentence if sentence.startswith(_NAMES) else sentence[0].lower() + sentence[1:]


def _as_latex(match: re.Match[str]) -> str:
    a, sign, b, value = match.groups()
    return rf"\( {a} {_SIGNS[sign]} {b} = {value} \)"
