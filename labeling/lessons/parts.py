"""A run is a list of parts: named work on one folder, each with a result that is kept in a file.

A part whose result is there, made by the same work with the same parameters from the same inputs,
is not done again, so a run that was killed goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from labeling.formats.files.whole import whole_file
from labeling.jobs.context import Report

Result = dict[str, Any]  # JSON
PROJECT, SETTINGS = "project.db", "settings.json"  # files of a run


@dataclass(frozen=True, slots=True)
class Part:
    """`work` is the "module:function" that does it; `cost` is in core-seconds, about."""

    name: str
    work: str
    params: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class Task:
    """What a part's function is given: the run's folder, and the results of what it needs."""

    folder: Path
    params: Mapping[str, Any]
    inputs: Mapping[str, Result]
    report: Report

    @property
    def database_url(self) -> str:
        """Of the project with all solutions and what was said of them."""
        return project_url(self.folder)


def project_url(folder: Path) -> str:
    """The database of a run."""
    return f"sqlite:///{folder.resolve() / PROJECT}"


def folder_of(project: Path) -> Path | None:
    """The folder of the run that a project's file belongs to, None for another project."""
    folder = project.resolve().parent
    is_run = project.name == PROJECT and (folder / SETTINGS).is_file()
    return folder if is_run and (folder / "parts").is_dir() else None


def identities(parts: Sequence[Part]) -> dict[str, str]:
    """12 hex digits for each part, which change with its work, its parameters and its inputs.

    `parts` come after what they need.
    """
    found: dict[str, str] = {}
    for part in parts:
        words = [part.name, part.work, part.params, [found[name] for name in part.needs]]
        found[part.name] = digest(words)
    return found


def digest(words: object) -> str:
    """12 hex digits of the SHA-256 of JSON."""
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:12]


def do_part(folder: Path, part: Part, identity: str, report: Report) -> None:
    """Do a part and keep its result. What it needs is done."""
    inputs = {name: result_of(folder, name) for name in part.needs}
    module, _, function = part.work.partition(":")
    began = os.times()
    result = getattr(import_module(module), function)(Task(folder, part.params, inputs, report))
    ended = os.times()
    kept = {
        "part": part.name,
        "identity": identity,
        "work": part.work,
        "params": part.params,
        "needs": part.needs,
        "seconds": round(ended.elapsed - began.elapsed, 1),
        "core_seconds": round(ended.user + ended.system - began.user - began.system, 1),
        "result": result,
    }
    write_json(file_of(folder, part.name), kept)


def is_done(folder: Path, name: str, identity: str) -> bool:
    """Whether the result of just this part is there."""
    try:
        return bool(record_of(folder, name)["identity"] == identity)
    except (OSError, ValueError, KeyError):
        return False


def result_of(folder: Path, name: str) -> Result:
    """The result of a part that is done."""
    result: Result = record_of(folder, name)["result"]
    return result


def record_of(folder: Path, name: str) -> dict[str, Any]:
    """The result of a part that is done, with what it took."""
    record: dict[str, Any] = json.loads(file_of(folder, name).read_text("utf-8"))
    return record


def file_of(folder: Path, name: str) -> Path:
    """Where the result of a part is kept."""
    return folder / "parts" / f"{name}.json"


def write_json(file: Path, value: object) -> None:
    """Write a file whole or not at all."""
    write_text(file, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_text(file: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with whole_file(file, overwrite=True) as stream:
        stream.write(text.encode())
