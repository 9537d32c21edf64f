"""A server of models as a process of its own, whose completions follow from prompt and seed alone.

    python seeded_server.py PORT_FILE [DIES_AT]

Listens at a free port, which it writes to PORT_FILE; kills itself (-9) when it is asked for its
completion number DIES_AT. Speaks as vLLM does: a token is a character. Standard library only, so
that it starts at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

asked = 0


def reply(path: str, body: Any) -> dict[str, Any]:
    global asked
    if path == "/v1/models":
        return {"data": [{"id": "m", "root": "weights", "owned_by": "vllm"}]}
    if path == "/tokenize":
        said = body.get("prompt") or "".join(one["content"] for one in body["messages"])
        return {"tokens": [ord(character) for character in said]}
    asked += 1
    if asked == int((sys.argv[2:] or ["0"])[0]):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.005)
    digest = hashlib.sha256(json.dumps([body["prompt"], body["seed"]]).encode()).digest()
    choice = {"text": f"The answer is {digest[0] % 3}.", "finish_reason": "stop"}
    usage = {"prompt_tokens": len(body["prompt"]), "completion_tokens": 5}
    return {"choices": [choice], "usage": usage}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        sent = json.dumps(reply(self.path, json.loads(raw) if raw else None)).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST

    def log_message(self, *_: Any) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    written = Path(sys.argv[1] + ".part")
    written.write_text(str(server.server_port))
    written.rename(sys.argv[1])
    server.serve_forever()
