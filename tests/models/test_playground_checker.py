r"""The playground's exact checker on hand-made solutions: other orders, other ways, and errors.

One problem: 5 bags of 7 apples, 4 are eaten, the rest is tripled. The answer is 93.
"""

from __future__ import annotations

import pytest

from models.playground.checker import first_error, read_equations

GOLD = ("5 * 7 = 35", "35 - 4 = 31", "31 * 3 = 93")
BOX = r" The answer is \boxed{93}."
A, B, C = "The bags hold 5 * 7 = 35.", "Then 35 - 4 = 31 are left.", "In the end 31 * 3 = 93."

RIGHT = {
    "as it is": (A, B, C + BOX),
    "sides of products swapped": ("7 * 5 = 35.", B, "3 * 31 = 93." + BOX),
    "latex in brackets": (r"\( 5 \times 7 = 35 \)", r"\[35 - 4 = 31\]", r"\(31\cdot 3=93\)" + BOX),
    "latex in dollars": ("$5 \\times 7 = 35$.", "$35-4=31$", "$31 \\times 3 = 93$." + BOX),
    "bold headings": ("**Step 1:** 5 * 7 = 35", "**Step 2:** 35 - 4 = 31", C + BOX),
    "unicode signs": ("5 × 7 = 35", "35 − 4 = 31", "31 × 3 = 93." + BOX),
    "two steps in one": (A + " " + B, C + BOX),
    "all in one step": (A + " " + B + " " + C + BOX,),
    "one long expression": ("So (5 * 7 - 4) * 3 = 93." + BOX,),
    "two operations at once": ("We get 5 * 7 - 4 = 31.", C + BOX),
    "multiplied part by part": (A, "35 * 3 = 105", "4 * 3 = 12", "105 - 12 = 93." + BOX),
    "part by part in another order": ("4 * 3 = 12", A, "35 * 3 = 105", "105 - 12 = 93." + BOX),
    "tripled first": ("7 * 3 = 21", "21 * 5 = 105", "4 * 3 = 12", "105 - 12 = 93." + BOX),
    "words before": ("Let us see what is left.", A, B, C + BOX),
    "the answer by itself": (A, B, C, "So." + BOX),
    "a step twice": (A, A, B, C + BOX),
    "a chain of equals signs": ("5 * 7 = 35 - 4 = 31", C + BOX),
    "a full stop before the equation": ("There are 5. 5 * 7 = 35", B, C + BOX),
}
WRONG = {
    "slip in a product": ("5 * 7 = 36", "36 - 4 = 32", "32 * 3 = 96. \\boxed{96}", 0),
    "slip in a difference": (A, "35 - 4 = 30", "30 * 3 = 90. \\boxed{90}", 1),
    "slip at the end": (A, B, "31 * 3 = 94. \\boxed{94}", 2),
    "slip, then repaired": ("5 * 7 = 36", B, C + BOX, 0),
    "wrong sign": (A, "35 + 4 = 39", "39 * 3 = 117. \\boxed{117}", 1),
    "wrong number": (A, "35 - 3 = 32", "32 * 3 = 96. \\boxed{96}", 1),
    "numbers of another step": (A, "35 - 5 = 30", "30 * 3 = 90. \\boxed{90}", 1),
    "a step left out at the end": (A, B + " \\boxed{31}", 1),
    "a step left out in the middle": (A, "35 * 3 = 105. \\boxed{105}", 1),
    "a value from nowhere": (A, C + BOX, 1),
    "the right answer by chance": (A, "90 + 3 = 93." + BOX, 1),
    "equal values, other meaning": ("40 - 5 = 35", B, C + BOX, 0),
    "boxed something else": (A, B, C + " \\boxed{39}", 2),
    "boxed two answers": (A, B, C + " \\boxed{93} \\boxed{94}", 2),
    "boxed too early": (A + " \\boxed{35}", B, C + BOX, 0),
    "boxed before it is derived": (A + BOX, B, C + BOX, 0),
    "goes on after the answer": (A, B, C + BOX, "93 + 1 = 94. \\boxed{94}", 3),
    "half an equation": ("5 * = 35", B, C + BOX, 0),
    "a claim that is no equation": ("There are 36 apples.", B, C + BOX, 0),
    "a subtraction turned round": (A, "4 - 35 = 31", C + BOX, 1),
    "division by nothing": ("5 / 0 = 35", B, C + BOX, 0),
    "merged with a slip": ("5 * 7 = 35 and 35 - 4 = 32", "32 * 3 = 96. \\boxed{96}", 0),
}
UNKNOWN = {
    "nothing": (),
    "breaks off": (A, B),
    "no box": (A, B, C),
    "a boxed answer not derived": (A, B, "So." + BOX),
    "words and a box": ("That is easy." + BOX,),
    "a true detour beside the way": (A, B, "2 + 2 = 4", C + BOX),
    "begins another way, then errs": (A, "35 * 3 = 105", "105 - 4 = 101. \\boxed{101}"),
    "begins another way, then slips": (
        A,
        "35 * 3 = 105",
        "4 * 3 = 13",
        "105 - 13 = 92. \\boxed{92}",
    ),
}


@pytest.mark.parametrize("steps", RIGHT.values(), ids=RIGHT)
def test_valid_ways_are_right(steps: tuple[str, ...]) -> None:
    assert first_error(GOLD, 93, steps) == -1


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_errors_are_found_where_they_are(case: tuple[object, ...]) -> None:
    *steps, error = case
    assert first_error(GOLD, 93, [str(step) for step in steps]) == error


@pytest.mark.parametrize("steps", UNKNOWN.values(), ids=UNKNOWN)
def test_what_cannot_be_told_is_not_told(steps: tuple[str, ...]) -> None:
    assert first_error(GOLD, 93, steps) is None


def test_known_limits_stay_as_documented() -> None:
    """Right steps that are called wrong: of a hand-made hundred kinds these are the known ones."""
    repeated = ("5 + 5 + 5 + 5 + 5 + 5 + 5 = 35", B, C + BOX)
    assert first_error(GOLD, 93, repeated) == 0
    other_names = ("Nobody's bags hold 5 * 7 = 35 pears.", B, C + BOX)
    assert first_error(GOLD, 93, other_names) == -1  # words are not read


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"so \frac{12}{4} = 3 each", ["12 / 4 = 3"]),
        ("In 3 games (4 + 5 + 6) / 3 = 5 points", ["(4 + 5 + 6) / 3 = 5"]),
        ("costs 2.50 * 4 = 10 dollars", ["2.5 * 4 = 10"]),
        ("x = 5", []),
        ("7 = 7", []),
        ("__import__('os') * 2 = 4", []),
        ("(" * 5000 + "1 + 1 = 2", ["1 + 1 = 2"]),
        ("9 ** 9 = 81", []),
    ],
)
def test_equations_are_read_and_nothing_is_run(text: str, found: list[str]) -> None:
    assert [equation.text for equation in read_equations(text)] == found
