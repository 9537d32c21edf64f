"""The prepared playground project: shipped compressed, unpacked at the first start."""

from __future__ import annotations

import glob
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import psutil

from db.engine import open_database, upgrade
from db.lists import solution_index

ARCHIVE = Path(__file__).parent / "project" / "playground.db.xz"
BLOCK = 1 << 20


def prepare_demo(file: str | Path, report: Callable[[int, int, str], None]) -> str:
    """Make sure that the project is at `file`, and return its database URL.

    A file that is there already is brought to this version's schema and otherwise left alone.
    """
    target = Path(file).resolve()
    size = ARCHIVE.stat().st_size
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target)
        unfinished = target.with_name(f"{target.name}.{os.getpid()}.part")
        try:
            with ARCHIVE.open("rb") as packed, unfinished.open("wb") as plain:
                with lzma.open(packed) as stream:
                    while block := stream.read(BLOCK):
                        plain.write(block)
                        report(min(packed.tell(), size), size, "unpacking")
                plain.flush()
                os.fsync(plain.fileno())
            unfinished.rename(target)
        finally:
            unfinished.unlink(missing_ok=True)
    url = f"sqlite:///{target}"
    database = open_database(url, must_be_current=False)
    upgrade(database)
    solution_index.ensure(database)
    database.close()
    report(size, size, "ready")
    return url


def _remove_abandoned(target: Path) -> None:
    """Remove what processes that were killed while unpacking to `target` left beside it."""
    for part in target.parent.glob(f"{glob.escape(target.name)}.*.part"):
        pid = part.name.removeprefix(f"{target.name}.").removesuffix(".part")
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            part.unlink(missing_ok=True)
