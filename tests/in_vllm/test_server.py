"""The playground's policy behind vLLM's own server: `make test-vllm`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from models.errors import ModelError
from models.generation.base import CompletionRequest, Generator, Sampling
from models.generation.load import load_generator
from models.generation.openai import OpenAIGenerator
from models.playground.world import gold_solution, sample_problems

POLICY = Path(__file__).parents[2] / "models" / "playground" / "checkpoints" / "policy"
PORT = 8377
NAME = f"openai:policy@http://127.0.0.1:{PORT}"
KEY = "sk-test-0123456789"
# What `vllm serve` runs; that command needs help in vLLM's build for CPUs (test_served_prm.py).
SERVE = "-m vllm.entrypoints.openai.api_server --host 127.0.0.1 --dtype float32 --enforce-eager"
GREEDY = Sampling(temperature=0.0, max_tokens=80)


@pytest.fixture(scope="module", autouse=True)
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    log = tmp_path_factory.mktemp("vllm") / "log"
    words = f"--model {POLICY} --served-model-name policy --api-key {KEY} --enable-prefix-caching"
    command = [sys.executable, *SERVE.split(), "--port", str(PORT), *words.split()]
    with serving(command, PORT, log), pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEPLENS_API_KEY", KEY)
        patch.setenv("STEPLENS_BASE_URL", NAME.rpartition("@")[2])
        yield


@contextmanager
def serving(
    command: list[str], port: int, log: Path, settings: Mapping[str, str] | None = None
) -> Iterator[None]:
    """vLLM's server, which this command starts in the log's folder, once it is well.

    `settings` are environment variables for it.
    """
    few = {"VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1"}
    with log.open("wb") as stream:
        running = subprocess.Popen(
            command,
            stdout=stream,
            stderr=stream,
            cwd=log.parent,
            env={**os.environ, **few, **(settings or {})},
        )
        try:
            wait_for_health(running, port, log)
            yield
        finally:
            running.terminate()
            running.wait(60)


def wait_for_health(running: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 600
    while time.monotonic() < until:
        assert running.poll() is None, log.read_text()[-3000:]
        try:
            urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(1)
    pytest.fail(log.read_text()[-3000:])


def begun(generator: Generator) -> list[CompletionRequest]:
    """Solutions whose first step stands."""
    return [
        CompletionRequest(
            generator.prompt_ids(
                [{"role": "user", "content": problem.text}], gold_solution(problem)[0] + "\n\n"
            ),
            seed,
        )
        for seed, problem in enumerate(sample_problems(12, 5))
    ]


@pytest.mark.parametrize("has_ids", [True, False], ids=["ids", "chat"])
def test_it_continues_as_transformers_does(has_ids: bool) -> None:
    there, here = OpenAIGenerator(NAME), load_generator(f"transformers:{POLICY}")
    assert there.has_ids
    assert there.context == 1024
    assert there.revision == f"policy ({POLICY}) at 127.0.0.1:{PORT}"
    there.has_ids = has_ids  # as if /tokenize were not reachable
    asked = begun(here)
    far, near = there.complete(begun(there), GREEDY), here.complete(asked, GREEDY)
    same = [one.text == other.text for one, other in zip(far, near, strict=True)]
    assert sum(same) >= len(same) - 1
    assert [one.n_prompt_tokens for one in far] == [len(request.prompt_ids) for request in asked]


@pytest.mark.parametrize("has_ids", [True, False], ids=["ids", "chat"])
def test_options_are_told_as_by_transformers(has_ids: bool) -> None:
    """By ids every word; a chat tells of the twenty likeliest, which the likeliest is one of."""
    there, here = OpenAIGenerator(NAME), load_generator(f"transformers:{POLICY}")
    there.has_ids = has_ids
    near, far = begun(here), begun(there)
    first = [one.text for one in here.complete(near, Sampling(0.0, max_tokens=1))]
    for word in set(first):
        mine = [at for at, text in enumerate(first) if text == word]
        sampling = Sampling(0.0, max_tokens=1, options=((word,), ("Tom",)))
        told = there.complete([far[at] for at in mine], sampling)
        known = here.complete([near[at] for at in mine], sampling)
        for one, other in zip(told, known, strict=True):
            compared = 2 if has_ids else 1
            assert one.option_logprobs[:compared] == pytest.approx(
                other.option_logprobs[:compared], abs=1e-3
            )


def test_the_seed_decides() -> None:
    there, sampling = OpenAIGenerator(NAME), Sampling(temperature=1.0, top_p=0.9, max_tokens=60)
    asked = begun(there)
    forwards, backwards = there.complete(asked, sampling), there.complete(asked[::-1], sampling)
    same = [one.text == other.text for one, other in zip(forwards, backwards[::-1], strict=True)]
    assert sum(same) >= len(same) - 1


def test_what_is_wrong_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="has no model nobody. It serves policy"):
        load_generator(NAME.replace("policy", "nobody"))
    there = OpenAIGenerator(NAME)
    there.context = None
    with pytest.raises(ModelError, match="has no room for the prompt"):
        there.complete([CompletionRequest((5,) * 5000, 0)], GREEDY)
    monkeypatch.setenv("STEPLENS_API_KEY", "sk-another-key")
    with pytest.raises(ModelError, match="refuses the key"):
        load_generator(NAME)
