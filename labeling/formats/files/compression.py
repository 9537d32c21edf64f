"""Compressed files, known by their first bytes: gzip, bzip2, xz, zstandard."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

CHUNK = 1 << 20  # bytes, unpacked
ENDINGS = (".gz", ".bz2", ".xz", ".zst")  # that say nothing of what is inside

_DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError)


class BrokenFile(Exception):
    """The file cannot be read on; the message says why."""


def unpacked(file: BinaryIO, on_bytes: Callable[[int], None] | None) -> Iterator[bytes]:
    """The content in chunks; `on_bytes` is told the position in `file`, packed as it is.

    Raises BrokenFile where a compressed file is damaged or cut short, after what could be read.
    """
    start = file.read(6)
    file.seek(0)
    name, read = _reader(file, start)
    while True:
        try:
            chunk = read(CHUNK)
        except _DAMAGED as error:
            if not name:
                raise
            raise BrokenFile(f"the {name} file is truncated or damaged here ({error})") from error
        if on_bytes is not None:
            on_bytes(file.tell())
        if not chunk:
            return
        yield chunk


def _reader(file: BinaryIO, start: bytes) -> tuple[str, Callable[[int], bytes]]:
    """The compression's name and a function that reads so many bytes; no name for a plain file."""
    # read1 hands out what it has before it reports a broken end; read would lose it.
    if start.startswith(b"\x1f\x8b"):
        return "gzip", gzip.GzipFile(fileobj=file).read1
    if start.startswith(b"BZh"):
        return "bzip2", bz2.BZ2File(file).read1
    if start.startswith(b"\xfd7zXZ\x00"):
        return "xz", lzma.LZMAFile(file).read1
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        import pyarrow

        # It has no read1, so that a broken end costs what one call would have read.
        stream = pyarrow.CompressedInputStream(pyarrow.PythonFile(file, "r"), "zstd")
        return "zstandard", lambda size: bytes(stream.read(min(size, 1 << 16)))
    return "", file.read
