"""Where the key goes, and where it never stands."""

from __future__ import annotations

from typing import Any

import pytest

from db import jobs
from db.engine import Database
from labeling.jobs.runner import run_job
from models.errors import ModelError
from models.generation.load import load_generator
from models.generation.openai import OpenAIGenerator
from models.generation.server.connection import ServerError
from models.generation.server.keys import key_for
from models.names import parse_server_names
from tests.support.model_server import (
    KEY,
    Local,
    Serve,
    ask,
    chat_only,
    chat_reply,
)


def sent(local: Local) -> set[str | None]:
    """The keys that a server was given."""
    return {headers.get("authorization") for _, headers, _ in local.calls}


def test_a_key_is_sent_to_the_servers_that_are_named_beside_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = (serve(chat_only(lambda *_: chat_reply())) for _ in range(2))
    monkeypatch.setenv("STEPLENS_API_KEY", KEY)
    monkeypatch.setenv("STEPLENS_BASE_URL", f"https://elsewhere/v1, {ours.url.upper()}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.setenv("OPENAI_BASE_URL", theirs.url)
    load_generator(ours.name)
    load_generator(theirs.name)
    assert (sent(ours), sent(theirs)) == ({f"Bearer {KEY}"}, {"Bearer sk-other"})


@pytest.mark.parametrize("named", ["", "https://127.0.0.1:{port}", "http://localhost:{port}/v1"])
def test_an_address_that_anyone_may_type_gets_no_key(
    named: str, serve: Serve, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = serve(lambda *_: (401, {}, b""))
    monkeypatch.setenv("STEPLENS_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("STEPLENS_BASE_URL", named.format(port=thief.url.rpartition(":")[2]))
    job = jobs.create_job(database, "annotate_judge", {"model": thief.name, "prompt": "paper"})
    with pytest.raises(ModelError) as refused:
        run_job(database, job.id)
    assert sent(thief) == {None}
    assert (
        "wants a key (401). STEPLENS_API_KEY is only sent to the servers in STEPLENS_BASE_URL, and "
        f"this is none of them: if it may have the key, add {thief.url}/v1 there"
    ) in str(refused.value)


def test_openais_key_goes_to_openai_and_a_plain_address_never_gets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    addresses = ["https://api.openai.com", "http://api.openai.com", "https://api.openai.com:444"]
    asked = [parse_server_names(f"gpt@{address}/v1")[0] for address in addresses]
    assert [key_for(server) for server in asked] == [KEY, "", ""]


def test_without_a_key_it_is_said_what_to_set(serve: Serve) -> None:
    local = serve(lambda *_: (401, {}, b""))
    wanted = f"Set STEPLENS_API_KEY to the key and STEPLENS_BASE_URL to {local.url}/v1"
    with pytest.raises(ServerError, match=wanted):
        load_generator(local.name)


def test_what_is_no_key_and_no_address_is_not_repeated(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = serve(chat_only(lambda *_: chat_reply()))
    monkeypatch.setenv("STEPLENS_API_KEY", "sk-\u201cquoted\u201d")
    monkeypatch.setenv("STEPLENS_BASE_URL", local.url)
    with pytest.raises(ModelError, match="holds characters that no key has") as refused:
        load_generator(local.name)
    assert "quoted" not in str(refused.value)
    monkeypatch.setenv("STEPLENS_BASE_URL", "http://me:hunter2@host, gpu1")
    with pytest.raises(ModelError, match="STEPLENS_BASE_URL must hold the addresses") as refused:
        load_generator(local.name)
    assert "hunter2" not in str(refused.value)


def test_the_key_goes_to_no_other_host(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPLENS_API_KEY", KEY)
    thief = serve(lambda *_: chat_reply())
    local = serve(lambda path, *_: (308, {"location": f"{thief.url}{path}?k={KEY}"}, b""))
    monkeypatch.setenv("STEPLENS_BASE_URL", local.url)
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

    local = serve(echo)
    monkeypatch.setenv("STEPLENS_BASE_URL", local.url)
    generator = OpenAIGenerator(local.name)
    assert ask(generator)[0].text == "Your key is Bearer [key]"
    with pytest.raises(
        ModelError, match=r"refuses the key \(401: Incorrect key Bearer \[key\]"
    ) as e:
        ask(generator, 2)
    assert KEY.lower() not in str(e.value).lower()
    assert KEY not in generator.revision
    assert KEY not in repr(generator) + repr(vars(generator))
