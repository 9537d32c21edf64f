"""Worker processes that run math-verify under a wall clock.

Run as a script, this file is such a worker: it reads one JSON `[answer, gold]` a line and writes
one verdict a line. math-verify is imported there only.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from functools import lru_cache
from typing import Literal, cast

WORKERS = max(1, min(4, (os.cpu_count() or 2) // 2))
START_SECONDS = 120.0  # Importing sympy takes seconds; on a loaded machine, many.
MEMORY = 4 << 30  # bytes; 9^(9^9) must kill the worker, not the machine.
VERDICTS = ("correct", "wrong", "unknown")


class Worker:
    """One child process; dead once it has missed a deadline."""

    def __init__(self) -> None:
        # -P: this file's folder must not become an import path, its modules have common names.
        self.process = subprocess.Popen(
            [sys.executable, "-P", os.path.abspath(__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        greeting = self._line(START_SECONDS)
        if greeting != "ready":
            self.close()
            raise RuntimeError(
                "The grading worker did not start: "
                f"{greeting or f'no answer in {START_SECONDS:.0f} s'}. "
                'Check the installation with: python -c "import math_verify"'
            )

    def ask(self, answer: str, gold: str, seconds: float) -> str | None:
        """The verdict, or None if the worker did not give one in time (it is dead then)."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps([answer, gold]) + "\n")
            self.process.stdin.flush()
        except OSError:
            self.close()
            return None
        verdict = self._line(seconds)
        if verdict in VERDICTS:
            return verdict
        self.close()
        return None

    def _line(self, seconds: float) -> str:
        assert self.process.stdout is not None
        watchdog = threading.Timer(seconds, self.process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            return self.process.stdout.readline().strip()
        finally:
            watchdog.cancel()

    def close(self) -> None:
        """Kill the process and wait for it."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                # Closing flushes, and there is nobody left to read.
                with contextlib.suppress(OSError):
                    pipe.close()


_slots: queue.LifoQueue[Worker | None] = queue.LifoQueue()


def _fill() -> None:
    """Fresh empty slots; a forked child must not write into its parent's pipes."""
    global _slots
    _slots = queue.LifoQueue()
    for _ in range(WORKERS):
        _slots.put(None)
    _answers.cache_clear()


def ask(answer: str, gold: str, seconds: float) -> Literal["correct", "wrong", "unknown"]:
    """math-verify's verdict on a pair, "unknown" after `seconds`; waits for a free worker.

    The same pair is asked once: the rollouts of one problem mostly repeat a few answers.
    """
    return cast(Literal["correct", "wrong", "unknown"], _answers(answer, gold, seconds))


@lru_cache(maxsize=100_000)
def _answers(answer: str, gold: str, seconds: float) -> str:
    slots = _slots
    worker = slots.get()
    try:
        if worker is None or worker.process.poll() is not None:
            worker = Worker()
        return worker.ask(answer, gold, seconds) or "unknown"
    finally:
        slots.put(worker if worker and worker.process.poll() is None else None)


def close() -> None:
    """Stop all idle workers; the next question starts one again."""
    idle = []
    with contextlib.suppress(queue.Empty):
        while True:
            idle.append(_slots.get_nowait())
    for worker in idle:
        if worker is not None:
            worker.close()
        _slots.put(None)


_fill()
atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fill)


def _serve() -> None:
    """The worker's loop: ends when its parent closes the pipe or dies."""
    # Whatever a library prints must not be taken for a verdict.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        _limit_memory()
        from math_verify import parse, verify
    except Exception as error:
        print(f"{type(error).__name__}: {error}".splitlines()[0], file=out, flush=True)
        return
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        answer, gold = json.loads(line)
        try:
            # The time-outs are switched off: the parent's watchdog kills this process instead.
            wanted = parse(_as_math(gold), parsing_timeout=None)
            given = parse(_as_math(answer), parsing_timeout=None)
            if not wanted:
                verdict = "unknown"
            else:
                same = bool(given) and verify(wanted, given, timeout_seconds=None)
                verdict = "correct" if same else "wrong"
        except Exception:
            verdict = "unknown"
        print(verdict, file=out, flush=True)


def _as_math(answer: str) -> str:
    return answer if "$" in answer else f"${answer}$"


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows, or a lower limit set
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    _serve()
