"""A whole project as one file of `jsonl` rows: all that cannot be made again from the rest.

`steplens import jsonl FILE` makes the same project of it. docs/formats.md says what travels.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from db.annotations import annotations_of
from db.corrections import corrections_of, own_error_types
from db.engine import Database
from db.imports.records import SourceWork
from db.imports.whole import (
    KnownAnnotator,
    count_solutions,
    known_annotators,
    metas_of,
    rollouts_by_place,
)
from db.imports.work import evaluations, kept_lists, queues, recuts, training_sets
from db.records import SolutionRecord
from db.results import latest_consensus, stored_held_out
from db.solutions import each_solution
from labeling.consensus.export import own_version
from labeling.formats.base import Json
from labeling.formats.files.stream import MAX_ROW
from labeling.formats.files.whole import whole_file
from labeling.formats.project.annotations import write_annotation, write_begun
from labeling.formats.project.corrections import write_correction
from labeling.formats.project.heads import write_annotator, write_project
from labeling.formats.project.work import write_work
from labeling.jobs.context import JobContext, Report
from labeling.jobs.files import data_folder

# Bytes of the problems of a training in one row, which has two signs a byte.
MOST_PROBLEMS = 3 << 20
MOST_LISTED = 400_000  # solutions of a list in one row, of 36 bytes each


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

    Raises FileExistsError for a file that is there, without `overwrite`; ProjectError for a name
    that says a table, and for a solution with more said of it than a row may hold; OSError when
    the disk refuses.
    """
    if Path(file).suffix in (".parquet", ".arrow"):
        raise ProjectError(
            f"{file}: the rows of a project have different fields, which no table holds; name a "
            "file that ends in .jsonl or .jsonl.gz"
        )
    with database.snapshot() as now, whole_file(Path(file), overwrite=overwrite) as stream:
        total, told = count_solutions(now), known_annotators(now)
        exported = Exported(annotators=len(told))
        _write(stream, _project_row(now, total), "the project")
        for one in told:
            row = write_annotator(one.annotator, one.chosen, one.former_names)
            _write(stream, row, f"the configuration of {one.annotator.label}")
        for chunk in each_solution(now, replaced=True):
            for solution, row in _rows(now, chunk, told, exported):
                _write(stream, row, f"what is said of solution {solution.id}")
            if report is not None:
                report(exported.solutions, total, "")
        for work in _work(now):
            row = write_work(work)
            _write(stream, row, f"a {' '.join(row).replace('_', ' ')}")
    return exported


def run_export(context: JobContext) -> dict[str, Any]:
    """`export_project` to params["file"] as a job; what was written, and the file's size in bytes.

    A path without a folder is beside the project's other exports.
    """
    file = data_folder(context.database) / "exports" / Path(context.params["file"]).expanduser()
    written = export_project(context.database, file, report=context.report)
    return {"file": str(file), **asdict(written), "bytes": file.stat().st_size}


def _work(now: Database) -> Iterator[SourceWork]:
    """What speaks of solutions and annotators, and so stands behind them."""
    for known in training_sets(now):
        for start in range(0, max(len(known.problems), 1), MOST_PROBLEMS):
            yield replace(known, problems=known.problems[start : start + MOST_PROBLEMS])
    yield from recuts(now)
    for kept in kept_lists(now):
        for start in range(0, max(kept.total, 1), MOST_LISTED):
            part = kept.solutions[start : start + MOST_LISTED]
            yield replace(kept, solutions=part, start=start)
    yield from queues(now)
    yield from evaluations(now)


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
        rollouts.pop(place, None)
    begun: dict[int, list[Json]] = defaultdict(list)
    for (solution_id, annotator_id), there in rollouts.items():
        begun[solution_id].append(write_begun(who[annotator_id], there))
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
            "annotations": [*said[solution.id], *begun[solution.id]],
            "corrections": done[solution.id],
        }
        exported.solutions += 1
        exported.annotations += len(said[solution.id])
        exported.corrections += len(done[solution.id])
        yield solution, row


def _project_row(now: Database, solutions: int) -> dict[str, Json]:
    part, consensus = stored_held_out(now), latest_consensus(now)
    return write_project(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        steplens_version=own_version(),
        solutions=solutions,
        error_types=[*own_error_types(now)],
        held_out=None if part is None else asdict(part),
        consensus=None
        if consensus is None
        else {
            "rule": consensus.rule,
            "counts": consensus.counts,
            "created_at": consensus.created_at.isoformat(),
        },
    )


def _write(stream: BinaryIO, row: dict[str, Json], what: str) -> None:
    line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
    if len(line) > MAX_ROW:
        raise ProjectError(
            f"{what} takes {len(line) >> 20} MB, more than the {MAX_ROW >> 20} MB that a row may "
            "have. Copy the database instead"
        )
    stream.write(line)
