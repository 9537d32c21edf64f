"""Writing a file that appears whole or not at all, compressed as its name says.

Its maker holds a lock on the unfinished file, as on an unfinished folder (`training.folders`), so
the next one to write there knows what a killed process left behind, and clears it away.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from training.folders import lock_on


def _zstandard(stream: BinaryIO, mode: str) -> object:
    import pyarrow

    # Closing it closes what is below; so that is a handle of its own on the same file.
    below = os.fdopen(os.dup(stream.fileno()), mode)
    return pyarrow.CompressedOutputStream(pyarrow.PythonFile(below, "w"), "zstd")


def _gzip(stream: BinaryIO, mode: str) -> object:
    # Without name and time in its head the same content is the same file.
    return gzip.GzipFile("", mode, fileobj=stream, mtime=0)


_PACKED: dict[str, Callable[[BinaryIO, str], object]] = {
    ".gz": _gzip,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": _zstandard,
}
_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}\.steplens-file")


@contextmanager
def whole_file(target: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A stream whose content becomes `target` once it is on disk; after an error nothing is left.

    It is compressed where the name ends in .gz, .bz2, .xz or .zst. Raises FileExistsError for a
    target that is there, unless it is a file to `overwrite`, and OSError when the disk refuses.
    """
    target = target.resolve()  # what a link leads to is replaced, and not the link
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_left_behind(target.parent)
    _check_free(target, overwrite)
    partial, lock = _locked_file(target)
    try:
        with partial.open("wb") as stream:
            with packed(stream, target) as content:
                yield content
            stream.flush()
            os.fsync(stream.fileno())
        _check_free(target, overwrite)  # Others may have written meanwhile.
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    finally:
        os.close(lock)


@contextmanager
def packed(stream: BinaryIO, target: Path) -> Iterator[BinaryIO]:
    """A stream into `stream`, compressed where the name of `target` ends in one of `_PACKED`."""
    pack = _PACKED.get(target.suffix)
    if pack is None:
        yield stream
    else:
        with cast(BinaryIO, pack(stream, "wb")) as content:
            yield content


def _locked_file(target: Path) -> tuple[Path, int]:
    """A new hidden file beside `target`, and the lock that says it is being written."""
    while True:
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.steplens-file")
        partial.touch(exist_ok=False)
        lock = lock_on(partial, wait=True)
        if lock is not None:
            return partial, lock
        # Gone: it was taken for a dead one's in the moment before it was locked.


def _clear_left_behind(parent: Path) -> None:
    """Remove the unfinished files in `parent` whose makers are gone, and no others."""
    for file in parent.iterdir():
        if not _UNFINISHED.fullmatch(file.name) or not file.is_file():
            continue
        lock = lock_on(file, wait=False)
        if lock is not None:
            file.unlink(missing_ok=True)
            os.close(lock)


def _check_free(target: Path, overwrite: bool) -> None:
    if target.is_dir():
        raise FileExistsError(f"{target} is a folder; name a file in it")
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} is there already; choose another name, or --overwrite")
