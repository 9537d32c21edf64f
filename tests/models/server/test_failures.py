"""Servers that fail, refuse, hang or send what nobody can use."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from models.errors import ModelError
from models.generation.base import IncompleteError
from models.generation.openai import OpenAIGenerator
from models.generation.server.connection import Patience, ServerError
from tests.support.model_server import (
    Serve,
    Slept,
    ask,
    chat_only,
    chat_reply,
    failing,
    models,
)


def cut(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("content-length", "1000")
    request.end_headers()
    request.wfile.write(b'{"choices": [')
    request.close_connection = True


def hang_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)
    request.close_connection = True


@pytest.mark.parametrize(
    ("told", "pauses"),
    [
        ((429, {"Retry-After": "7"}, b"{}"), [7.1, 7.2]),
        ((429, {"x-ratelimit-reset-requests": "6m0s"}, b"{}"), [360.1, 360.2]),
        ((500, {}, b"oops"), [1, 2]),
        ((503, {"Retry-After": "Mon, 12 Jan 1970 13:47:10 GMT"}, b""), [30.1, 30.2]),
        (cut, [1, 2]),
        (hang_up, [1, 2]),
        ((200, {}, b"<html>"), [1, 2]),
        ((200, {}, b"[" * 200_000), [1, 2]),
        ((200, {}, b"null"), [1, 2]),
        ({"choices": []}, [1, 2]),
        ({"error": {"message": "upstream is busy", "code": 502}}, [1, 2]),
        (chat_reply("half a", None), [1, 2]),
        (chat_reply("half a", "abort"), [1, 2]),
    ],
)
def test_what_may_pass_is_tried_again(
    told: Any, pauses: list[float], serve: Serve, slept: Slept
) -> None:
    local = serve(failing(2, told))
    assert ask(OpenAIGenerator(local.name))[0].text == "Yes."
    assert slept == pytest.approx(pauses)
    assert len(local.asked("/v1/chat/completions")) == 3


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (
            (429, {}, b'{"error": {"message": "slow down"}}'),
            "limits requests .429: slow down.*5 ti",
        ),
        ((502, {}, b"<html><h1>Bad Gateway</h1></html>"), r"fails \(502: Bad Gateway\), 5 times"),
        (cut, "broke off an answer.*5 times"),
        ((200, {}, b"no"), r"cannot be used \(no JSON\), 5 times"),
    ],
)
def test_what_does_not_pass_is_said_after_the_last_try(
    told: Any, message: str, serve: Serve, slept: Slept
) -> None:
    local = serve(failing(99, told))
    with pytest.raises(ServerError, match=message):
        ask(OpenAIGenerator(local.name))
    assert slept == [1, 2, 4, 8]


def test_a_server_that_hangs_is_left_at_the_time_out(serve: Serve, slept: Slept) -> None:
    release = threading.Event()

    def hang(*_: Any) -> Any:
        release.wait(20)
        return chat_reply()

    local = serve(chat_only(hang))
    patience = Patience(tries=2, timeout=0.3, sleep=slept, chance=lambda: 0.0)
    generator = OpenAIGenerator(local.name, patience=patience)
    with pytest.raises(ServerError, match=r"no answer within 0.3 s, 2 times.*STEPLENS_TIMEOUT"):
        ask(generator)
    release.set()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (
            (401, {}, b'{"error": {"message": "bad key"}}'),
            "wants a key .401: bad key.*STEPLENS_API",
        ),
        ((403, {}, b""), r"wants a key \(403\)"),
        ((404, {}, b'{"error": "no model m"}'), "404: no model m.*Correct.*It serves m, other"),
        (
            (400, {}, b'{"message": "maximum context length is 4096 tokens"}'),
            "no room for the prompt.*4096.*--max-tokens",
        ),
        ((400, {}, b'{"detail": [{"loc": "seed"}]}'), "does not accept the request.*seed"),
        ((307, {"location": "https://evil.example/x"}, b""), "redirects to https://evil.example"),
        ((302, {"location": "http://[evil"}, b""), "redirects to an address that is no URL"),
        ((429, {}, b'{"error": {"code": "insufficient_quota"}}'), "no credit left"),
        ((429, {"retry-after": "86400"}, b""), "asks for a pause of 86,400 s"),
        ((200, {}, b" " * (17 << 20)), "more than 16 MiB"),
        ((200, {"content-encoding": "gzip"}, b"bomb"), "packs its replies"),
    ],
)
def test_what_will_not_pass_is_said_at_once(
    told: Any, message: str, serve: Serve, slept: Slept
) -> None:
    local = serve(failing(99, told))
    generator = OpenAIGenerator(local.name)
    with pytest.raises((ServerError, IncompleteError), match=message):
        ask(generator)
    assert slept == []
    assert len(local.asked("/v1/chat/completions")) == 1


def test_a_refused_request_costs_only_itself(serve: Serve) -> None:
    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        return (400, {}, b"this one not") if body["seed"] in (3, 40) else chat_reply()

    local = serve(chat_only(answer))
    with pytest.raises(IncompleteError, match="2 of 100 requests failed.*this one not") as said:
        ask(OpenAIGenerator(local.name, concurrency=4), 100)
    assert not said.value.ended
    assert said.value.reasons.keys() == {3, 40}
    assert "this one not" in said.value.reasons[40]
    lacking = {at for at, one in enumerate(said.value.completions) if one is None}
    assert lacking == {3, 40}
    assert len(local.asked("/v1/chat/completions")) == 100  # refusals are not tried again


def test_a_request_that_goes_on_failing_beside_others_costs_only_itself(
    serve: Serve, slept: Slept
) -> None:
    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        return (500, {}, b"out of memory") if body["seed"] == 0 else chat_reply()

    local = serve(chat_only(answer))
    with pytest.raises(IncompleteError, match="1 of 20 requests failed.*out of memory") as said:
        ask(OpenAIGenerator(local.name, concurrency=1 + 1), 20)
    assert not said.value.ended
    assert said.value.reasons.keys() == {0}
    assert slept == [1, 2, 4, 8]


@pytest.mark.parametrize("told", [(401, {}, b"key"), (404, {}, b"model"), (503, {}, b"down")])
def test_a_server_that_fails_as_a_whole_ends_the_batch_and_what_came_is_handed_over(
    told: Any, serve: Serve
) -> None:
    asked = []

    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        asked.append(body["seed"])
        return chat_reply() if body["seed"] < 10 else told

    local = serve(chat_only(answer))
    with pytest.raises(IncompleteError) as said:
        ask(OpenAIGenerator(local.name, concurrency=1), 500)
    assert said.value.ended
    assert isinstance(said.value.__cause__, ServerError)
    assert [one is not None for one in said.value.completions] == [True] * 10 + [False] * 490
    assert not said.value.reasons
    assert max(asked) == 10


def test_a_hostile_message_is_one_short_printable_line(serve: Serve) -> None:
    said = b"<b>no</b>\x1b[31m\n\xff\xe2\x80\xae [red]" + b"A" * 100_000
    local = serve(failing(99, (400, {}, said)))
    with pytest.raises(IncompleteError) as refused:
        ask(OpenAIGenerator(local.name))
    message = str(refused.value)
    assert message.isprintable()
    assert len(message) < 600
    assert "no ?[31m" in message


def test_a_reply_as_long_as_the_context_is_refused_before_anything_is_sent(serve: Serve) -> None:
    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        if path == "/v1/models":
            return models(path, max_model_len=4096)
        return chat_reply() if path == "/v1/chat/completions" else (404, {}, b"")

    local = serve(answer)
    generator = OpenAIGenerator(local.name)
    with pytest.raises(ModelError, match="no room for a prompt.*4,096.*Lower --max-tokens"):
        ask(generator, 3, max_tokens=4096)
    assert not local.asked("/v1/chat/completions")
    assert len(ask(generator, 3, max_tokens=4095)) == 3
