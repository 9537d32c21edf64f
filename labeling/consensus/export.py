"""Writes kept solutions to a folder, data.jsonl and manifest.json, whole or not at all.

Everything is written into a hidden folder beside OUT_DIR and renamed when it is on disk. A
process that dies before leaves `.NAME.xxxxxxxx.partial` there, which may be deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from labeling.formats.base import ExportRow, Writer
from labeling.formats.catalog import WRITERS

MANIFEST, DATA = "manifest.json", "data.jsonl"
VERSION = 1  # of the layout


class ExportError(ValueError):
    """An export cannot be written there, or in that form."""


def write_export(
    out_dir: str | Path,
    rows: Iterable[ExportRow],
    format: str,
    *,
    rule: Mapping[str, Any],
    counts: Mapping[str, Any],
    reasons: Mapping[str, int],
    extra: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write `rows`, one at a time, to OUT_DIR/data.jsonl and return the manifest beside it.

    `rule`, `counts` and `reasons` (why solutions were dropped) go into the manifest, `extra`
    too. Raises ExportError for an unknown format, a row whose labels do not fit its steps, or
    an OUT_DIR that holds something: with `overwrite` only another export is replaced. OSError
    when the disk refuses; nothing is left behind then.
    """
    if format not in WRITERS:
        raise ExportError(f"no export format {format!r}; there are {', '.join(WRITERS)}")
    target = Path(out_dir).resolve()
    _check_free(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = _sibling(target, "partial")
    partial.mkdir()
    try:
        data = _write_data(partial / DATA, rows, WRITERS[format])
        manifest = {
            "format": format,
            "version": VERSION,
            "rule": dict(rule),
            "counts": dict(counts),
            "reasons": dict(reasons),
            "files": {DATA: data},
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "steplens_version": _own_version(),
            **({"extra": dict(extra)} if extra else {}),
        }
        with (partial / MANIFEST).open("w", encoding="utf-8") as stream:
            json.dump(manifest, stream, indent=2, ensure_ascii=False)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        _folder_to_disk(partial)
        _check_free(target, overwrite)  # Others may have written while we did.
        _put_in_place(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return manifest


def _write_data(file: Path, rows: Iterable[ExportRow], form: Writer) -> dict[str, Any]:
    digest, n_rows, n_bytes = hashlib.sha256(), 0, 0
    with file.open("wb") as stream:
        for row in rows:
            if not len(row.labels) == len(row.steps) > 0 or row.first_error >= len(row.steps):
                raise ExportError(
                    f"solution {row.solution_id}: {len(row.steps)} steps, {len(row.labels)} "
                    f"labels and a first error at {row.first_error} do not go together"
                )
            line = json.dumps(form(row), ensure_ascii=False).encode() + b"\n"
            stream.write(line)
            digest.update(line)
            n_rows, n_bytes = n_rows + 1, n_bytes + len(line)
        stream.flush()
        os.fsync(stream.fileno())
    return {"sha256": digest.hexdigest(), "rows": n_rows, "bytes": n_bytes}


def _check_free(target: Path, overwrite: bool) -> None:
    if target.exists() and not target.is_dir():
        raise ExportError(f"{target} is a file; an export is a folder, choose another name")
    if not target.exists() or not any(target.iterdir()):
        return
    if not overwrite:
        raise ExportError(f"{target} is not empty; choose another folder, or pass --overwrite")
    if not (target / MANIFEST).is_file():
        raise ExportError(f"{target} holds files but no {MANIFEST}: it is no export, not replaced")


def _put_in_place(partial: Path, target: Path) -> None:
    """Rename the finished folder; an export that stands there is moved aside, then deleted."""
    old = None
    if target.exists() and any(target.iterdir()):
        old = _sibling(target, "old")
        target.rename(old)
    try:
        partial.rename(target)
    except OSError:
        if old is not None:
            old.rename(target)
        raise
    _folder_to_disk(target.parent)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def _sibling(target: Path, suffix: str) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.{suffix}")


def _folder_to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own_version() -> str:
    try:
        return version("steplens")
    except PackageNotFoundError:
        return "unknown"
