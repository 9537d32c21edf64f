"""A process that does parts of a run: `python -m labeling.lessons.worker FOLDER`.

It is told parts as lines of JSON and answers in lines of JSON. When whoever started it is gone,
`kill -9` included, its input ends and so does it, in the middle of whatever it does: the next run
goes on from there.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from labeling.lessons.parts import Part, do_part

EVERY = 0.5  # seconds between two reports


def main() -> None:
    """Do one part after the other."""
    folder = Path(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # What libraries print is no answer.
    asked: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    _one_thread()
    last = 0.0

    def report(done: int, total: int, message: str = "") -> None:
        nonlocal last
        if time.monotonic() - last > EVERY:
            last = time.monotonic()
            print(json.dumps({"done": done, "total": total, "message": message}), file=answers)

    while True:
        order = asked.get()
        part = Part(**order["part"])
        try:
            do_part(folder, part, order["identity"], report)
        except Exception as error:
            traceback.print_exc()
            print(json.dumps({"failed": f"{error}" or type(error).__name__}), file=answers)
        else:
            print(json.dumps({"finished": part.name}), file=answers)


def _listen(asked: queue.Queue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        asked.put(json.loads(line))
    os._exit(1)


def _one_thread() -> None:
    """Sums come out alike on every machine only if as many threads share them everywhere."""
    import torch

    torch.set_num_threads(1)


if __name__ == "__main__":
    main()
