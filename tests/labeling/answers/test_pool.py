"""The workers that run math-verify: under a wall clock, in parallel, and gone when done."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from labeling.answers import pool
from labeling.answers.grade import grade, grade_all

ROOT = Path(__file__).parents[3]
ENDLESS = "9^{9^{9^9}}"


@pytest.fixture(autouse=True)
def fresh_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two of them, whatever the machine has."""
    monkeypatch.setattr(pool, "WORKERS", 2)
    pool.close()
    pool._verdicts.clear()
    yield
    pool.close()


def workers() -> list[int]:
    return [child.pid for child in multiprocessing.active_children() if child.pid]


def freeze_workers(seconds: float) -> threading.Timer:
    """Stop them all now, as a machine that is busy elsewhere does, and let them go on later."""
    frozen = workers()
    assert frozen
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)

    def thaw() -> None:
        for pid in frozen:
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGCONT)

    timer = threading.Timer(seconds, thaw)
    timer.start()
    return timer


def test_a_time_out_on_a_busy_machine_is_asked_again_and_decided() -> None:
    assert grade(r"\sqrt{9}+1", "4") == "correct"  # a worker runs now
    timer = freeze_workers(4)
    pairs = [(rf"\sqrt{{{n * n}}}+1", str(n + 1)) for n in range(20, 26)]
    assert pool.verify_all(pairs, seconds=1) == ["correct"] * 6
    timer.join()


def test_what_misses_both_limits_is_unknown_and_not_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair = (r"\sqrt{81}+1", "10")
    monkeypatch.setattr(pool, "_ask", lambda pairs, seconds: {})
    assert pool.verify_all([pair, pair]) == ["unknown", "unknown"]
    monkeypatch.undo()
    assert pool.verify_all([pair]) == ["correct"]


def test_an_endless_answer_holds_up_nothing_but_itself() -> None:
    others = [(rf"\sqrt{{{n * n}}}+k", f"k+{n}") for n in range(2, 8)]
    began = time.monotonic()
    verdicts = pool.verify_all([(ENDLESS, "3"), *others, (ENDLESS, "3")], seconds=2)
    assert verdicts == ["unknown", *["correct"] * 6, "unknown"]
    assert time.monotonic() - began < 120  # both limits once, not once for each


def test_a_verdict_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = (r"\sqrt{81}+1", "10")
    assert pool.verify_all([pair, pair]) == ["correct", "correct"]
    monkeypatch.setattr(pool, "_schedule", lambda *_: pytest.fail("asked again"))
    assert pool.verify_all([pair]) == ["correct"]


def test_a_batch_is_graded_by_all_workers() -> None:
    pool.verify_all([(rf"\sqrt{{{n * n}}}+k", f"k+{n}") for n in range(30, 60)])
    assert len(workers()) == 2


def test_grading_in_threads_gives_the_same_verdicts() -> None:
    pairs = [(rf"\sqrt{{{n * n}}}+k", f"k+{n + n % 2}") for n in range(2, 14)]
    expected = ["wrong" if n % 2 else "correct" for n in range(2, 14)]
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(lambda pair: grade(*pair), pairs)) == expected
    assert grade_all(pairs) == expected


def test_a_killed_worker_costs_no_later_verdict() -> None:
    assert grade(r"\sqrt{25}+z", "z+5") == "correct"
    for pid in workers():
        os.kill(pid, signal.SIGKILL)
    assert grade(r"\sqrt{36}+z", "z+6") == "correct"
    pool.close()
    assert not workers()
    assert grade(r"\sqrt{49}+z", "z+7") == "correct"


def test_easy_answers_start_nothing_and_import_no_math_verify() -> None:
    code = (
        "import sys; from labeling.answers.grade import grade; assert grade('2', '12') == 'wrong';"
        "kept_out = {'math_verify', 'sympy', 'pebble', 'labeling.answers.pool'};"
        "assert not kept_out & sys.modules.keys()"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


def test_math_verify_is_never_in_our_process() -> None:
    code = (
        "import sys; from labeling.answers.grade import grade;"
        r"assert grade(r'\sqrt{4}+y', 'y+2') == 'correct';"
        "assert not {'math_verify', 'sympy'} & sys.modules.keys()"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


@pytest.mark.parametrize("end", ["pass", "os.kill(os.getpid(), 9)"])
def test_workers_end_with_their_program(end: str) -> None:
    code = (
        "import multiprocessing, os; from labeling.answers.grade import grade;"
        r"assert grade(r'\sqrt{4}+y', 'y+2') == 'correct';"
        "print(*[child.pid for child in multiprocessing.active_children()], flush=True);" + end
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    pids = [int(pid) for pid in done.stdout.split()]
    assert pids
    deadline = time.monotonic() + 30
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(psutil.pid_exists, pids))


def test_a_worker_that_cannot_start_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_start", sys.exit)  # as after a broken installation
    with pytest.raises(RuntimeError, match="import math_verify"):
        grade(r"\sqrt{4}+y", "y+2")
    monkeypatch.undo()
    assert grade(r"\sqrt{4}+y", "y+2") == "correct"


def test_workers_leave_the_main_module_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit makes the page that it runs the main module; a script may have no guard."""
    page = tmp_path / "page.py"
    page.write_text("raise SystemExit('run again')", "utf-8")
    main = types.ModuleType("__main__")
    main.__file__ = str(page)
    monkeypatch.setitem(sys.modules, "__main__", main)
    pool.close()
    assert grade(r"\sqrt{64}+y", "y+8") == "correct"
    assert sys.modules["__main__"] is main
