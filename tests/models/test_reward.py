"""A PRM as a reward: how trainers call it, and what it pays for tricks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from models.errors import ModelError
from models.playground.world import gold_solution, sample_problems
from models.prm.aggregation import AGGREGATIONS, min_form
from models.prm.transformers import LoadedPRM, load_prm
from models.reward import StepReward

PROBLEMS = sample_problems(24, 91)
SOLUTIONS = ["\n\n".join(gold_solution(one)) for one in PROBLEMS]
PROMPTS = [one.text for one in PROBLEMS]


@pytest.fixture(scope="module")
def prm() -> LoadedPRM:
    return load_prm("playground:prm")


class StubTrainer:
    """Calls reward functions as TRL's GRPOTrainer does: by name, with the other columns."""

    def __init__(self, reward_funcs: Sequence[StepReward]) -> None:
        self.reward_funcs = reward_funcs

    def step(self, rows: Sequence[dict]) -> dict[str, list[float]]:
        keys = [key for key in rows[0] if key not in ("prompt", "completion")]
        columns = {key: [row[key] for row in rows] for key in keys}
        return {
            function.__name__: function(
                prompts=[row["prompt"] for row in rows],
                completions=[row["completion"] for row in rows],
                completion_ids=[[1, 2] for _ in rows],
                **columns,
            )
            for function in self.reward_funcs
        }


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_a_trainer_gets_the_aggregated_scores(prm: LoadedPRM, aggregation: str) -> None:
    reward = StepReward(prm, aggregation)
    rows = [
        {
            "prompt": [
                {"role": "system", "content": "Reason step by step."},
                {"role": "user", "content": [{"type": "text", "text": prompt}]},
            ],
            "completion": [{"role": "assistant", "content": solution}],
            "answer": "1",
        }
        for prompt, solution in zip(PROMPTS, SOLUTIONS, strict=True)
    ]
    found = StubTrainer([reward]).step(rows)["step_reward"]
    steps = [(prompt, text.split("\n\n")) for prompt, text in zip(PROMPTS, SOLUTIONS, strict=True)]
    expected = [AGGREGATIONS[aggregation](scores) for scores in prm.score(steps)]
    assert found == pytest.approx(expected, abs=1e-5)
    plain = StubTrainer([reward]).step(
        [
            {"prompt": prompt, "completion": solution}
            for prompt, solution in zip(PROMPTS, SOLUTIONS, strict=True)
        ]
    )
    assert plain["step_reward"] == pytest.approx(found, abs=1e-6)
    infos = [{"question": prompt} for prompt in PROMPTS]
    by_verl = reward.verl(["world"] * len(infos), SOLUTIONS, [None] * len(infos), infos)
    assert by_verl == pytest.approx(found, abs=1e-6)


def test_what_has_no_steps_or_does_not_fit_earns_the_least(prm: LoadedPRM) -> None:
    reward = StepReward(prm, "mean")
    endless = "\n\n".join(["So 1 + 1 = 2 apples remain."] * 400)
    tricks = (["Long?", "Empty?", "Blank?"], [endless, "", " \n\n "])
    assert reward(*tricks) == [0.0] * 3
    assert StepReward(prm, "min-form")(*tricks) == [-1.0] * 3
    assert reward([], []) == []
    with pytest.raises(ValueError):
        reward(["One?"], [])
    with pytest.raises(ModelError, match="no aggregation 'sum'; there are: product, min"):
        StepReward(prm, "sum")


def test_min_form_is_close_to_the_lowest_reward_and_depends_on_all() -> None:
    assert min_form([0.9, 0.1, 0.8]) == pytest.approx(2 * 0.1 - 1, abs=1e-3)
    assert min_form([0.6]) == pytest.approx(0.2)
    assert min_form([0.5, 0.5]) == pytest.approx(0.0)
    assert min_form([0.5, None]) == -math.inf


def test_empty_steps_change_no_reward(prm: LoadedPRM) -> None:
    """Splitting takes this trick away; docs/rewards.md has figures for the others."""
    padded = [text.replace("\n\n", "\n\n \n\n\n\n") + "\n\n\n\n" for text in SOLUTIONS]
    for aggregation in AGGREGATIONS:
        reward = StepReward(prm, aggregation)
        assert reward(PROMPTS, padded) == pytest.approx(reward(PROMPTS, SOLUTIONS), abs=1e-6)
