"""Loading a model behind a server: what it is, and what is wrong with the address."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import ModelError
from models.generation.load import load_generator
from models.generation.openai import OpenAIGenerator
from models.generation.server.connection import ServerError
from tests.support.model_server import (
    Serve,
    Slept,
    models,
)


def test_loading_says_when_nothing_listens(slept: Slept) -> None:
    with pytest.raises(ServerError, match="127.0.0.1:9/v1 cannot be reached.*Start it, or correct"):
        load_generator("openai:m@http://127.0.0.1:9")
    assert slept == []


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ((404, {}, b"nginx"), "does not know the model or the address.*Correct MODEL@BASE_URL"),
        ({"data": [{"id": "other"}, {"id": 7}, "x"]}, "has no model m. It serves other"),
        ({"data": []}, "has no model m. It lists no models"),
        ((401, {}, b""), "wants a key"),
        ({"data": None}, "no list of models.*5 times"),
        ([{"id": f"n{n}"} for n in range(30)], "It serves n0, n1.*n9 and 20 more"),
    ],
)
def test_loading_says_what_is_wrong_with_the_server(told: Any, message: str, serve: Serve) -> None:
    with pytest.raises(ModelError, match=message):
        load_generator(serve(lambda *_: told).name)


@pytest.mark.parametrize(
    ("told", "has_ids"),
    [
        ({"tokens": [1, 2, 3]}, True),
        ({"tokens": []}, False),  # llama.cpp, which knows no messages there
        ((400, {}, b"prompt is missing"), False),  # SGLang
        ((405, {}, b""), False),
        ((501, {}, b""), False),
        ((302, {"location": "/login"}, b""), False),
        ((200, {}, b"<html>all pages look like this</html>"), False),
        ({"tokens": ["1"]}, False),
        ({"tokens": [True, -1]}, False),
    ],
)
def test_which_servers_take_token_ids(told: Any, has_ids: bool, serve: Serve) -> None:
    local = serve(lambda path, *_: models(path) if path == "/v1/models" else told)
    assert OpenAIGenerator(local.name).has_ids == has_ids


def test_without_the_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in (
        "models.generation.openai",
        "models.generation.server.client",
        "models.generation.server.connection",
        "models.generation.server.continuation",
    ):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(ModelError, match=r"pip install 'steplens\[openai\]'"):
        load_generator("openai:m@http://localhost")
