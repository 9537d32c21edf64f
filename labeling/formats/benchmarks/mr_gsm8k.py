"""MR-GSM8K: solutions of GSM8K questions and of variants, graded by people.

Source: arXiv 2312.17080 and the rows of dvlab-research/MR-GSM8K: `{uuid, question,
ground_truth_answer, model_output_steps[], model_output_answer_correctness,
model_output_solution_correctness, model_output_solution_first_error_step, question_type}`, the
first error counted from 1, or "N/A".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from db.records import UNKNOWN, ImportRow, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import Format, Json, Remark

_NUMBER = re.compile(r"^Step \d+:\s*")  # Before the "#### 12" of the last step.
_OURS = "model_output_solution_"
_CORRECTNESS = {"correct": True, "wrong": False, "incorrect": False}


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """One solution a row; its label says what the first error says. Raises BadRow."""
    row = fields.an_object(value, "the row")
    steps = fields.steps(row.get("model_output_steps"), "model_output_steps")
    error = first_error(row, steps, f"{_OURS}first_error_step", f"{_OURS}correctness")
    answer_correct = row.get("model_output_answer_correctness")
    if answer_correct not in (None, *_CORRECTNESS):
        raise fields.BadRow(
            'model_output_answer_correctness must be "correct" or "wrong", not '
            f"{fields.shown(answer_correct)}"
        )
    yield ImportRow(
        problem=fields.text(row.get("question"), "question"),
        steps=steps.texts,
        generator=UNKNOWN,
        dataset="mr-gsm8k",
        gold_answer=fields.optional_text(row.get("ground_truth_answer"), "ground_truth_answer"),
        external_id=fields.optional_name(row.get("uuid"), "uuid"),
        final_answer=extract_answer(_NUMBER.sub("", steps.texts[-1])),
        is_correct=_CORRECTNESS.get(str(answer_correct)),
        labels=(SourceLabel("mr-gsm8k", fields.up_to_first_error(error, len(steps.texts)), error),),
        meta={
            "question_type": fields.optional_text(row.get("question_type"), "question_type"),
            "reason": fields.meta(row.get(f"{_OURS}first_error_reason"), "the error's reason"),
        },
        line=line,
    )
    yield from steps.remarks()


def first_error(
    row: dict[str, Json], steps: fields.Steps, step: str, correctness: str
) -> int | None:
    """The first error (0-based, -1 for "N/A") in the field `step`, counted from 1 there.

    The field `correctness`, where it is given, must say the same. Raises BadRow.
    """
    place = fields.first_error_from_1(row.get(step), steps.given, step)
    verdict = row.get(correctness)
    if verdict is not None:
        if not isinstance(verdict, str) or verdict not in _CORRECTNESS:
            raise fields.BadRow(
                f'{correctness} must be "correct" or "wrong", not {fields.shown(verdict)}'
            )
        if _CORRECTNESS[verdict] != (place == -1):
            raise fields.BadRow(
                f"{correctness} is {fields.shown(verdict)}, but {step} is "
                f"{fields.shown(row.get(step))}"
            )
    return steps.first_error(place, step)


FORMAT = Format(
    "mr-gsm8k",
    'MR-GSM8K: the first error, counted from 1, or "N/A"',
    read=rows,
    fields=("question", "model_output_steps"),
)
