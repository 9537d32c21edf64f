"""ProcessBench: solutions of many models with the first error that people agreed on.

Source: arXiv 2412.06559, section 3, and the files of Qwen/ProcessBench:
`{id, generator, problem, steps[], final_answer_correct, label}`, label 0-based, -1 = no error.
"""

from __future__ import annotations

from collections.abc import Iterator

from db.records import UNKNOWN, ImportRow, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import ExportRow, Format, Json, Remark


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """One solution a row. Its label says 1 before the first error, -1 at it, nothing after it.

    The subset is part of the data set's name ("processbench-gsm8k"), since results are reported
    by subset; the data has no gold answers. Raises BadRow.
    """
    row = fields.an_object(value, "the row")
    steps = fields.steps(row.get("steps"))
    error = fields.first_error(row.get("label"), steps.given, "label")
    placed = steps.first_error(error, "label")
    yield ImportRow(
        problem=fields.text(row.get("problem"), "problem"),
        steps=steps.texts,
        generator=fields.name(row.get("generator"), "generator", UNKNOWN),
        dataset=f"processbench-{stem}",
        external_id=fields.optional_name(row.get("id"), "id"),
        final_answer=extract_answer(steps.texts[-1]),
        is_correct=fields.flag(row.get("final_answer_correct"), "final_answer_correct"),
        labels=(
            SourceLabel("processbench", fields.up_to_first_error(placed, len(steps.texts)), placed),
        ),
        line=line,
    )
    yield from steps.remarks()


def row(kept: ExportRow) -> dict[str, Json] | None:
    """A kept solution, as `rows` reads it. A neutral label before the first error has no place."""
    if not kept.is_judged_throughout:  # The label would say that every step before it is right.
        return None
    return {
        "id": f"{kept.dataset}-{kept.solution_id}",
        "generator": kept.generator,
        "problem": kept.problem,
        "steps": list(kept.steps),
        "final_answer_correct": kept.is_correct,
        "label": kept.first_error,
    }


FORMAT = Format(
    "processbench",
    "problem, steps, first error",
    read=rows,
    write=row,
    fields=("problem", "steps", "label"),
)
