"""A server of models in this process that answers as a test says, and what is asked of one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from sqlalchemy import text

from db.engine import Database
from models.generation.base import CompletionRequest, Sampling
from models.generation.openai import OpenAIGenerator

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


class Slept(list[float]):
    """The pauses that would have been made."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


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


def failing(times: int, told: Any) -> Answer:
    """Answers `told` this often, then well."""
    left = [times]

    def answer(path: str, headers: dict[str, str], body: Any) -> Any:
        left[0] -= 1
        return told if left[0] >= 0 else chat_reply()

    return chat_only(answer)


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
