"""Models behind a server: vLLM's dialect, chat-only servers, and servers that misbehave."""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from sqlalchemy import text

from app.cli.main import main
from db import jobs
from db.engine import Database
from db.ingest import insert_rows
from db.records import ImportRow
from labeling.jobs.runner import run_job, start_job
from labeling.montecarlo.estimate import estimate_mc
from models.errors import ModelError
from models.generation import openai
from models.generation.base import ChatPrompt, CompletionRequest, Sampling
from models.generation.load import load_generator
from models.generation.openai import OpenAIGenerator
from models.generation.server import waits
from models.generation.server.client import Patience, ServerError
from models.generation.transformers import TransformersGenerator
from models.names import ServerName, parse_model_name, parse_server_name, short_name

KEY = "sk-Very-Secret-0123456789"
CHAT = [{"role": "user", "content": "What is 3 + 4?"}]


# A server of ours: `answer` is given (path, headers, body) and returns JSON, or status, headers
# and bytes, or a function that does as it likes with the connection.


@dataclass
class Local:
    """A server in this process and what it was asked."""

    url: str
    calls: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"openai:m@{self.url}"

    def asked(self, path: str) -> list[Any]:
        return [body for called, _, body in self.calls if called == path]


Answer = Callable[[str, dict[str, str], Any], Any]
Serve = Callable[[Answer], Local]


def handler(local: Local, answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = json.loads(raw) if raw else None
            local.calls.append((self.path, headers, body))
            told = answer(self.path, headers, body)
            if callable(told):
                told(self)
                return
            status, extra, content = told if isinstance(told, tuple) else (200, {}, told)
            sent = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"content-length": str(len(sent)), **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


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


class Slept(list[float]):
    """The pauses that would have been made."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> Slept:
    """No test waits: pauses are written down, and chance is always 0."""
    for name in ("STEPLENS_API_KEY", "OPENAI_API_KEY", "STEPLENS_CONCURRENCY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    pauses = Slept()
    patience = Patience(5, 30.0, pauses, lambda: 1_000_000.0, lambda: 0.0)
    monkeypatch.setattr(openai, "patience_from_environment", lambda: patience)
    return pauses


def models(path: str, **card: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": "m", "owned_by": "vllm", **card}, {"id": "other"}]}


def chat_reply(content: str | None = "Yes.", reason: Any = "stop") -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}}
    usage = {"prompt_tokens": 11, "completion_tokens": 3}
    return {"choices": [{**choice, "finish_reason": reason}], "usage": usage}


def chat_only(complete: Answer) -> Answer:
    """A hosted server: models and chats, nothing else."""

    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        if path == "/v1/models":
            return models(path, owned_by="somebody")
        if path == "/v1/chat/completions":
            return complete(path, headers, body)
        return 404, {}, b"<html><body>Not Found</body></html>"

    return answer


def ask(generator: OpenAIGenerator, n: int = 1, **sampling: Any) -> list[Any]:
    requests = [CompletionRequest(generator.prompt_ids(CHAT), seed) for seed in range(n)]
    return generator.complete(requests, Sampling(**sampling))


# Names


@pytest.mark.parametrize(
    ("target", "model", "base", "place"),
    [
        ("qwen@http://localhost:8000", "qwen", "http://localhost:8000/v1", "localhost:8000"),
        ("qwen@http://localhost:8000/v1/", "qwen", "http://localhost:8000/v1", "localhost:8000"),
        ("Qwen/Q2.5:7b@HTTP://GPU1", "Qwen/Q2.5:7b", "http://gpu1/v1", "gpu1:80"),
        ("a@b@https://x.org/openai", "a@b", "https://x.org/openai/v1", "x.org:443"),
        ("g@https://x.org/v1beta/openai/", "g", "https://x.org/v1beta/openai", "x.org:443"),
        ("g@http://[::1]:8000", "g", "http://[::1]:8000/v1", "[::1]:8000"),
    ],
)
def test_server_names(target: str, model: str, base: str, place: str) -> None:
    name = parse_server_name(target)
    assert name == ServerName(model, base)
    assert name.place == place
    assert parse_model_name(f"openai:{target}").target == target


def test_the_root_is_where_vllm_has_its_own_endpoints() -> None:
    assert parse_server_name("m@http://h:1/v1").root_url == "http://h:1"
    assert parse_server_name("m@https://h/openai/v1").root_url == "https://h/openai"


@pytest.mark.parametrize(
    "spec",
    [
        "openai:gpt",
        "openai:gpt@localhost:8000",
        "openai:@http://localhost",
        "openai:m@http://",
        "openai:m@http://host:notaport",
        "openai:m@http://[::1",
    ],
)
def test_incomplete_server_names_say_the_form(spec: str) -> None:
    with pytest.raises(ModelError, match="openai:MODEL@BASE_URL"):
        parse_model_name(spec)


@pytest.mark.parametrize(
    "spec",
    [
        "openai:m@http://me:hunter2@host/v1",
        "openai:m@https://hunter2@host",
        "openai:m@https://host/v1?key=hunter2",
        "openai:m@http://host/#hunter2",
        "opeani:m@http://me:hunter2@host",
    ],
)
def test_secrets_in_a_name_are_refused_unrepeated_and_never_stored(
    spec: str, database: Database
) -> None:
    with pytest.raises(ModelError, match="STEPLENS_API_KEY") as refused:
        parse_model_name(spec)
    assert "hunter2" not in str(refused.value)
    with pytest.raises(ModelError):
        start_job(database, "annotate_mc", {"model": spec})
    done = CliRunner().invoke(main, ["--db", database.url, "annotate", "mc", "--model", spec])
    assert done.exit_code == 1
    assert "hunter2" not in done.output
    assert jobs.list_jobs(database) == []


def test_an_annotator_is_named_after_the_model_not_the_address() -> None:
    assert short_name("openai:Qwen/Qwen2.5-7B@http://localhost:8000/v1") == "Qwen2.5-7B"
    assert short_name("openai:qwen2.5:7b@http://localhost:11434") == "qwen2.5:7b"
    assert short_name("transformers:Qwen/Qwen2.5-7B") == "Qwen2.5-7B"


# How long to wait


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Mon, 12 Jan 1970 13:47:10 GMT"}, 30.0),
        ({"retry-after": "Mon, 12 Jan 1970 00:00:00 -0000"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "2", "x-ratelimit-reset-requests": "6m0s"}, 2.0),
        ({"x-ratelimit-reset-requests": "1s"}, 1.0),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-tokens": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-reset-tokens": "1 fortnight"}, None),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "149984",
            },
            1.0,
        ),
    ],
)
def test_what_a_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert waits.asked_wait(headers, 1_000_000.0) == seconds


def test_backoff_doubles_to_a_minute_and_is_spread() -> None:
    assert [waits.backoff(n, 0.0) for n in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert waits.backoff(3, 1.0) == 4


# A server that speaks vLLM's dialect, with the playground's policy in it


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
                how = Sampling(body["temperature"], body["top_p"], body["max_tokens"], stop)
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


def test_a_prompt_without_room_is_cut_and_one_with_little_gets_what_there_is(
    vllm: VllmLike, serve: Serve
) -> None:
    there = OpenAIGenerator(serve(vllm).name)
    long, context = "apples " * 2000, vllm.policy.context
    ids = tuple(vllm.policy.prompt_ids(CHAT)) * 200
    asked = [there.prompt_ids(CHAT, long), ids[: context - 3], ()]
    cut, little = there.complete(
        [CompletionRequest(prompt, 0) for prompt in asked[:2]], Sampling(max_tokens=50)
    )
    assert (cut.text, cut.n_tokens, cut.finish_reason) == ("", 0, "length")
    assert little.n_tokens <= 3
    with pytest.raises(ModelError, match="at least one token"):
        there.complete([CompletionRequest(asked[2], 0)], Sampling())


STORED = (
    "SELECT r.solution_id, r.step, r.sample, r.text, r.outcome FROM rollout r "
    "JOIN annotator a ON a.id = r.annotator_id WHERE a.name = :name ORDER BY 1, 2, 3"
)
LABELS = (
    "SELECT n.solution_id, n.first_error, n.status, n.scores FROM annotation n "
    "JOIN annotator a ON a.id = n.annotator_id WHERE a.name = :name ORDER BY 1"
)


def stored(database: Database, query: str, name: str) -> list[tuple[Any, ...]]:
    with database.read() as session:
        return [tuple(row) for row in session.execute(text(query), {"name": name})]


def test_monte_carlo_by_a_server_that_dies_gives_the_labels_of_the_model_here(
    vllm: VllmLike, serve: Serve, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEPLENS_API_KEY", KEY)
    wanted = {"problems": 8, "solutions": 2, "seed": 3}
    run_job(database, jobs.create_job(database, "sample", wanted).id)
    local = serve(vllm)

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


# Servers that only chat


def rendered(chat: list[dict[str, str]], *, header: bool, open_end: bool = False) -> str:
    """ChatML; a character counts as a token."""
    parts = [f"<{one['role']}>{one['content']}</>" for one in chat]
    if open_end:
        parts[-1] = parts[-1].removesuffix("</>")
    return "".join(parts) + ("<assistant>" if header else "")


def continuing(dialect: str, seen: list[str]) -> Answer:
    """A chat server and how it treats an answer that was begun."""

    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        chat, wish = body["messages"], body.get("continue_final_message", False)
        header = body.get("add_generation_prompt", True)
        if dialect == "strict" and "continue_final_message" in body:
            message = "Unrecognized request argument supplied: continue_final_message"
            return 400, {}, {"error": {"message": message, "code": None}}
        if dialect in ("vllm", "llama.cpp") and wish and header:
            return 400, {}, {"error": {"message": "Cannot set both"}}
        if dialect == "ignores":
            wish, header = False, True
        if dialect == "header only":
            wish = False
        if dialect == "sglang":  # it knows no add_generation_prompt
            header = not wish
        if dialect == "llama.cpp" and chat[-1]["role"] == "assistant":
            wish, header = True, False
        if dialect == "strips" and wish:
            chat = [*chat[:-1], {**chat[-1], "content": chat[-1]["content"].strip()}]
        prompt = rendered(chat, header=header, open_end=wish)
        seen.append(prompt)
        usage = {"prompt_tokens": len(prompt), "completion_tokens": 2}
        choice = {"message": {"content": "The answer is 7."}, "finish_reason": "stop"}
        return {"choices": [choice]} | ({} if dialect == "countless" else {"usage": usage})

    return chat_only(answer)


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "llama.cpp"])
def test_a_chat_server_that_continues_is_given_the_begun_answer(dialect: str, serve: Serve) -> None:
    seen: list[str] = []
    generator = OpenAIGenerator(serve(continuing(dialect, seen)).name)
    assert not generator.has_ids
    prompt = generator.prompt_ids(CHAT, "So 3.\n\n")
    asked = [CompletionRequest(prompt, seed) for seed in range(3)]
    made = generator.complete(asked, Sampling())
    wanted = "<user>What is 3 + 4?</><assistant>So 3.\n\n"
    assert seen[-3:] == [wanted] * 3
    assert [one.n_prompt_tokens for one in made] == [len(wanted)] * 3
    tried = len(seen)
    generator.complete(asked, Sampling())
    assert len(seen) == tried + 3  # it is tried out once


@pytest.mark.parametrize(
    ("dialect", "why"),
    [
        ("strict", "Unrecognized request argument"),
        ("ignores", "closes the answer and begins another"),
        ("header only", "closes the answer and begins another"),
        ("strips", "drops the blank line"),
        ("countless", "counts no prompt tokens"),
    ],
)
def test_a_chat_server_that_does_not_continue_only_judges(
    dialect: str, why: str, serve: Serve
) -> None:
    seen: list[str] = []
    generator = OpenAIGenerator(serve(continuing(dialect, seen)).name)
    begun = CompletionRequest(generator.prompt_ids(CHAT, "So 3.\n\n"), 0)
    with pytest.raises(ModelError, match=f"m cannot continue a solution.*{why}.*as a judge.*vLLM"):
        generator.complete([begun], Sampling())
    assert not any("So 3." in prompt for prompt in seen)
    assert ask(generator)[0].text == "The answer is 7."


def judged(n: int) -> list[ImportRow]:
    return [
        ImportRow(
            problem=f"What is {k} + {k}?",
            steps=(f"{k} + {k} = {2 * k}", "That is it."),
            generator="g",
            dataset="d",
            gold_answer=str(2 * k),
            is_correct=True,
        )
        for k in range(n)
    ]


def test_a_chat_server_judges_and_a_killed_job_goes_on(serve: Serve, database: Database) -> None:
    insert_rows(database, judged(200))
    broken = threading.Event()

    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        problem = body["messages"][-1]["content"]
        if broken.is_set() and "What is 150 + 150?" in problem:
            return 500, {}, b"out of memory"
        if "What is 7 + 7?" in problem:
            reply = "<analysis_1>No.</analysis_1><conclusion>Incorrect</conclusion>"
            return chat_reply(reply)
        return chat_reply("<analysis_1>Yes.</analysis_1><conclusion>Correct</conclusion>")

    local = serve(chat_only(answer))
    command = ["--db", database.url, "annotate", "judge", "--prompt", "paper", "--name", "j"]
    command += ["--model", local.name]
    broken.set()
    died = CliRunner().invoke(main, command)
    assert died.exit_code == 1
    assert "fails (500: out of memory)" in died.output
    assert len(stored(database, LABELS, "j")) == 128  # the first segment
    broken.clear()
    before = len(local.asked("/v1/chat/completions"))
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert len(local.asked("/v1/chat/completions")) == before + 72
    verdicts = [first_error for _, first_error, _, _ in stored(database, LABELS, "j")]
    assert sorted(verdicts) == [-1] * 199 + [0]
    with database.read() as session:
        config = session.execute(text("SELECT config FROM annotator")).scalar()
    assert f"m at {local.url.removeprefix('http://')}" in str(config)


def test_monte_carlo_on_a_chat_server_is_refused_before_anything_is_stored(
    serve: Serve, database: Database
) -> None:
    insert_rows(database, judged(3))
    local = serve(chat_only(lambda *_: chat_reply()))
    params = {"model": local.name, "samples": 4, "strategy": "scan", "seed": 1}
    with pytest.raises(ModelError, match="cannot continue a solution"):
        estimate_mc(database, params)
    with pytest.raises(ModelError, match="cannot continue a solution"):
        run_job(database, jobs.create_job(database, "annotate_mc", params).id)
    assert jobs.list_jobs(database)[0].status == "failed"


# What is sent and what is understood


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
    monkeypatch.setenv("STEPLENS_CONCURRENCY", "7")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    load_generator(local.name)
    assert local.calls[-1][1]["authorization"] == "Bearer sk-other"
    monkeypatch.setenv("STEPLENS_API_KEY", KEY)
    load_generator(local.name)
    assert local.calls[-1][1]["authorization"] == f"Bearer {KEY}"
    monkeypatch.setenv("STEPLENS_API_KEY", "sk-\u201cquoted\u201d")
    with pytest.raises(ModelError, match="holds characters that no key has") as refused:
        load_generator(local.name)
    assert "quoted" not in str(refused.value)


def test_a_prompt_for_a_server_is_no_prompt_for_a_local_model() -> None:
    request = CompletionRequest(ChatPrompt.of(CHAT), 0)
    with pytest.raises(ModelError, match="takes token ids"):
        _ = request.prompt_ids


# Servers that misbehave


def failing(times: int, told: Any) -> Answer:
    """Answers `told` this often, then well."""
    left = [times]

    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        left[0] -= 1
        return told if left[0] >= 0 else chat_reply()

    return chat_only(answer)


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
    with pytest.raises(ServerError, match=message):
        ask(generator)
    assert slept == []
    assert len(local.asked("/v1/chat/completions")) == 1


def test_one_refusal_ends_the_others_too(serve: Serve) -> None:
    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        if body["seed"] == 3:
            return 400, {}, b"this one not"
        time.sleep(0.05)
        return chat_reply()

    local = serve(chat_only(answer))
    generator = OpenAIGenerator(local.name, concurrency=4)
    with pytest.raises(ServerError, match="this one not"):
        ask(generator, 500)
    assert len(local.asked("/v1/chat/completions")) < 50


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


def test_a_hostile_message_is_one_short_printable_line(serve: Serve) -> None:
    said = b"<b>no</b>\x1b[31m\n\xff\xe2\x80\xae [red]" + b"A" * 100_000
    local = serve(failing(99, (400, {}, said)))
    with pytest.raises(ServerError) as refused:
        ask(OpenAIGenerator(local.name))
    message = str(refused.value)
    assert message.isprintable()
    assert len(message) < 600
    assert "no ?[31m" in message


# Loading


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
        "models.generation.server.continuation",
    ):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(ModelError, match=r"pip install 'steplens\[openai\]'"):
        load_generator("openai:m@http://localhost")
