r"""The exact checker: the first wrong step of a solution to a problem whose derivation is known.

Every equation is read as an expression over the numbers of the problem: a number that an earlier
step computed stands for what that step computed it from. Two expressions are the same when they
have the same value for random numbers of a large prime field in place of the problem's own
(polynomial identity testing: Schwartz, 1980; Zippel, 1979). So neither order nor grouping matters,
and the sides of + and * may be swapped, while `12 - 4` is not `16 - 8` although both are 8.

What the checker does not see: words (a wrong name, a wrong unit) are not read.
"""

from __future__ import annotations

import ast
import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

PRIME = (1 << 61) - 1
MAX_READINGS = 64  # ways to read one equation: each number as given, or as computed before

_EXPRESSION = re.compile(r"[\d(][\d\s.()+*/-]*")
_BEGINS = re.compile(r"(?<![\d.])[\d(]")  # where an expression may begin
_BOXED = re.compile(r"\\boxed\{([^{}]*)\}")
_CLAIM = re.compile(r"\d")
_SPELLED = (
    (re.compile(r"\\times|\\cdot|×|·"), "*"),
    (re.compile(r"\\div|÷"), "/"),
    (re.compile(r"\\d?frac\{(\d+)\}\{(\d+)\}"), r"(\1/\2)"),
    (re.compile(r"\\[()\[\]]|\$|\*\*|\\,"), " "),
    (re.compile("−|–"), "-"),
)
_HEADING = re.compile(r"^\W*Step \d+\W+")


@dataclass(frozen=True, slots=True)
class Equation:
    """`left = value`, as it stands in a step; `left` is a parsed expression."""

    text: str
    left: ast.expr
    value: Fraction

    @property
    def is_true(self) -> bool:
        """Whether the left side has that value."""
        try:
            return _value(self.left) == self.value
        except ZeroDivisionError:
            return False


@dataclass(frozen=True, slots=True)
class _Derivation:
    """The meaning of the answer, of every gold step, and of the beginnings of other ways."""

    target: int
    meanings: frozenset[int]
    regrouped: frozenset[int]


@dataclass(slots=True)
class _Told:
    """What a solution has computed so far: the meanings of each value, and their sources."""

    meanings: dict[Fraction, list[int]] = field(default_factory=dict)
    sources: dict[int, set[int]] = field(default_factory=dict)


def read_equations(step: str) -> list[Equation]:
    """The equations of a step, plain or LaTeX; a chain `a = b = c` gives one for each `=`."""
    text = _HEADING.sub("", step)
    for pattern, plain in _SPELLED:
        text = pattern.sub(plain, text)
    found = []
    for place, right in enumerate(sides := text.split("=")):
        if place == 0 or not (value := re.match(r"\s*(\d+(?:\.\d+)?)(?!\d)", right)):
            continue
        if (left := _last_expression(sides[place - 1])) is not None:
            text = f"{ast.unparse(left)} = {value[1]}"
            found.append(Equation(text, left, Fraction(value[1])))
    return found


def boxed_answers(step: str) -> list[str]:
    """What a step boxes, in its order."""
    return [text.strip() for text in _BOXED.findall(step)]


def first_error(gold: Sequence[str], answer: int, steps: Sequence[str]) -> int | None:
    """The 0-based first wrong step, -1 when all are right, None when it cannot be told.

    `gold` are the equations of the derivation. A step is right when each of its equations is
    true and computes something of the derivation, and when an answer that it boxes is the answer
    and has been derived; a step without any number claims nothing. A solution that derives the
    answer by true equations in its own way is right as a whole.

    None: no step at all; a solution that ends before its answer without an error; an answer
    boxed without its derivation; a true equation beside the way to a right answer; and a wrong
    solution that leaves the derivation by the beginning of another valid way (`35 * 3` where
    `(35 - 4) * 3` is needed), since the error may lie there or later.
    """
    if not steps:
        return None
    derivation, told = _derive(gold), _Told()
    strange: list[tuple[int, int]] = []  # (step, meaning) that the derivation does not know
    boxed_at = None
    for index, step in enumerate(steps):
        equations = read_equations(step)
        answers = boxed_answers(step)
        claims = _CLAIM.search(_BOXED.sub("", _HEADING.sub("", step)))
        if boxed_at is not None:  # it goes on: wrong here, or there if it had not got that far
            early = derivation.target not in told.sources
            return _first(strange, boxed_at if early else index, derivation)
        if claims and not equations:
            return _first(strange, index, derivation)
        for equation in equations:
            meaning = _place(equation, told, derivation)
            if meaning is None:
                return _first(strange, index, derivation)
            if meaning not in derivation.meanings:
                strange.append((index, meaning))
        if answers:
            if any(text != str(answer) for text in answers):
                return _first(strange, index, derivation)
            boxed_at = index
    if derivation.target in told.sources:
        used = _ancestors(derivation.target, told.sources)
        beside = any(meaning not in used for _, meaning in strange)
        return None if beside or boxed_at is None else -1
    if strange:
        return _first(strange, len(steps), derivation)
    if boxed_at is None:
        return None
    return boxed_at if read_equations(steps[boxed_at]) else None


def _first(strange: Sequence[tuple[int, int]], wrong: int, derivation: _Derivation) -> int | None:
    """The first error when step `wrong` is plainly one, unless an earlier step left the way."""
    for index, meaning in strange:
        if index < wrong:
            return None if meaning in derivation.regrouped else index
    return wrong


def _derive(gold: Sequence[str]) -> _Derivation:
    told = _Told()
    trees: dict[int, tuple[str, int, int]] = {}  # meaning -> (sign, meaning, meaning)
    meaning = 0
    for text in gold:
        equation = read_equations(text)[0]
        node = equation.left
        meaning = _readings(node, told)[0]
        if isinstance(node, ast.BinOp):
            a, b = _readings(node.left, told)[0], _readings(node.right, told)[0]
            trees[meaning] = (_sign(node.op), a, b)
        told.meanings.setdefault(equation.value, []).insert(0, meaning)
    return _Derivation(meaning, frozenset(trees), frozenset(_regrouped(trees)))


def _regrouped(trees: dict[int, tuple[str, int, int]]) -> set[int]:
    """What other valid ways compute first: an outer operation done on a part of an inner one.

    `x * k` and `y * k` for `(x + y) * k`, `y - k` for `(x + y) - k`, and so on.
    """
    found: set[int] = set()
    for sign, a, b in trees.values():
        for part, other in ((a, b), (b, a)):
            if part in trees:
                for operand in trees[part][1:]:
                    found |= {_compute(operand, sign, other), _compute(other, sign, operand)}
                    if sign in "-/":  # x - y - k by way of y + k, x / y / k by way of y * k
                        found.add(_compute(operand, "+" if sign == "-" else "*", other))
    return found - trees.keys()


def _place(equation: Equation, told: _Told, derivation: _Derivation) -> int | None:
    """Take a true equation into the derivation, in its likeliest reading; None if it is false."""
    if not equation.is_true:
        return None
    readings = _readings(equation.left, told)
    meaning = next((one for one in readings if one in derivation.meanings), readings[0])
    told.meanings.setdefault(equation.value, []).insert(0, meaning)
    told.sources.setdefault(meaning, set()).update(_parts(equation.left, told))
    return meaning


def _parts(node: ast.expr, told: _Told) -> set[int]:
    """The meanings of earlier results that an expression may have been made from."""
    if isinstance(node, ast.BinOp):
        return _parts(node.left, told) | _parts(node.right, told)
    return set(told.meanings.get(_value(node), ()))


def _ancestors(meaning: int, sources: dict[int, set[int]]) -> set[int]:
    seen: set[int] = set()
    todo = [meaning]
    while todo:
        if (one := todo.pop()) not in seen:
            seen.add(one)
            todo.extend(sources.get(one, ()))
    return seen


def _readings(node: ast.expr, told: _Told) -> list[int]:
    """The meanings an expression may have; those from the newest results come first."""
    if not isinstance(node, ast.BinOp):
        value = _value(node)
        return [*told.meanings.get(value, ()), _given(value)]
    left, right = _readings(node.left, told), _readings(node.right, told)
    sign = _sign(node.op)
    pairs = itertools.islice(itertools.product(left, right), MAX_READINGS)
    return [_compute(a, sign, b) for a, b in pairs]


def _given(value: Fraction) -> int:
    """The random field element that stands for a number of the problem."""
    digest = hashlib.sha256(str(value).encode()).digest()
    return int.from_bytes(digest[:8], "big") % PRIME


def _compute(a: int, sign: str, b: int) -> int:
    if sign == "+":
        return (a + b) % PRIME
    if sign == "-":
        return (a - b) % PRIME
    return a * (b if sign == "*" else pow(b, PRIME - 2, PRIME)) % PRIME


def _value(node: ast.expr) -> Fraction:
    if isinstance(node, ast.BinOp):
        a, b, sign = _value(node.left), _value(node.right), _sign(node.op)
        return a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else a / b
    assert isinstance(node, ast.Constant)
    return Fraction(str(node.value))


def _sign(operator: ast.operator) -> str:
    return {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}[type(operator)]


def _last_expression(text: str) -> ast.expr | None:
    """The longest arithmetic that a text ends with; a number alone is none."""
    matches = list(_EXPRESSION.finditer(text))
    if not matches or matches[-1].end() != len(text):
        return None
    tail = matches[-1][0]
    for begin in _BEGINS.finditer(tail):
        parsed = _parse(tail[begin.start() :].strip())
        if isinstance(parsed, ast.BinOp):
            return parsed
    return None


def _parse(text: str) -> ast.expr | None:
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp):
            if not isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
                return None
        elif isinstance(node, ast.expr) and not (
            isinstance(node, ast.Constant) and type(node.value) in (int, float)
        ):
            return None
    return tree
