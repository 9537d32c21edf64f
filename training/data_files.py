"""The data file of an export: what it is called, and the rows that it holds."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
DATA_FILES = {
    kind: f"data.{kind}"
    for kind in ("jsonl", "jsonl.gz", "jsonl.bz2", "jsonl.xz", "jsonl.zst", "parquet", "arrow")
}


class ExportError(ValueError):
    """An export cannot be read; the message names the file, the line and what is wrong."""


def recorded_data(manifest: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The name of an export's data file, and its `sha256`, `rows` and `bytes`; {} where unknown."""
    files = manifest.get("files")
    for name in DATA_FILES.values():
        told = files.get(name) if isinstance(files, dict) else None
        if isinstance(told, dict):
            return name, told
    return DATA_FILES["jsonl"], {}


def rows_in(content: bytes, file: Path) -> Iterator[tuple[int, object]]:
    """Each row of a data file's content with its line, of a table its number, from 1.

    The name of the `file` says what it is. Raises ExportError, which names it, for one that is
    something else.
    """
    try:
        if file.suffix == ".parquet":
            yield from _of_parquet(content)
        elif file.suffix == ".arrow":
            yield from _of_arrow(content)
        else:
            yield from _of_lines(_UNPACKED.get(file.suffix, bytes)(content), file)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, _arrow_error()) as error:
        raise ExportError(f"{file} cannot be read: {error}") from error


def _arrow_error() -> type[Exception]:
    from pyarrow import ArrowException

    return ArrowException


def _of_lines(content: bytes, file: Path) -> Iterator[tuple[int, object]]:
    # Not splitlines(): a JSON string may hold other line separators (U+2028) as they are.
    for number, line in enumerate(content.decode("utf-8").split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise ExportError(f"{file}:{number}: {error}") from error


def _of_parquet(content: bytes) -> Iterator[tuple[int, object]]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    with ParquetFile(pa.BufferReader(content)) as table:
        rows = (row for batch in table.iter_batches() for row in batch.to_pylist())
        yield from enumerate(rows, start=1)


def _of_arrow(content: bytes) -> Iterator[tuple[int, object]]:
    from pyarrow import ipc

    with ipc.open_stream(content) as table:
        yield from enumerate((row for batch in table for row in batch.to_pylist()), start=1)


def _zstandard(content: bytes) -> bytes:
    import pyarrow as pa

    with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
        return bytes(stream.read())


_UNPACKED: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zst": _zstandard,
}
