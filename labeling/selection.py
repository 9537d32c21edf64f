"""Solutions as JSON with all that was said of them: for a clipboard, or a file of some of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from db.annotations import annotations_of
from db.annotators import list_annotators
from db.corrections import corrections_of
from db.engine import IN_LIST, Database
from db.records import AnnotationRecord, AnnotatorRecord, CorrectionRecord, SolutionRecord
from db.solutions import get_solutions
from labeling.formats.base import Json

MOST_AT_ONCE = 20_000  # Made in memory; the database itself is the way to have more.


def as_jsonl(database: Database, solution_ids: Sequence[int]) -> bytes:
    """A line of JSON for each of these solutions, in this order."""
    lines = []
    for start in range(0, len(solution_ids), IN_LIST):
        for one in as_json(database, solution_ids[start : start + IN_LIST]):
            lines.append(json.dumps(one, ensure_ascii=False) + "\n")
    return "".join(lines).encode("utf-8", "replace")


def as_json(database: Database, solution_ids: Sequence[int]) -> list[dict[str, Json]]:
    """These solutions in the `jsonl` import format, with what was said of them under `meta`."""
    names = {one.id: one for one in list_annotators(database)}
    said: dict[int, list[AnnotationRecord]] = {}
    for annotation in annotations_of(database, solution_ids):
        said.setdefault(annotation.solution_id, []).append(annotation)
    acts: dict[int, list[CorrectionRecord]] = {}
    for act in corrections_of(database, solution_ids):
        acts.setdefault(act.solution_id, []).append(act)
    return [
        {
            **_solution(solution),
            "meta": {
                "solution_id": solution.id,
                "annotations": [_annotation(one, names) for one in said.get(solution.id, [])],
                "corrections": [_correction(one, names) for one in acts.get(solution.id, [])],
            },
        }
        for solution in get_solutions(database, solution_ids)
    ]


def _solution(solution: SolutionRecord) -> dict[str, Json]:
    return {
        "id": solution.external_id,
        "problem": solution.problem,
        "gold_answer": solution.gold_answer,
        "steps": list(solution.steps),
        "generator": solution.generator,
        "dataset": solution.dataset,
        "final_answer": solution.final_answer,
        "is_correct": solution.is_correct,
        "samples": solution.samples,
    }


def _annotation(annotation: AnnotationRecord, names: dict[int, AnnotatorRecord]) -> dict[str, Json]:
    return {
        "annotator": names[annotation.annotator_id].label,
        "first_error": annotation.first_error,
        "scores": list(annotation.scores),
        "status": annotation.status,
        "evidence": annotation.evidence,
    }


def _correction(act: CorrectionRecord, names: dict[int, AnnotatorRecord]) -> dict[str, Json]:
    return {
        "annotator": names[act.annotator_id].label,
        "action": act.action,
        "labels": None if act.labels is None else list(act.labels),
        "first_error": act.first_error,
        "note": act.note,
        "flags": list(act.flags),
        "seconds": act.seconds,
        "scores_visible": act.scores_visible,
        "blind": act.blind,
        "token": act.token,
        "undoes": act.undoes,
        "at": act.created_at.isoformat(),
    }
