"""MR-Ben: solutions to questions of seven subjects, graded by people.

Source: arXiv 2406.13975 and the rows of dvlab-research/Mr-Ben: `{Question_UUID, Subject, Question,
Options, Ground_Truth_Answer_Modified, Sampled_Model, Model_Solution_Steps,
Model_Solution_Correctness, Model_Solution_First_Error_Step}`, the first error counted from 1, or
"N/A". In coding, the solution is a program, and its first error a line of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from db.records import UNKNOWN, ImportRow, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import Format, Json, Remark
from labeling.formats.benchmarks.mr_gsm8k import first_error

_STEP, _CORRECTNESS = "Model_Solution_First_Error_Step", "Model_Solution_Correctness"
_CHOICE = re.compile(r"Choice[_ ]([A-J])\b")


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """One solution a row; its label says what the first error says. Raises BadRow."""
    row = fields.an_object(value, "the row")
    given = row.get("Model_Solution_Steps")
    if isinstance(given, str):
        lines = [one.rstrip() for one in given.split("\n") if one.strip()]
        steps = fields.steps([*lines], "Model_Solution_Steps")
        row = {**row, _STEP: _line(row.get(_STEP), lines)}
    else:
        steps = fields.steps(given, "Model_Solution_Steps")
    error = first_error(row, steps, _STEP, _CORRECTNESS)
    gold = fields.optional_text(
        row.get("Ground_Truth_Answer_Modified") or row.get("Ground_Truth_Answer"),
        "Ground_Truth_Answer",
    )
    choice = _CHOICE.search(steps.texts[-1])
    answer = choice[1] if choice else extract_answer(steps.texts[-1])
    options = fields.optional_text(row.get("Options"), "Options")
    question = fields.text(row.get("Question"), "Question")
    yield ImportRow(
        problem=f"{question}\n\n{options.strip()}" if options else question,
        steps=steps.texts,
        generator=fields.name(row.get("Sampled_Model"), "Sampled_Model", UNKNOWN),
        dataset="mr-ben",
        gold_answer=gold,
        external_id=fields.optional_name(row.get("Question_UUID"), "Question_UUID"),
        final_answer=answer,
        is_correct=fields.answer_is_correct(answer, gold),
        labels=(SourceLabel("mr-ben", fields.up_to_first_error(error, len(steps.texts)), error),),
        meta={
            "subject": fields.optional_text(row.get("Subject"), "Subject"),
            "reason": fields.meta(row.get("Model_Solution_Error_Reason"), "the error's reason"),
        },
        line=line,
    )
    yield from steps.remarks()


def _line(said: Json, lines: list[str]) -> Json:
    """The number, from 1, of the line of a program that is its first error; "N/A" as it is."""
    if not isinstance(said, str) or said.strip() in ("", "N/A"):
        return said
    places = [at for at, one in enumerate(lines, start=1) if one.strip() == said.strip()]
    if len(places) != 1:
        raise fields.BadRow(
            f"{_STEP} is {fields.shown(said)}, which "
            + ("no line of the program says" if not places else f"{len(places)} lines say")
        )
    return places[0]


FORMAT = Format(
    "mr-ben",
    'MR-Ben: seven subjects, the first error, counted from 1, or "N/A"',
    read=rows,
    fields=("Question", "Model_Solution_Steps"),
)
