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
from labeling.formats.files.tables import describe_saved, to_table
from labeling.formats.files.whole import packed
from training.data_files import DATA_FILES, MANIFEST
from training.folders import whole_folder

VERSION = 1  # of the layout
SOLUTIONS = "solutions.txt"  # the project's ids of what is in the data, a line for each row


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
    file: str = "jsonl",
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write `rows`, one at a time, to OUT_DIR/data.FILE and return the manifest beside it.

    `file` is one of DATA_FILES: JSON lines, plain or compressed, Parquet, or Arrow, which makes the
    folder one that `datasets.load_from_disk` opens. OUT_DIR/solutions.txt says which solutions the
    rows are of, as most formats have no word for it. `rule`, `counts`, `reasons` (why solutions
    were dropped), `held_out` (the part of the problems that is not in it) and `extra` go into the
    manifest, with `left_out`: the rows that the format cannot hold, mostly since nobody judged one
    of their steps. Raises ExportError for an unknown format or file, a row whose labels do not fit
    its steps, or when every row is left out; FileExistsError for an OUT_DIR that holds something
    (with `overwrite` only another export is replaced), and OSError when the disk refuses; nothing
    is left behind then.
    """
    if format not in WRITERS:
        raise ExportError(f"no export format {format!r}; there are {', '.join(WRITERS)}")
    if file not in DATA_FILES:
        raise ExportError(f"no kind of file {file!r}; there are {', '.join(DATA_FILES)}")
    target = Path(out_dir).resolve()
    with whole_folder(target, "export", MANIFEST, overwrite=overwrite) as partial:
        data = partial / DATA_FILES[file]
        n_rows, left_out = _write_data(data, rows, WRITERS[format])
        if left_out and not n_rows:
            raise ExportError(
                f"{format} can hold none of these solutions, as it has no word for a step that "
                "nobody judged; export as jsonl"
            )
        manifest = {
            "format": format,
            "version": VERSION,
            "rule": dict(rule),
            "counts": dict(counts),
            "reasons": dict(reasons),
            "held_out": dict(held_out or {}),
            "left_out": left_out,
            "files": {data.name: {"rows": n_rows, **_told_of(data)}},
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "steplens_version": own_version(),
            **({"extra": dict(extra)} if extra else {}),
        }
        text = json.dumps(manifest, indent=2, ensure_ascii=False)
        (partial / MANIFEST).write_text(text + "\n", "utf-8")
    return manifest


def exported_solutions(folder: str | Path) -> list[int]:
    """The ids of the solutions that an export holds, in its order.

    Raises ExportError for a line that is no id, and OSError for a file that is not there.
    """
    file = Path(folder) / SOLUTIONS
    lines = file.read_text("utf-8").split()
    if wrong := next((one for one in lines if not one.isdecimal()), None):
        raise ExportError(f"{file}: {wrong[:60]!r} is no id of a solution")
    return [int(one) for one in lines]


def _write_data(target: Path, rows: Iterable[ExportRow], form: Writer) -> tuple[int, int]:
    """How many rows were written, and how many the format cannot say."""
    is_table = target.suffix in (".parquet", ".arrow")
    lines = target.with_name(DATA_FILES["jsonl"]) if is_table else target
    n_rows = left_out = 0
    ids = target.with_name(SOLUTIONS)
    with lines.open("wb") as file, packed(file, lines) as stream, ids.open("w") as solutions:
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
            stream.write(json.dumps(formed, ensure_ascii=False).encode() + b"\n")
            solutions.write(f"{row.solution_id}\n")
            n_rows += 1
    if is_table:
        to_table(lines, target)
        lines.unlink()
    if target.suffix == ".arrow":
        describe_saved(target)
    return n_rows, left_out


def _told_of(file: Path) -> dict[str, Any]:
    """The checksum and size of a file, for the manifest."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"sha256": digest, "bytes": file.stat().st_size}


def own_version() -> str:
    """The version of StepLens that writes, for the record."""
    try:
        return version("steplens")
    except PackageNotFoundError:
        return "unknown"
