"""Rows out of Arrow files, as `datasets` saves them: streams, and files with a directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from labeling.formats.files.parquet import BATCH, as_values
from labeling.formats.files.stream import Value

if TYPE_CHECKING:
    from pyarrow import NativeFile, RecordBatch

_FILE = b"ARROW1"
_STREAM = b"\xff\xff\xff\xff"  # the continuation mark before a message's length


def is_arrow(path: Path) -> bool:
    """Whether the file begins as Arrow's do. Raises OSError for one that cannot be opened."""
    with path.open("rb") as file:
        return file.read(len(_FILE)).startswith((_FILE, _STREAM))


def open_rows(path: Path, on_bytes: Callable[[int], None] | None = None) -> Iterator[Value]:
    """Open `path` now, and yield its rows lazily; their lines are their numbers, from 1.

    `on_bytes` is told the position in the file. Raises ValueError for a file that cannot be read
    at all.
    """
    import pyarrow

    source = pyarrow.OSFile(str(path))
    try:
        batches = _batches(source)
    except (pyarrow.ArrowException, OSError) as error:
        source.close()
        raise ValueError(f"{path} is an Arrow file that cannot be read: {error}") from error
    return _rows(source, batches, path.stat().st_size, on_bytes)


def _batches(source: NativeFile) -> Iterator[RecordBatch]:
    from pyarrow import ipc

    is_stream = source.read(len(_FILE)) != _FILE
    source.seek(0)
    if is_stream:
        return iter(ipc.open_stream(source))
    file = ipc.open_file(source)
    return (file.get_batch(number) for number in range(file.num_record_batches))


def _rows(
    source: NativeFile,
    batches: Iterator[RecordBatch],
    size: int,
    on_bytes: Callable[[int], None] | None,
) -> Iterator[Value]:
    from pyarrow import ArrowException

    line = 0
    with closing(source):
        try:
            for batch in batches:
                for start in range(0, batch.num_rows, BATCH):
                    for value in as_values(batch.slice(start, BATCH)):
                        line += 1
                        yield Value(line, value)
                if on_bytes is not None:
                    on_bytes(min(source.tell(), size))
        except (ArrowException, OSError, UnicodeDecodeError) as error:
            reason = f"the Arrow file is damaged here ({error}); the rows from this one on are lost"
            yield Value(line + 1, None, reason)
            return
        if on_bytes is not None:
            on_bytes(size)
    if not line:
        yield Value(1, None, "the file is empty")
