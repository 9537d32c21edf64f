"""The prepared project: there whole or not at all, and nothing else beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from db.engine import open_database
from db.lists.counts import project_counts
from labeling.demo.prepare import prepare_demo

DIES = """
import os, signal, sys
from labeling.demo.prepare import prepare_demo
prepare_demo(sys.argv[1], lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_what_a_killed_process_unpacked_is_removed_by_the_next(tmp_path: Path) -> None:
    file = tmp_path / "demo.db"
    killed = subprocess.run([sys.executable, "-c", DIES, str(file)], check=False)
    assert killed.returncode < 0
    (left,) = tmp_path.iterdir()
    assert left.suffix == ".part"
    at_work = tmp_path / f"demo.db.{os.getppid()}.part"  # of a process that lives
    at_work.touch()
    opened = open_database(prepare_demo(file, lambda *_: None))
    assert project_counts(opened).solutions > 1000
    opened.close()
    assert {one.name for one in tmp_path.glob("*.part")} == {at_work.name}


def test_an_interrupted_unpacking_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int, message: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_demo(tmp_path / "demo.db", stop)
    assert list(tmp_path.iterdir()) == []
