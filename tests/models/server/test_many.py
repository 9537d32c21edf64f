"""Several servers of one model: who is asked, who is left out, and that labels are those of one."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from db import jobs
from db.engine import Database
from labeling.jobs.runner import run_job
from models.errors import ModelError
from models.generation.openai import OpenAIGenerator
from models.generation.server.connection import Patience
from tests.models.server import seeded_server
from tests.support.model_server import (
    LABELS,
    STORED,
    Local,
    Serve,
    ask,
    chat_only,
    chat_reply,
    stored,
)
from tests.support.model_server import models as listed
from tests.support.rows import fill

CHAT_PATH = "/v1/chat/completions"


class Clock:
    """Time that passes in pauses only."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def patience(self, tries: int = 5) -> Patience:
        return Patience(tries, 30.0, self.sleep, lambda: self.now, lambda: 0.0)


@contextmanager
def running(folder: Path, *dies_at: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server in a process of its own, and its address."""
    folder.mkdir()
    script = [sys.executable, seeded_server.__file__, str(folder / "port")]
    process = subprocess.Popen([*script, *map(str, dies_at)])
    try:
        until = time.monotonic() + 60
        while not (folder / "port").exists():
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.02)
        yield f"http://127.0.0.1:{(folder / 'port').read_text()}", process
    finally:
        process.kill()
        process.wait()


def monte_carlo(database: Database, model: str, name: str) -> list[str]:
    """Annotates everything; returns the messages of its progress."""
    params = {"model": model, "samples": 6, "strategy": "exhaustive", "seed": 3, "name": name}
    said: list[str] = []
    job = jobs.create_job(database, "annotate_mc", {**params, "wave": 32})
    run_job(database, job.id, lambda _done, _total, message: said.append(message))
    return said


def test_a_server_killed_in_the_middle_costs_nothing_and_the_labels_are_those_of_one(
    database: Database, tmp_path: Path
) -> None:
    fill(database, 20)
    with ExitStack() as stack:
        one, _ = stack.enter_context(running(tmp_path / "one"))
        two, dying = stack.enter_context(running(tmp_path / "two", 20))
        monte_carlo(database, f"openai:m@{one}", "alone")
        said = monte_carlo(database, f"openai:m@{one},{two}", "both")
        assert dying.wait(60) == -signal.SIGKILL
    assert len(stored(database, STORED, "alone")) >= 20 * 6
    assert stored(database, STORED, "both") == stored(database, STORED, "alone")
    assert stored(database, LABELS, "both") == stored(database, LABELS, "alone")
    assert "eft out" not in said[0]
    assert f"Left out for now: The server at {two}/v1 " in said[-1]


def shares(*servers: Local) -> list[int]:
    return [len(server.asked(CHAT_PATH)) for server in servers]


def together(*servers: Local) -> str:
    return f"openai:m@{','.join(server.url for server in servers)}"


def test_the_least_busy_server_is_asked(serve: Serve) -> None:
    def slowly(*_: Any) -> Any:
        time.sleep(0.25)
        return chat_reply()

    slow, fast = serve(chat_only(slowly)), serve(chat_only(lambda *_: chat_reply()))
    generator = OpenAIGenerator(together(slow, fast), concurrency=4)
    assert len(ask(generator, 60)) == 60
    first, second = shares(slow, fast)
    assert first + second == 60  # nothing is asked twice
    assert 4 <= first < second


def test_a_server_that_fails_is_left_out_and_taken_in_again_when_it_is_well(serve: Serve) -> None:
    ill = [True]

    def at_times(*_: Any) -> Any:
        return (503, {}, b"restarting") if ill[0] else chat_reply()

    clock = Clock()
    one, two = serve(chat_only(at_times)), serve(chat_only(lambda *_: chat_reply()))
    generator = OpenAIGenerator(together(one, two), patience=clock.patience(), concurrency=2)
    assert len(ask(generator, 40)) == 40
    assert "restarting" in generator.left_out[0]
    failed = shares(one)
    assert len(ask(generator, 40)) == 40
    assert shares(one) == failed  # it is left alone
    assert clock.now == 0  # and nobody waited
    ill[0] = False
    clock.now = 1.5
    assert len(ask(generator, 40)) == 40
    assert generator.left_out == []
    assert shares(one) > failed


def test_when_all_servers_fail_they_are_waited_for_and_then_it_is_said(serve: Serve) -> None:
    ill = [True]

    def at_times(*_: Any) -> Any:
        return (500, {}, b"no memory") if ill[0] else chat_reply()

    clock = Clock()
    servers = [serve(chat_only(at_times)) for _ in range(2)]
    generator = OpenAIGenerator(together(*servers), patience=clock.patience())
    with pytest.raises(ModelError, match="no memory"):
        ask(generator, 20)
    assert clock.now >= 7
    ill[0] = False
    clock.now += 1000
    assert len(ask(generator, 20)) == 20


def test_a_server_that_is_down_at_the_start_is_left_out_until_it_is_up(
    serve: Serve, tmp_path: Path
) -> None:
    clock = Clock()
    with running(tmp_path / "gone") as (address, _):
        pass
    up = serve(chat_only(lambda *_: chat_reply()))
    name = f"openai:m@{address},{up.url}"
    generator = OpenAIGenerator(name, patience=clock.patience())
    assert "cannot be reached" in generator.left_out[0]
    assert generator.revision == f"m at {address[7:]}, {up.url[7:]}"
    assert len(ask(generator, 5)) == 5
    with pytest.raises(ModelError, match=r"None of the 2 servers.*reached.*reached"):
        OpenAIGenerator(f"openai:m@{address},{address}/v2", patience=clock.patience())


def test_servers_of_different_models_are_refused_at_the_start_and_kept_out_later(
    serve: Serve,
) -> None:
    weights = ["a"]

    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        if path == "/v1/models":
            return listed(path, root=weights[0])
        ill = weights[0] == "b"
        return (404, {}, b"") if path != CHAT_PATH else (502, {}, b"") if ill else chat_reply()

    steady = chat_only(lambda *_: chat_reply())
    same = serve(
        lambda path, *rest: listed(path, root="a") if "models" in path else steady(path, *rest)
    )
    other = serve(answer)
    clock = Clock()
    generator = OpenAIGenerator(together(other, same), patience=clock.patience())
    weights[0] = "b"
    assert len(ask(generator, 20)) == 20
    clock.now = 2
    assert len(ask(generator, 20)) == 20
    assert "now serves another model" in generator.left_out[0]
    with pytest.raises(ModelError, match=r"must serve the same.*m \(b\).*m \(a\)"):
        OpenAIGenerator(together(other, same))


def test_a_request_that_no_server_can_answer_costs_only_itself(serve: Serve) -> None:
    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        return (500, {}, b"this one kills me") if body["seed"] == 0 else chat_reply()

    clock = Clock()
    servers = [serve(chat_only(answer)) for _ in range(2)]
    generator = OpenAIGenerator(together(*servers), patience=clock.patience(), concurrency=1)
    with pytest.raises(ModelError, match="this one kills me") as said:
        ask(generator, 20)
    completions = said.value.completions  # type: ignore[attr-defined]
    assert [one is None for one in completions] == [True] + [False] * 19
