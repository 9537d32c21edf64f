"""Where the key goes, and where it never stands."""

from __future__ import annotations

from typing import Any

import pytest

from models.generation.load import load_generator
from models.generation.openai import OpenAIGenerator
from models.generation.server.client import ServerError
from tests.support.model_server import (
    KEY,
    Serve,
    ask,
    chat_reply,
)


def test_the_key_goes_to_no_other_host(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPLENS_API_KEY", KEY)
    thief = serve(lambda *_: chat_reply())
    local = serve(lambda path, *_: (308, {"location": f"{thief.url}{path}?k={KEY}"}, b""))
    with pytest.raises(ServerError, match="not followed since the key goes nowhere else") as said:
        load_generator(local.name)
    assert thief.calls == []
    assert KEY not in str(said.value)


def test_a_key_that_comes_back_is_not_repeated(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEPLENS_API_KEY", KEY)

    def echo(path: str, headers: dict[str, str], body: Any) -> Any:
        if path == "/v1/models":
            return {"data": [{"id": "m", "root": f"/keys/{headers['authorization']}"}]}
        if path == "/tokenize":
            return 404, {}, b""
        sent = headers["authorization"]
        if body["seed"] == 0:
            return chat_reply(f"Your key is {sent}")
        return 401, {}, {"error": {"message": f"Incorrect key {sent}, {sent.lower()}", "x": sent}}

    generator = OpenAIGenerator(serve(echo).name)
    assert ask(generator)[0].text == "Your key is Bearer [key]"
    with pytest.raises(
        ServerError, match=r"refuses the key \(401: Incorrect key Bearer \[key\]"
    ) as e:
        ask(generator, 2)
    assert KEY.lower() not in str(e.value).lower()
    assert KEY not in generator.revision
    assert KEY not in repr(generator) + repr(vars(generator))
