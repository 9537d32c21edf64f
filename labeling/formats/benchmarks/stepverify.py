"""StepVerify: wrong solutions of GSM8K questions, in which teachers marked the first error.

Source: eth-lre/verify-then-generate: `{problem, reference_solution, student_incorrect_solution[],
incorrect_index, incorrect_step, error_category, error_description}`, 0-based. The answer alone is
the last line of the reference and the last step of the student's solution.
"""

from __future__ import annotations

from collections.abc import Iterator

from db.records import UNKNOWN, ImportRow, SourceLabel
from labeling.formats import fields
from labeling.formats.base import Format, Json, Remark


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """The student's wrong solution of a row. Raises BadRow."""
    row = fields.an_object(value, "the row")
    steps = fields.steps(row.get("student_incorrect_solution"), "student_incorrect_solution")
    place = fields.first_error(row.get("incorrect_index"), steps.given, "incorrect_index")
    error = steps.first_error(place, "incorrect_index")
    reference = fields.text(row.get("reference_solution"), "reference_solution")
    gold, answer = reference.strip().split("\n")[-1].strip(), steps.texts[-1].strip()
    yield ImportRow(
        problem=fields.text(row.get("problem"), "problem"),
        steps=steps.texts,
        generator=UNKNOWN,
        dataset="stepverify",
        gold_answer=gold,
        external_id=f"{stem[:150]}-{line}",
        final_answer=answer,
        is_correct=fields.answer_is_correct(answer, gold),
        labels=(
            SourceLabel("stepverify", fields.up_to_first_error(error, len(steps.texts)), error),
        ),
        meta={
            "error_type": fields.optional_text(row.get("error_category"), "error_category"),
            "reason": fields.optional_text(row.get("error_description"), "error_description"),
        },
        line=line,
    )
    yield from steps.remarks()


FORMAT = Format(
    "stepverify",
    "StepVerify: a student's wrong solution, the first error from 0",
    read=rows,
    fields=("problem", "student_incorrect_solution", "incorrect_index"),
)
