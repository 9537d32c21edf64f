"""Rows out of a Parquet file, a batch at a time, as the values that JSON would give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from labeling.formats.base import Json
from labeling.formats.files.stream import Value

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyarrow.parquet import ParquetFile

MAGIC = b"PAR1"
BATCH = 500  # rows


def is_parquet(path: Path) -> bool:
    """Whether the file begins as Parquet files do. Raises OSError for one that cannot be opened."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def open_rows(path: Path, on_bytes: Callable[[int], None] | None = None) -> Iterator[Value]:
    """Open `path` now, and yield its rows lazily; their lines are their numbers, from 1.

    `on_bytes` is told the share of rows that was read, in bytes of the file. Raises ValueError
    for a file that cannot be read at all.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        table = ParquetFile(path, buffer_size=1 << 20)
    except (ArrowException, OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is a Parquet file that cannot be read: {error}") from error
    return _rows(table, path.stat().st_size, on_bytes)


def _rows(table: ParquetFile, size: int, on_bytes: Callable[[int], None] | None) -> Iterator[Value]:
    from pyarrow import ArrowException

    line = 0
    with table:
        total = max(table.metadata.num_rows, 1)
        try:
            for batch in _batches(table):
                for value in as_values(batch):
                    line += 1
                    yield Value(line, value)
                if on_bytes is not None:
                    on_bytes(size * min(line, total) // total)
        except (ArrowException, OSError, UnicodeDecodeError) as error:
            reason = (
                f"the Parquet file is damaged here ({error}); the rows from this one on are lost"
            )
            yield Value(line + 1, None, reason)
            return
    if not line:
        yield Value(1, None, "the file is empty")


def _batches(table: ParquetFile) -> Iterator[RecordBatch]:
    """One row group after the other: over all of them, what was read is kept in memory."""
    for group in range(table.num_row_groups):
        yield from table.iter_batches(BATCH, row_groups=[group], use_threads=False)


def as_values(batch: RecordBatch) -> Iterator[Json]:
    """The rows of a batch as JSON would give them."""
    for row in batch.to_pylist():
        yield json.loads(json.dumps(row, default=_as_json))


def _as_json(value: object) -> str:
    """Dates, decimals and the like as text; bytes that are no text are refused by the fields."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
