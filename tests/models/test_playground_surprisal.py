"""The objective of the PRM's base: how surprising was the token that was just read."""

from __future__ import annotations

import copy
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from models.loading import load_tokenizer  # noqa: E402
from models.names import PLAYGROUND_CHECKPOINTS  # noqa: E402
from models.playground.world import gold_solution, sample_problems  # noqa: E402
from training.playground import surprisal  # noqa: E402
from training.playground.training import Recipe, padded, train  # noqa: E402

POLICY = PLAYGROUND_CHECKPOINTS / "policy"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load_tokenizer(POLICY)


@pytest.fixture(scope="module")
def teacher() -> Any:
    from transformers import Qwen2ForCausalLM

    return Qwen2ForCausalLM.from_pretrained(POLICY, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def solutions() -> list[surprisal.Solution]:
    """Gold ones, every other with its last answer changed."""
    made = []
    for number, problem in enumerate(sample_problems(60, 91)):
        *steps, last = gold_solution(problem)
        wrong = last.replace("boxed{", "boxed{9")
        made.append((problem.text, (*steps, wrong if number % 2 else last)))
    return made


def test_only_the_solution_counts(tokenizer: Any, solutions: list[surprisal.Solution]) -> None:
    example = next(surprisal.reading(tokenizer, solutions))
    counted = [i for i, w in zip(example.ids, example.weights, strict=True) if w]
    assert tokenizer.decode(counted) == "\n\n".join(solutions[0][1])


def test_the_target_is_the_teachers_log_probability_of_the_token_just_read(
    tokenizer: Any, teacher: Any, solutions: list[surprisal.Solution]
) -> None:
    """By Transformers' own forward pass, one solution at a time."""
    source = surprisal.reading(tokenizer, solutions)
    batch = [next(source) for _ in range(4)]
    ids, weights = padded(batch, "cpu")
    at = weights[:, 1:].nonzero(as_tuple=True)
    told = surprisal.log_probabilities(teacher, ids, at)
    expected = []
    for example in batch:
        with torch.no_grad():
            logs = teacher(torch.tensor([example.ids])).logits[0].log_softmax(-1)
        expected += [
            logs[place - 1, token].item()
            for place, (token, weight) in enumerate(zip(example.ids, example.weights, strict=True))
            if weight
        ]
    assert told.tolist() == pytest.approx(expected, abs=1e-3)


def test_it_is_learnt_without_a_label(
    tokenizer: Any, teacher: Any, solutions: list[surprisal.Solution]
) -> None:
    model, few = copy.deepcopy(teacher), solutions[:12]
    surprisal.add_head(model)
    loss = surprisal.loss_against(teacher)
    source = surprisal.reading(tokenizer, few)
    train(model, source, Recipe(150, 1024, 1.5e-3, warmup=5), 0, lambda _: None, loss_of=loss)
    after = surprisal.measure(model, teacher, tokenizer, few)
    assert after["rare tokens"] >= 5
    assert after["mean squared error, nats"] < 0.7 * after["that of always saying the mean"]
    surprisal.drop_head(model)
    assert model.state_dict().keys() == teacher.state_dict().keys()


def test_an_added_layer_changes_nothing_before_it_is_trained(teacher: Any) -> None:
    ids = torch.randint(5, 1000, (2, 30))
    deeper = surprisal.deepened(teacher)
    assert len(deeper.model.layers) == len(teacher.model.layers) + 1
    with torch.no_grad():
        assert torch.equal(deeper(ids).logits, teacher(ids).logits)
    loss = deeper(ids).logits.square().mean()
    loss.backward()
    assert deeper.model.layers[-1].mlp.down_proj.weight.grad.abs().max() > 0
