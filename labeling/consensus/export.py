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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

FORMATS = ("jsonl", "trl", "processbench")
MANIFEST, DATA = "manifest.json", "data.jsonl"
VERSION = 1  # of the layout


class ExportError(ValueError):
    """An export cannot be written there, or in that form."""


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A solution that the consensus keeps: one label per step (see consensus.rule.Kept)."""

    problem: str
    steps: tuple[str, ...]
    labels: tuple[int | None, ...]
    first_error: int
    generator: str
    dataset: str
    problem_id: int
    solution_id: int
    decided_by: str
    gold_answer: str | None = None
    final_answer_correct: bool | None = None


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
    if format not in FORMATS:
        raise ExportError(f"no export format {format!r}; there are {', '.join(FORMATS)}")
    target = Path(out_dir).resolve()
    _check_free(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = _sibling(target, "partial")
    partial.mkdir()
    try:
        data = _write_data(partial / DATA, rows, _FORM[format])
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


def _write_data(
    file: Path, rows: Iterable[ExportRow], form: Callable[[ExportRow], dict[str, Any]]
) -> dict[str, Any]:
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


def _as_jsonl(row: ExportRow) -> dict[str, Any]:
    return {
        "problem": row.problem,
        "gold_answer": row.gold_answer,
        "generator": row.generator,
        "steps": list(row.steps),
        "labels": list(row.labels),
        "first_error": row.first_error,
        "solution_id": row.solution_id,
        "problem_id": row.problem_id,
        "dataset": row.dataset,
        "decided_by": row.decided_by,
    }


def _as_trl(row: ExportRow) -> dict[str, Any]:
    """TRL's stepwise supervision. It has no "no label", so it ends with the first error."""
    end = len(row.steps) if row.first_error < 0 else row.first_error + 1
    return {
        "prompt": row.problem,
        "completions": list(row.steps[:end]),
        "labels": [step != row.first_error for step in range(end)],
    }


def _as_processbench(row: ExportRow) -> dict[str, Any]:
    return {
        "id": f"{row.dataset}-{row.solution_id}",
        "generator": row.generator,
        "problem": row.problem,
        "steps": list(row.steps),
        "final_answer_correct": row.final_answer_correct,
        "label": row.first_error,
    }


_FORM: dict[str, Callable[[ExportRow], dict[str, Any]]] = {
    "jsonl": _as_jsonl,
    "trl": _as_trl,
    "processbench": _as_processbench,
}


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
