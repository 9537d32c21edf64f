"""vLLM against Transformers on the playground's policy: `make test-vllm`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.errors import ModelError
from models.generation.base import CompletionRequest, Sampling
from models.generation.load import load_generator
from models.playground.world import sample_problems

CHECKPOINTS = Path(__file__).parents[2] / "models" / "playground" / "checkpoints"
POLICY = f"vllm:{CHECKPOINTS / 'policy'}"
PROBLEMS = sample_problems(24, 5)
GREEDY = Sampling(temperature=0.0, max_tokens=200)
# bf16, vLLM's choice for these checkpoints, rounds otherwise than the float32 of Transformers.
SETTINGS = '{"dtype": "float32", "enforce_eager": true}'


@pytest.fixture(scope="module", autouse=True)
def settings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEPLENS_VLLM", SETTINGS)
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        yield


@pytest.fixture(scope="module")
def policy(settings: None) -> Any:
    return load_generator(POLICY)


def requests(generator: Any) -> list[CompletionRequest]:
    chats = [[{"role": "user", "content": problem.text}] for problem in PROBLEMS]
    return [CompletionRequest(generator.prompt_ids(chat), k) for k, chat in enumerate(chats)]


@pytest.mark.parametrize(
    "sampling",
    [GREEDY, Sampling(temperature=0.0, max_tokens=20), Sampling(0.0, 1.0, 200, ("\n\n",))],
    ids=["whole", "cut", "stopped"],
)
def test_greedy_completions_are_those_of_transformers(policy: Any, sampling: Sampling) -> None:
    other = load_generator(f"transformers:{CHECKPOINTS / 'policy'}")
    asked = requests(policy)
    assert asked == requests(other)
    assert policy.revision == other.revision
    assert policy.default_temperature() == other.default_temperature()
    pairs = list(
        zip(policy.complete(asked, sampling), other.complete(asked, sampling), strict=True)
    )
    # A phrase may hang on the last bit of two logits: kernels differ.
    assert sum(a == b for a, b in pairs) >= len(pairs) - 2


def test_options_are_told_as_by_transformers(policy: Any) -> None:
    other = load_generator(f"transformers:{CHECKPOINTS / 'policy'}")
    asked = requests(policy)
    sampling = Sampling(0.7, max_tokens=1, options=(("So", "The"), ("There",)))
    for one, there in zip(
        policy.complete(asked, sampling), other.complete(asked, sampling), strict=True
    ):
        assert len(one.option_logprobs) == 2
        assert one.option_logprobs == pytest.approx(there.option_logprobs, abs=1e-3)


def test_a_completion_follows_from_its_seed_whatever_runs_beside_it(policy: Any) -> None:
    asked, sampling = requests(policy), Sampling(temperature=1.0, max_tokens=60)
    forwards = policy.complete(asked, sampling)
    backwards = policy.complete(asked[::-1], sampling)[::-1]
    assert [one.text for one in forwards] == [one.text for one in backwards]
    other = policy.complete([CompletionRequest(r.prompt_ids, r.seed + 1) for r in asked], sampling)
    assert [one.text for one in other] != [one.text for one in forwards]


def test_more_prompts_than_are_read_at_once(policy: Any) -> None:
    head = requests(policy)[0].prompt_ids
    long = [CompletionRequest((5,) * (700 + k) + head, k) for k in range(24)]
    done = policy.complete(long, Sampling(temperature=1.0, max_tokens=10))
    assert [one.n_tokens for one in done] == [10] * len(long)


def test_a_prompt_without_room_is_cut_and_an_empty_one_refused(policy: Any) -> None:
    short, long = CompletionRequest((5, 6, 7), 0), CompletionRequest((5,) * policy.context, 0)
    first, second = policy.complete([short, long], GREEDY)
    assert first.n_tokens > 0
    assert (second.text, second.n_tokens, second.finish_reason) == ("", 0, "length")
    with pytest.raises(ModelError, match="at least one token"):
        policy.complete([CompletionRequest((), 0)], GREEDY)


def test_what_is_wrong_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        load_generator("vllm:/nowhere/at/all")
    for bad in ("[1]", "{", '{"trust_remote_code": true}'):
        monkeypatch.setenv("STEPLENS_VLLM", bad)
        with pytest.raises(ModelError, match="STEPLENS_VLLM must be a JSON object"):
            load_generator(POLICY)
    monkeypatch.setenv("STEPLENS_VLLM", '{"no_such_argument": 1}')
    with pytest.raises(ModelError, match="vLLM could not load"):
        load_generator(POLICY)
