"""A server of models for each test, and a clock on which nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest

from models.generation import openai
from models.generation.server.connection import Patience
from tests.support.model_server import (
    Answer,
    Local,
    Serve,
    Slept,
    handler,
)


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers = []

    def start(answer: Answer) -> Local:
        local = Local("")
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler(local, answer))
        server.daemon_threads, server.block_on_close = True, False
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # we hang up on purpose
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        local.url = f"http://127.0.0.1:{server.server_port}"
        return local

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> Slept:
    """No test waits: pauses are written down, and chance is always 0."""
    for name in [
        *("STEPLENS_API_KEY", "STEPLENS_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
        "STEPLENS_CONCURRENCY",
    ]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    pauses = Slept()
    patience = Patience(5, 30.0, pauses, lambda: 1_000_000.0, lambda: 0.0)
    monkeypatch.setattr(openai, "patience_from_environment", lambda: patience)
    return pauses
