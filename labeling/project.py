"""A whole project as one file of `jsonl` rows: its annotators, solutions, and all said of them.

`steplens import jsonl FILE` makes the same project of it. docs/formats.md says what travels.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from db.annotations import annotations_of
from db.corrections import corrections_of, own_error_types
from db.engine import Database
from db.imports.whole import (
    KnownAnnotator,
    count_solutions,
    known_annotators,
    metas_of,
    rollouts_by_place,
)
from db.records import SolutionRecord
from db.results import stored_held_out
from db.solutions import each_solution
from labeling.consensus.export import own_version
from labeling.formats.base import Json
from labeling.formats.files.stream import MAX_ROW
from labeling.formats.files.whole import whole_file
from labeling.formats.project.annotations import write_annotation
from labeling.formats.project.corrections import write_correction
from labeling.formats.project.heads import write_annotator, write_project
from labeling.jobs.context import Report


class ProjectError(ValueError):
    """A project cannot be written as one file; the message says what to do."""


@dataclass(slots=True)
class Exported:
    """What was written."""

    annotators: int = 0
    solutions: int = 0
    annotations: int = 0
    corrections: int = 0


def export_project(
    database: Database, file: str | Path, *, overwrite: bool = False, report: Report | None = None
) -> Exported:
    """Write everything as it is at one moment to `file`, whole or not at all.

    Raises FileExistsError for a file that is there, without `overwrite`; ProjectError for a
    solution with more said of it than a row may hold; OSError when the disk refuses.
    """
    with database.snapshot() as now, whole_file(Path(file), overwrite=overwrite) as stream:
        total, told = count_solutions(now), known_annotators(now)
        exported = Exported(annotators=len(told))
        _write(stream, _project_row(now, total))
        for one in told:
            _write(stream, write_annotator(one.annotator, one.chosen, one.former_names))
        for chunk in each_solution(now, replaced=True):
            for solution, row in _rows(now, chunk, told, exported):
                if len(line := _line(row)) > MAX_ROW:
                    raise ProjectError(
                        f"what is said of solution {solution.id} takes {len(line) >> 20} MB, more "
                        f"than the {MAX_ROW >> 20} MB that a row may have. Copy the database "
                        "instead"
                    )
                stream.write(line)
            if report is not None:
                report(exported.solutions, total, "")
    return exported


def _rows(
    now: Database,
    chunk: list[SolutionRecord],
    annotators: list[KnownAnnotator],
    exported: Exported,
) -> Iterator[tuple[SolutionRecord, dict[str, Json]]]:
    ids = [one.id for one in chunk]
    who = {one.annotator.id: one.annotator for one in annotators}
    metas, rollouts = metas_of(now, ids), rollouts_by_place(now, ids)
    said: dict[int, list[Json]] = defaultdict(list)
    done: dict[int, list[Json]] = defaultdict(list)
    acted: set[tuple[int, int]] = set()
    for act in corrections_of(now, ids):
        done[act.solution_id].append(write_correction(act, who[act.annotator_id].label))
        acted.add((act.solution_id, act.annotator_id))
    for one in annotations_of(now, ids):
        place = (one.solution_id, one.annotator_id)
        if place not in acted:  # What people did amounts to their annotations.
            evidence = rollouts.get(place, [])
            said[one.solution_id].append(write_annotation(one, who[one.annotator_id], evidence))
    for solution in chunk:
        row: dict[str, Json] = {
            "id": solution.external_id,
            "problem": solution.problem,
            "gold_answer": solution.gold_answer,
            "generator": solution.generator,
            "dataset": solution.dataset,
            "steps": list(solution.steps),
            "final_answer": solution.final_answer,
            "is_correct": solution.is_correct,
            "as_is": True,
            "samples": solution.samples,
            "meta": metas[solution.id],
            "annotations": said[solution.id],
            "corrections": done[solution.id],
        }
        exported.solutions += 1
        exported.annotations += len(said[solution.id])
        exported.corrections += len(done[solution.id])
        yield solution, row


def _project_row(now: Database, solutions: int) -> dict[str, Json]:
    part = stored_held_out(now)
    return write_project(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        steplens_version=own_version(),
        solutions=solutions,
        error_types=[*own_error_types(now)],
        held_out=None if part is None else {"share": part.share, "seed": part.seed},
    )


def _write(stream: BinaryIO, row: dict[str, Json]) -> None:
    stream.write(_line(row))


def _line(row: dict[str, Json]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"
