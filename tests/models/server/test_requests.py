"""What is sent to a server, and how its replies are understood."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from models.errors import ModelError
from models.generation.base import ChatPrompt, CompletionRequest, Sampling
from models.generation.openai import OpenAIGenerator
from tests.support.model_server import (
    CHAT,
    Serve,
    ask,
    chat_only,
    chat_reply,
)


def test_all_of_the_sampling_is_sent_and_nothing_that_openai_refuses(serve: Serve) -> None:
    local = serve(chat_only(lambda *_: chat_reply()))
    generator = OpenAIGenerator(local.name)
    request = CompletionRequest(generator.prompt_ids(CHAT), (1 << 63) + 5)
    generator.complete([request], Sampling(0.5, 0.9, 77, ("END",)))
    assert local.asked("/v1/chat/completions") == [
        {
            "model": "m",
            "messages": CHAT,
            "temperature": 0.5,
            "top_p": 0.9,
            "max_tokens": 77,
            "seed": 5,
            "stop": ["END"],
        }
    ]
    ask(generator)
    assert "stop" not in local.asked("/v1/chat/completions")[-1]
    assert "authorization" not in local.calls[0][1]


def test_answers_keep_the_order_of_the_requests_and_the_width(serve: Serve) -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.02 if body["seed"] % 3 else 0.05)
        with lock:
            under_way -= 1
        return chat_reply(f"reply {body['seed']}")

    generator = OpenAIGenerator(serve(chat_only(answer)).name, concurrency=8)
    assert [one.text for one in ask(generator, 40)] == [f"reply {n}" for n in range(40)]
    assert 4 < most <= 8


@pytest.mark.parametrize(
    ("reply", "understood"),
    [
        (chat_reply("cut", "length"), ("cut", "length")),
        (chat_reply("cut", "content_filter"), ("cut", "length")),
        (chat_reply("done", "stop"), ("done", "stop")),
        (chat_reply("done", "eos"), ("done", "stop")),
        (chat_reply(None, "tool_calls"), ("", "stop")),
        (chat_reply(None, "length"), ("", "length")),
        (chat_reply("a\ud800b\x00"), ("a?b\x00", "stop")),
    ],
)
def test_how_a_reply_ended(reply: Any, understood: tuple[str, str], serve: Serve) -> None:
    made = ask(OpenAIGenerator(serve(chat_only(lambda *_: reply)).name))[0]
    assert (made.text, made.finish_reason) == understood
    assert (made.n_tokens, made.n_prompt_tokens) == (3, 11)


def test_a_server_that_does_not_count_is_counted_as_nothing(serve: Serve) -> None:
    for usage in (None, 7, {"prompt_tokens": -1, "completion_tokens": "many"}):
        reply = {**chat_reply(), "usage": usage}
        made = ask(OpenAIGenerator(serve(chat_only(lambda *_, r=reply: r)).name))[0]
        assert (made.n_tokens, made.n_prompt_tokens) == (0, 0)


def test_settings_come_from_the_environment(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    local = serve(chat_only(lambda *_: chat_reply()))
    assert OpenAIGenerator(local.name).batch_size == 64
    monkeypatch.setenv("STEPLENS_CONCURRENCY", "7")
    assert OpenAIGenerator(local.name).batch_size == 7
    monkeypatch.setenv("STEPLENS_CONCURRENCY", "many")
    with pytest.raises(ModelError, match="STEPLENS_CONCURRENCY must be a number above 0"):
        OpenAIGenerator(local.name)


def test_a_prompt_for_a_server_is_no_prompt_for_a_local_model() -> None:
    request = CompletionRequest(ChatPrompt.of(CHAT), 0)
    with pytest.raises(ModelError, match="takes token ids"):
        _ = request.prompt_ids
