"""Servers that take token ids, as vLLM's does: the completions and labels of the model itself."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from app.cli.main import main
from db import jobs
from db.engine import Database
from labeling.jobs.runner import run_job
from models.errors import ModelError
from models.generation.base import CompletionRequest, Prompt, Sampling
from models.generation.openai import OpenAIGenerator
from models.generation.transformers import TransformersGenerator
from tests.support.model_server import (
    CHAT,
    KEY,
    LABELS,
    STORED,
    Serve,
    models,
    stored,
)


class VllmLike:
    """Answers as vLLM does; requests that come together are run together."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        self.policy = TransformersGenerator("playground:policy")
        self.waiting: queue.Queue[Any] = queue.Queue()
        self.completions_left = 1 << 30
        threading.Thread(target=self._work, daemon=True).start()

    def __call__(self, path: str, headers: dict[str, str], body: Any) -> Any:
        if path == "/v1/models":
            return models(path, root="/models/policy", max_model_len=self.policy.context)
        if path == "/tokenize" and "messages" in body:
            ids = self.policy.prompt_ids(body["messages"])
            return {"count": len(ids), "max_model_len": self.policy.context, "tokens": ids}
        if path == "/tokenize":
            assert body["add_special_tokens"] is False
            ids = self.policy.tokenizer.encode(body["prompt"], add_special_tokens=False)
            return {"count": len(ids), "max_model_len": self.policy.context, "tokens": ids}
        assert path == "/v1/completions"
        assert (body["top_k"], body["min_p"], body["repetition_penalty"]) == (-1, 0.0, 1.0)
        self.completions_left -= 1
        if self.completions_left < 0:
            return 503, {}, {"error": {"message": "the engine is dead"}}
        if len(body["prompt"]) + body["max_tokens"] > self.policy.context:
            return 400, {}, {"error": {"message": "maximum context length exceeded"}}
        told: Future[Any] = Future()
        self.waiting.put((body, told))
        made = told.result(60)
        usage = {"prompt_tokens": len(body["prompt"]), "completion_tokens": made.n_tokens}
        choice = {"index": 0, "text": made.text, "finish_reason": made.finish_reason}
        if "logprobs" in body:
            assert body["return_tokens_as_token_ids"]
            wanted = zip(body["logprob_token_ids"], made.option_logprobs, strict=True)
            likeliest = {f"token_id:{token}": logprob for token, logprob in wanted}
            choice["logprobs"] = {"top_logprobs": [likeliest]}
        return {"object": "text_completion", "choices": [choice], "usage": usage}

    def _work(self) -> None:
        while True:
            batch = [self.waiting.get()]
            time.sleep(0.01)
            while not self.waiting.empty():
                batch.append(self.waiting.get())
            groups: dict[Sampling, list[Any]] = {}
            for body, told in batch:
                stop = tuple(body.get("stop", ()))
                words = self.policy.tokenizer.convert_ids_to_tokens(
                    body.get("logprob_token_ids", ())
                )
                options = tuple((word,) for word in words)
                how = Sampling(
                    body["temperature"], body["top_p"], body["max_tokens"], stop, options
                )
                asked = CompletionRequest(tuple(body["prompt"]), body["seed"])
                groups.setdefault(how, []).append((asked, told))
            for how, group in groups.items():
                made = self.policy.complete([asked for asked, _ in group], how)
                for (_, told), completion in zip(group, made, strict=True):
                    told.set_result(completion)


@pytest.fixture(scope="module")
def vllm() -> VllmLike:
    return VllmLike()


def test_completions_are_those_of_the_model_itself(vllm: VllmLike, serve: Serve) -> None:
    local = serve(vllm)
    there = OpenAIGenerator(local.name, concurrency=16)
    assert there.has_ids
    assert there.revision == f"m (/models/policy) at {local.url.removeprefix('http://')}"
    assert (there.batch_size, there.default_temperature()) == (16, None)
    here = vllm.policy
    chats = [[{"role": "user", "content": f"Tom has {n} apples."}] for n in range(6)]
    prefixes = ["", "He has apples.\n\n", "So 3 + 4 = 7.\n\n"]
    asked = [(chat, prefix, seed) for chat in chats for prefix in prefixes for seed in (1, 2)]
    for sampling in (Sampling(0.0, 1.0, 30), Sampling(1.0, 0.9, 30, ("7",))):
        far = there.complete(
            [CompletionRequest(there.prompt_ids(c, p), s) for c, p, s in asked], sampling
        )
        near_asked = [CompletionRequest(here.prompt_ids(c, p), s) for c, p, s in asked]
        near = here.complete(near_asked, sampling)
        same = [
            (one.text, one.n_tokens, one.finish_reason)
            == (other.text, other.n_tokens, other.finish_reason)
            for one, other in zip(far, near, strict=True)
        ]
        assert sum(same) >= len(same) - 1  # rows are batched otherwise, which rounds otherwise
        assert [one.n_prompt_tokens for one in far] == [len(r.prompt_ids) for r in near_asked]
    # Each text is tokenised once, however often it is asked for (and once to see whether it is).
    assert len(local.asked("/tokenize")) == 1 + 2 * (6 + 2)


def test_options_are_told_as_by_the_model_itself(vllm: VllmLike, serve: Serve) -> None:
    there, here = OpenAIGenerator(serve(vllm).name), vllm.policy
    sampling = Sampling(0.0, max_tokens=1, options=(("So", "He"), ("Tom",)))
    begun = ["", "He has apples.\n\n"]
    far, near = (
        one.complete([CompletionRequest(one.prompt_ids(CHAT, text), 0) for text in begun], sampling)
        for one in (there, here)
    )
    for one, other in zip(far, near, strict=True):
        assert len(one.option_logprobs) == 2
        assert one.option_logprobs == pytest.approx(other.option_logprobs, abs=1e-3)


def test_a_prompt_without_room_is_cut_and_one_with_little_gets_what_there_is(
    vllm: VllmLike, serve: Serve
) -> None:
    there = OpenAIGenerator(serve(vllm).name)
    long, context = "apples " * 2000, vllm.policy.context
    ids = tuple(vllm.policy.prompt_ids(CHAT)) * 200
    asked: list[Prompt] = [there.prompt_ids(CHAT, long), ids[: context - 3], ()]
    cut, little = there.complete(
        [CompletionRequest(prompt, 0) for prompt in asked[:2]], Sampling(max_tokens=50)
    )
    assert (cut.text, cut.n_tokens, cut.finish_reason) == ("", 0, "length")
    assert little.n_tokens <= 3
    with pytest.raises(ModelError, match="at least one token"):
        there.complete([CompletionRequest(asked[2], 0)], Sampling())


def test_monte_carlo_by_a_server_that_dies_gives_the_labels_of_the_model_here(
    vllm: VllmLike, serve: Serve, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {"problems": 8, "solutions": 2, "seed": 3}
    run_job(database, jobs.create_job(database, "sample", wanted).id)
    local = serve(vllm)
    monkeypatch.setenv("STEPLENS_API_KEY", KEY)
    monkeypatch.setenv("STEPLENS_BASE_URL", local.url)

    def annotate(model: str, name: str, *more: str) -> Any:
        words = "annotate mc --samples 4 --strategy exhaustive --seed 1 --wave 32 --temperature 1"
        arguments = ["--db", database.url, *words.split(), "--model", model, "--name", name]
        return CliRunner().invoke(main, [*arguments, *more])

    near = annotate("playground:policy", "here")
    assert near.exit_code == 0, near.output
    n = len(stored(database, LABELS, "here"))
    assert n >= 15
    estimate = annotate(local.name, "there", "--dry-run")
    assert estimate.exit_code == 0, estimate.output
    assert f"{n} solutions to annotate" in estimate.output

    vllm.completions_left = 80
    died = annotate(local.name, "there")
    assert died.exit_code == 1
    assert "fails (503: the engine is dead), 5 times in a row" in died.output
    vllm.completions_left = 1 << 30
    kept = stored(database, STORED, "there")
    assert 64 <= len(kept) < 120
    far = annotate(local.name, "there")
    assert far.exit_code == 0, far.output
    assert "resuming job" in far.output

    assert set(kept) <= set(stored(database, STORED, "there"))
    labels = stored(database, LABELS, "here"), stored(database, LABELS, "there")
    assert len(labels[0]) == n
    differing = [one for one, other in zip(*labels, strict=True) if one != other]
    assert len(differing) <= 1  # by rounding, in batches of other sizes
    done = jobs.list_jobs(database)[0]
    assert done.result is not None
    assert done.result["tokens_prompted"] > 10 * done.result["rollouts"]
    assert all(headers["authorization"] == f"Bearer {KEY}" for _, headers, _ in local.calls)
    assert KEY not in died.output + far.output + estimate.output
    if database.file is not None:
        files = [file for file in Path(database.file).parent.rglob("*") if file.is_file()]
        assert not any(KEY.encode() in file.read_bytes() for file in files)
