"""BIG-Bench-Mistake: chains of thought of PaLM 2 on five tasks, with the first logical mistake.

Source: arXiv 2311.08516 and the files of WHGTyen/BIG-Bench-Mistake: `{input, steps[], answer,
target, mistake_index}`, 0-based, null = no mistake.
"""

from __future__ import annotations

from collections.abc import Iterator

from db.records import ImportRow, SourceLabel
from labeling.formats import fields
from labeling.formats.base import Format, Json, Remark


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """One solution a row; the task is part of the data set's name. Raises BadRow."""
    row = fields.an_object(value, "the row")
    if "mistake_index" not in row:
        raise fields.BadRow("mistake_index is missing (null says that there is no mistake)")
    steps = fields.steps(row.get("steps"))
    mistake = row["mistake_index"]
    place = -1 if mistake is None else fields.whole(mistake, "mistake_index")
    if mistake is not None and not 0 <= place < steps.given:
        raise fields.BadRow(
            f"mistake_index is {fields.shown(mistake)}, outside the solution of {steps.given} "
            "steps (0-based; null means no mistake)"
        )
    error = steps.first_error(place, "mistake_index")
    answer = fields.optional_text(row.get("answer"), "answer")
    gold = fields.optional_text(row.get("target"), "target")
    same = answer is not None and gold is not None and answer.strip() == gold.strip()
    yield ImportRow(
        problem=fields.text(row.get("input"), "input"),
        steps=steps.texts,
        generator="PaLM 2-L",
        dataset=f"big-bench-mistake-{stem}"[: fields.MAX_NAME],
        gold_answer=gold,
        external_id=f"{stem[:150]}-{line}",
        final_answer=answer,
        is_correct=True if same else fields.answer_is_correct(answer, gold),
        labels=(
            SourceLabel(
                "big-bench-mistake", fields.up_to_first_error(error, len(steps.texts)), error
            ),
        ),
        line=line,
    )
    yield from steps.remarks()


FORMAT = Format(
    "big-bench-mistake",
    "BIG-Bench-Mistake: five tasks, the first mistake from 0, or null",
    read=rows,
    fields=("input", "steps", "mistake_index"),
)
