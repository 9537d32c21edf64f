"""Turning a file of JSON lines into a Parquet file with the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BATCH = 1000  # rows; also of a row group


def to_parquet(lines: Path, target: Path) -> None:
    """Write the rows of `lines` to `target`, in two passes: the columns must be known at first.

    What a field holds in some rows and not in others is null there. Raises OSError when the disk
    refuses.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    tables = (pa.Table.from_pylist(rows) for rows in _batches(lines))
    schema = pa.unify_schemas((one.schema for one in tables), promote_options="permissive")
    with ParquetWriter(target, schema) as writer:
        for rows in _batches(lines):
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def _batches(lines: Path) -> Iterator[list[dict[str, Any]]]:
    with lines.open("rb") as stream:  # Not as text: a JSON string may hold other line separators.
        while rows := [json.loads(line) for _, line in zip(range(BATCH), stream, strict=False)]:
            yield rows
