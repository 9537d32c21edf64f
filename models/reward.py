"""A PRM as the reward of reinforcement learning: prompts and completions in, a number each out.

TRL calls a reward function with prompts and completions, verl with texts and what belongs to them;
docs/rewards.md shows both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from models.errors import ModelError
from models.prm.aggregation import AGGREGATIONS
from models.prm.base import Scorer
from models.prm.load import load_scorer
from models.steps import split_steps

Message = Mapping[str, Any]
Text = str | Sequence[Message]  # plain, or a chat
LEAST = {"min-form": -1.0}  # what an aggregation cannot go under; of chances it is 0


class StepReward:
    """Scores completions by their steps, which blank lines separate (`models.steps`).

    `aggregation` is one of AGGREGATIONS. A completion without a step gets the `least` there is, and
    so does one of which a step was not scored, since it did not fit. What a policy writes is only
    ever scored, never run.
    """

    # TRL logs a reward function under this name.
    __name__ = "step_reward"

    def __init__(self, prm: str | Scorer, aggregation: str = "min") -> None:
        if aggregation not in AGGREGATIONS:
            raise ModelError(
                f"There is no aggregation {aggregation!r}; there are: {', '.join(AGGREGATIONS)}"
            )
        self.scorer = load_scorer(prm) if isinstance(prm, str) else prm
        self.aggregate = AGGREGATIONS[aggregation]
        self.least = LEAST.get(aggregation, 0.0)

    def __call__(
        self, prompts: Sequence[Text], completions: Sequence[Text], **columns: Any
    ) -> list[float]:
        """A reward for each completion, as TRL's `reward_funcs` are called.

        Prompts are problems, or chats whose last user's message is the problem. Raises ValueError
        on unequal lengths.
        """
        solutions = [
            (problem_of(prompt), split_steps(text_of(completion)))
            for prompt, completion in zip(prompts, completions, strict=True)
        ]
        told = [place for place, (_, steps) in enumerate(solutions) if steps]
        rewards = [self.least] * len(solutions)
        for place, scores in zip(
            told, self.scorer.score([solutions[place] for place in told]), strict=True
        ):
            reward = self.aggregate(scores)
            rewards[place] = reward if math.isfinite(reward) else self.least
        return rewards

    def verl(
        self,
        data_sources: Sequence[str],
        solution_strs: Sequence[str],
        ground_truths: Sequence[Any],
        extra_infos: Sequence[Mapping[str, Any]],
    ) -> list[float]:
        """A reward for each solution, as verl's batch reward manager calls a custom function.

        The problem is `extra_info["question"]`, as verl's own preprocessing writes it. Raises
        KeyError where it is missing.
        """
        return self([info["question"] for info in extra_infos], solution_strs)


def problem_of(prompt: Text) -> str:
    """The text of a prompt; of a chat the last message of the user."""
    if isinstance(prompt, str):
        return prompt
    asked = [message for message in prompt if message.get("role") == "user"]
    return _content(asked[-1]) if asked else text_of(prompt)


def text_of(completion: Text) -> str:
    """The text of a completion; of a chat all that the assistant wrote."""
    if isinstance(completion, str):
        return completion
    return "\n\n".join(_content(message) for message in completion)


def _content(message: Message) -> str:
    """A message's text, which may come in parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content)
