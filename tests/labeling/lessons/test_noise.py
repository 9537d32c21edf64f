"""What is wrong with Monte Carlo's labels, and who catches it: single steps and completions."""

from __future__ import annotations

import pytest

from labeling.lessons.noise.repairs import kind_of_repair, miscalculates, takes_back, vouches
from models.playground.story import GoldStep
from models.playground.world import WorldProblem

ANSWER = r"The answer is \boxed{176}."
PROBLEM = WorldProblem(
    "For 8 days Peter makes 33 lemons each day. He sells one third of them. How many are left?",
    176,
    (
        GoldStep("Peter makes 33 * 8 = 264 lemons.", "33 * 8 = 264", 264),
        GoldStep("He sells 264 / 3 = 88 lemons.", "264 / 3 = 88", 88),
        GoldStep("So 264 - 88 = 176 lemons remain.", "264 - 88 = 176", 176),
    ),
    "test",
)
GOLD = ("He sells 264 / 3 = 88 lemons.", f"So 264 - 88 = 176 lemons remain. {ANSWER}")


@pytest.mark.parametrize(
    ("wrong", "completion", "kind"),
    [
        ("Peter makes 33 * 8 = 204 lemons.", GOLD, "passed over"),
        ("Peter makes 33 + 8 = 41 lemons.", (PROBLEM.steps[0].text, *GOLD), "done again"),
        ("Peter makes 260 + 4 = 264 lemons.", GOLD, "same number"),
        (
            "Peter makes 33 * 8 = 204 lemons.",
            ("He sells 204 / 3 = 68 lemons.", f"Then 204 - 68 = 176 lemons are left. {ANSWER}"),
            "second error",
        ),
        ("Peter makes 33 * 8 = 204 lemons.", (ANSWER,), "otherwise"),
    ],
)
def test_what_became_of_a_wrong_step_is_told_by_the_derivation(
    wrong: str, completion: tuple[str, ...], kind: str
) -> None:
    assert kind_of_repair(PROBLEM, [wrong], completion) == kind


def test_a_completion_vouches_for_a_step_that_it_builds_on_and_calculates_truly() -> None:
    right = PROBLEM.steps[0].text
    assert vouches(right, GOLD)
    assert takes_back("Peter makes 33 * 8 = 204 lemons.", GOLD)
    assert not takes_back("Peter makes lemons.", GOLD)  # nothing that could be taken back
    slip = ("He sells 204 / 3 = 68 lemons.", f"Then 204 - 68 = 176 lemons are left. {ANSWER}")
    assert not takes_back("Peter makes 33 * 8 = 204 lemons.", slip)
    assert miscalculates(slip)
    assert not vouches("Peter makes 33 * 8 = 204 lemons.", slip)


def test_the_answer_alone_builds_on_the_step_that_computed_it() -> None:
    assert vouches("So 264 - 88 = 176 lemons remain.", (ANSWER,))
    assert not vouches("So 264 - 88 = 175 lemons remain.", (ANSWER,))
