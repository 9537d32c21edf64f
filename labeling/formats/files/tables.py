"""Turning a file of JSON lines into a table with the same rows: Parquet, or Arrow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BATCH = 1000  # rows; also of a row group


def to_table(lines: Path, target: Path) -> None:
    """Write the rows of `lines` to `target`, in two passes: the columns must be known at first.

    The name of `target` says which table it is, .parquet or .arrow. What a field holds in some rows
    and not in others is null there. Raises OSError when the disk refuses.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    tables = (pa.Table.from_pylist(rows).schema for rows in _batches(lines))
    schema = pa.unify_schemas([pa.schema([]), *tables], promote_options="permissive")
    open_table = ParquetWriter if target.suffix == ".parquet" else pa.ipc.new_stream
    with open_table(str(target), schema) as writer:
        for rows in _batches(lines):
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def describe_saved(table: Path) -> None:
    """Write beside an Arrow file what `datasets.load_from_disk` asks of the folder.

    Its `state.json` names the file and says how the rows are handed out, as `Dataset.save_to_disk`
    of datasets 5.2 writes it; the columns are those of the file.
    """
    with table.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    state: dict[str, object] = {
        "_data_files": [{"filename": table.name}],
        "_fingerprint": digest[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": "train",
    }
    for name, told in (("state.json", state), ("dataset_info.json", {})):
        table.with_name(name).write_text(json.dumps(told, indent=2) + "\n", "utf-8")


def _batches(lines: Path) -> Iterator[list[dict[str, Any]]]:
    with lines.open("rb") as stream:  # Not as text: a JSON string may hold other line separators.
        while rows := [json.loads(line) for _, line in zip(range(BATCH), stream, strict=False)]:
            yield rows
