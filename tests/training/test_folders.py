"""Folders appear whole or not at all, and what a killed process left behind is cleared away."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from training.folders import free_folder, whole_folder

ROOT = Path(__file__).parents[2]
FILLING = """
import sys, time
from pathlib import Path
from training.folders import whole_folder

with whole_folder(Path(sys.argv[1]), "export", "marker", overwrite=True) as folder:
    (folder / "marker").write_text("half")
    print("begun", flush=True)
    time.sleep(600)
"""
REPLACING = """
import sys, time
from pathlib import Path
from training.folders import whole_folder

rename = Path.rename
def slow(self, target):
    if self.suffix == ".steplens-partial":
        print("begun", flush=True)
        time.sleep(600)
    return rename(self, target)
Path.rename = slow

with whole_folder(Path(sys.argv[1]), "export", "marker", overwrite=True) as folder:
    (folder / "marker").write_text("new")
"""


@contextmanager
def another_process(code: str, target: Path) -> Iterator[subprocess.Popen[bytes]]:
    """It runs `code` up to where it says that it has begun, and is killed at the end."""
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"begun\n"
        yield child
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()


def write(target: Path, content: str, overwrite: bool = False) -> None:
    with whole_folder(target, "export", "marker", overwrite=overwrite) as folder:
        (folder / "marker").write_text(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_process_left_is_cleared_by_the_next_beside_it(tmp_path: Path) -> None:
    with another_process(FILLING, tmp_path / "one"):
        (left,) = names(tmp_path)
        assert left.startswith(".one.")
        write(tmp_path / "two", "whole")
        assert names(tmp_path) == [left, "two"]  # Its process lives.
    write(tmp_path / "three", "whole")
    assert names(tmp_path) == ["three", "two"]


def test_what_was_being_replaced_when_the_process_died_comes_back(tmp_path: Path) -> None:
    write(tmp_path / "one", "old")
    with another_process(REPLACING, tmp_path / "one"):
        assert not (tmp_path / "one").exists()
        write(tmp_path / "two", "whole")
        assert not (tmp_path / "one").exists()  # Its process lives, and will put it there.
    with pytest.raises(FileExistsError, match="not empty"):
        write(tmp_path / "one", "newer")
    assert (tmp_path / "one" / "marker").read_text() == "old"
    assert names(tmp_path) == ["one", "two"]


def test_hidden_folders_of_others_stay(tmp_path: Path) -> None:
    for name in (".one.partial", ".one.1234abcd.partial", ".git"):
        (tmp_path / name).mkdir()
    (tmp_path / ".one.1234abcd.steplens-partial").write_text("a file")
    before = names(tmp_path)
    write(tmp_path / "two", "whole")
    assert names(tmp_path) == [*before, "two"]


def test_only_a_folder_of_the_same_kind_is_replaced(tmp_path: Path) -> None:
    write(tmp_path / "one", "old")
    write(tmp_path / "one", "new", overwrite=True)
    assert (tmp_path / "one" / "marker").read_text() == "new"
    (tmp_path / "one" / "marker").rename(tmp_path / "one" / "notes")
    with pytest.raises(FileExistsError, match="holds files but no marker: it is no export"):
        write(tmp_path / "one", "newer", overwrite=True)
    with pytest.raises(FileExistsError, match="is a file"):
        write(tmp_path / "one" / "notes", "newer", overwrite=True)
    assert names(tmp_path) == ["one"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    write(tmp_path / "one", "old")
    (tmp_path / "link").symlink_to(tmp_path / "one")
    write(tmp_path / "link", "new", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "one" / "marker").read_text() == "new"
    assert names(tmp_path) == ["link", "one"]


def test_the_first_free_number_is_taken(tmp_path: Path) -> None:
    assert free_folder(tmp_path, "prm") == tmp_path / "prm-1"
    (tmp_path / "prm-1").mkdir()
    (tmp_path / "prm-3").mkdir()
    assert free_folder(tmp_path, "prm") == tmp_path / "prm-2"
