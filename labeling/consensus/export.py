"""Writes kept solutions to a folder, their data and a manifest, whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from labeling.formats.base import ExportRow, Writer
from labeling.formats.catalog import WRITERS
from labeling.formats.files.parquet import is_parquet, open_rows
from labeling.formats.files.stream import open_values
from labeling.formats.files.to_parquet import to_parquet
from training.data import recorded_data
from training.folders import whole_folder

MANIFEST, DATA, PARQUET = "manifest.json", "data.jsonl", "data.parquet"
VERSION = 1  # of the layout


class ExportError(ValueError):
    """An export cannot be written in that form."""


def write_export(
    out_dir: str | Path,
    rows: Iterable[ExportRow],
    format: str,
    *,
    rule: Mapping[str, Any],
    counts: Mapping[str, Any],
    reasons: Mapping[str, int],
    held_out: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    parquet: bool = False,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write `rows`, one at a time, to OUT_DIR/data.jsonl and return the manifest beside it.

    With `parquet` the same rows are in OUT_DIR/data.parquet instead. `rule`, `counts`, `reasons`
    (why solutions were dropped), `held_out` (the part of the problems that is not in it) and
    `extra` go into the manifest, with `left_out`: the rows that the format cannot hold, mostly
    since nobody judged one of their steps. Raises ExportError for an unknown format, a row whose
    labels do not fit its steps, or when every row is left out; FileExistsError for an OUT_DIR that
    holds something (with `overwrite` only another export is replaced), and OSError when the disk
    refuses; nothing is left behind then.
    """
    if format not in WRITERS:
        raise ExportError(f"no export format {format!r}; there are {', '.join(WRITERS)}")
    target = Path(out_dir).resolve()
    with whole_folder(target, "export", MANIFEST, overwrite=overwrite) as partial:
        data, left_out = _write_data(partial / DATA, rows, WRITERS[format])
        if left_out and not data["rows"]:
            raise ExportError(
                f"{format} can hold none of these solutions, as it has no word for a step that "
                "nobody judged; export as jsonl"
            )
        if parquet:
            data |= _as_parquet(partial)
        manifest = {
            "format": format,
            "version": VERSION,
            "rule": dict(rule),
            "counts": dict(counts),
            "reasons": dict(reasons),
            "held_out": dict(held_out or {}),
            "left_out": left_out,
            "files": {PARQUET if parquet else DATA: data},
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "steplens_version": own_version(),
            **({"extra": dict(extra)} if extra else {}),
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False)
        (partial / MANIFEST).write_text(text + "\n", "utf-8")
    return manifest


def exported_solutions(folder: str | Path, manifest: Mapping[str, Any]) -> list[int]:
    """The ids of the solutions that an export in our own format holds, in its order.

    Raises ExportError where its rows do not say, as other formats have no word for it, and OSError
    for a file that is not there.
    """
    file = Path(folder) / recorded_data(manifest)[0]
    found = []
    for row in open_rows(file) if is_parquet(file) else open_values(file):
        meta = row.value.get("meta") if isinstance(row.value, dict) else None
        id = meta.get("solution_id") if isinstance(meta, dict) else None
        if not isinstance(id, int):
            raise ExportError(f"{file}:{row.line} does not say which solution it is of")
        found.append(id)
    return found


def _write_data(file: Path, rows: Iterable[ExportRow], form: Writer) -> tuple[dict[str, Any], int]:
    """The file's checksum and size, and the number of rows that the format cannot say."""
    digest, n_rows, n_bytes, left_out = hashlib.sha256(), 0, 0, 0
    with file.open("wb") as stream:
        for row in rows:
            if not len(row.labels) == len(row.steps) > 0 or row.first_error >= len(row.steps):
                raise ExportError(
                    f"solution {row.solution_id}: {len(row.steps)} steps, {len(row.labels)} "
                    f"labels and a first error at {row.first_error} do not go together"
                )
            formed = form(row)
            if formed is None:
                left_out += 1
                continue
            line = json.dumps(formed, ensure_ascii=False).encode() + b"\n"
            stream.write(line)
            digest.update(line)
            n_rows, n_bytes = n_rows + 1, n_bytes + len(line)
    return {"sha256": digest.hexdigest(), "rows": n_rows, "bytes": n_bytes}, left_out


def _as_parquet(folder: Path) -> dict[str, Any]:
    """Put the same rows into a Parquet file; returns what that changes in the manifest."""
    target = folder / PARQUET
    to_parquet(folder / DATA, target)
    (folder / DATA).unlink()
    with target.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"sha256": digest, "bytes": target.stat().st_size}


def own_version() -> str:
    """The version of StepLens that writes, for the record."""
    try:
        return version("steplens")
    except PackageNotFoundError:
        return "unknown"
