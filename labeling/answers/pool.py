"""math-verify in worker processes of pebble's, under a wall clock.

math-verify is imported in the workers only: its own time-outs need signals, which threads cannot
have, and there they let it answer wrongly (Math-Verify issues 22, 42 and 50).
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing.context
import multiprocessing.process
import os
import sys
import threading
import types
from collections.abc import Sequence
from concurrent.futures import TimeoutError
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Literal

from pebble import ProcessExpired, ProcessFuture, ProcessPool

Verdict = Literal["correct", "wrong", "unknown"]
Pair = tuple[str, str]  # an answer and the gold answer

SECONDS = 5.0  # for a pair beside others
MORE = 6  # times as long, for one that missed this, alone
WORKERS = max(1, min(8, os.cpu_count() or 1))  # nothing else of a job computes while it grades
TASKS = 20_000  # of a worker; sympy's caches grow
MEMORY = 4 << 30  # bytes; 9^(9^9) must kill the worker, not the machine.
MOST_KEPT = 100_000  # verdicts

_turn = threading.Lock()  # one batch at a time, or a pair would not be alone
_pool: ProcessPool | None = None
_verdicts: dict[Pair, Verdict] = {}


class _Worker(multiprocessing.context.SpawnProcess):
    """A spawned process that does not run the program's main module again.

    Python would, so that what was defined there is found; nothing here is. A script that grades
    needs no `if __name__ == "__main__":` then, and where Streamlit runs, whose `__main__` is the
    page of that moment, workers start all the same.
    """

    @staticmethod
    def _Popen(process_obj: multiprocessing.process.BaseProcess) -> Any:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            return multiprocessing.context.SpawnProcess._Popen(process_obj)  # type: ignore[attr-defined]
        finally:
            sys.modules["__main__"] = main


class _Spawning(multiprocessing.context.SpawnContext):
    Process = _Worker  # type: ignore[assignment]


def verify_all(pairs: Sequence[Pair], seconds: float = SECONDS) -> list[Verdict]:
    """math-verify's verdicts on all pairs, in their order; may be called from any thread.

    A pair that takes longer than `seconds`, or ends its worker, is asked again after all others,
    alone and for MORE times as long: on a busy machine the first try says little. What misses
    that too is "unknown", which is never remembered; verdicts are, since the completions of one
    problem mostly repeat a few answers. Raises RuntimeError if math-verify cannot be started.
    """
    with _turn:
        wanted = [pair for pair in dict.fromkeys(pairs) if pair not in _verdicts]
        found = _ask(wanted, seconds)
        for late in [pair for pair in wanted if pair not in found]:
            found |= _ask([late], MORE * seconds)
        if len(_verdicts) + len(found) > MOST_KEPT:
            _verdicts.clear()
        known = {**{pair: _verdicts[pair] for pair in pairs if pair in _verdicts}, **found}
        _verdicts.update(found)
        return [known.get(pair, "unknown") for pair in pairs]


def close() -> None:
    """Stop all workers; the next question starts them again."""
    global _pool
    if _pool is not None:
        _pool.stop()
        _pool.join()
        _pool = None


def _ask(pairs: Sequence[Pair], seconds: float) -> dict[Pair, Verdict]:
    """The verdicts that came in time, with all workers at work."""
    try:
        return _ask_once(pairs, seconds)
    except BrokenProcessPool:
        close()  # pebble gives up when an idle worker is killed, as for want of memory
    try:
        return _ask_once(pairs, seconds)
    except BrokenProcessPool as error:
        close()
        raise RuntimeError(
            "The grading workers did not start. Check the installation with "
            '`python -c "import math_verify"`.'
        ) from error


def _ask_once(pairs: Sequence[Pair], seconds: float) -> dict[Pair, Verdict]:
    asked = {pair: _schedule(pair, seconds) for pair in pairs}
    found = {}
    for pair, future in asked.items():
        with contextlib.suppress(TimeoutError, ProcessExpired):
            found[pair] = future.result()
    return found


def _schedule(pair: Pair, seconds: float) -> ProcessFuture:
    global _pool
    if _pool is None:
        # Spawned: a fork would copy the threads' locks of whoever grades, torch's among them.
        _pool = ProcessPool(
            WORKERS,
            max_tasks=TASKS,
            initializer=_start,
            context=_Spawning(),
        )
    return _pool.schedule(_verify, args=pair, timeout=seconds)


def _forget() -> None:
    """A forked child has none of its parent's workers, and perhaps a lock that nobody holds."""
    global _pool, _turn
    _pool, _turn = None, threading.Lock()


atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _start() -> None:
    """Prepare a worker: import what it needs, with bounded memory, and then keep it quiet."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows, or a lower limit set
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import math_verify  # noqa: F401

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _verify(answer: str, gold: str) -> Verdict:
    """What a worker says of one pair. Its time-outs are off: the pool kills it instead."""
    from math_verify import parse, verify

    try:
        wanted = parse(_as_math(gold), parsing_timeout=None)
        given = parse(_as_math(answer), parsing_timeout=None)
        if not wanted:
            return "unknown"
        same = bool(given) and verify(wanted, given, timeout_seconds=None)
        return "correct" if same else "wrong"
    except Exception:
        return "unknown"


def _as_math(answer: str) -> str:
    return answer if "$" in answer else f"${answer}$"
