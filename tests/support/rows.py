"""Small rows for tests of the database: solutions, what machines say of them, what people do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import select

from db.annotations import save_wave
from db.annotators import ensure_annotator
from db.engine import Database
from db.ingest import insert_rows
from db.records import AnnotationRecord, AnnotatorRecord, CorrectionRecord, ImportRow
from db.schema import Solution


def row(number: int, **changes: object) -> ImportRow:
    values: dict[str, object] = {
        "problem": f"What is {number} + {number}?",
        "steps": (f"{number} + {number} = {2 * number}", "That is it."),
        "generator": "gen",
        "dataset": "unit",
        "gold_answer": str(2 * number),
        "is_correct": True,
    }
    return ImportRow(**{**values, **changes})  # type: ignore[arg-type]


def fill(database: Database, count: int) -> list[int]:
    insert_rows(database, [row(number) for number in range(count)])
    with database.read() as session:
        return list(session.scalars(select(Solution.id).order_by(Solution.id)))


def correction(
    solution_id: int, annotator_id: int, token: str, **changes: object
) -> CorrectionRecord:
    values: dict[str, object] = {
        "token": token,
        "solution_id": solution_id,
        "annotator_id": annotator_id,
        "action": "label",
        "labels": (1, -1),
        "first_error": 1,
        "note": None,
        "flags": (),
        "seconds": 2.5,
        "scores_visible": True,
        "undoes": None,
        "created_at": datetime.now(UTC),
    }
    return CorrectionRecord(**{**values, **changes})  # type: ignore[arg-type]


def machine(
    database: Database,
    kind: str,
    verdicts: Mapping[int, int | None],
    scores: Mapping[int, tuple[float, ...]] | None = None,
    margins: Mapping[int, float] | None = None,
) -> AnnotatorRecord:
    """An annotator of this kind that says so."""
    annotator = ensure_annotator(database, kind, kind, {"kind": kind})
    save_wave(
        database,
        annotator.id,
        None,
        [
            AnnotationRecord(
                solution,
                0,
                (scores or {}).get(solution, ()),
                verdict,
                "ok" if verdict is not None else "unparsed",
                {},
                (margins or {}).get(solution),
            )
            for solution, verdict in verdicts.items()
        ],
    )
    return annotator
