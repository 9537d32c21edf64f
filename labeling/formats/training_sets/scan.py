"""SCAN: the share of completions that reached the answer after each step, up to the first 0.

Source: the files of SCAN-PRM: `{question, steps[], scores[]}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from db.records import UNKNOWN, ImportRow, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import Format, Json, Remark


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """One solution a row, labelled by mc:scan; the first error is the first 0. Raises BadRow.

    Steps after a 0 need no score. Without a 0, a step without a score leaves no verdict.
    """
    row = fields.an_object(value, "the row")
    steps = fields.steps(row.get("steps"))
    given = row.get("scores")
    if not isinstance(given, list) or not given:
        raise fields.BadRow("scores must be a list with a number for each step")
    scores = [fields.fraction(one, f"scores[{at}]") for at, one in enumerate(given)]
    missing = steps.given - len(scores)
    if missing < 0 or (missing > 0 and 0 not in scores):
        raise fields.BadRow(f"{steps.given} steps have {len(scores)} scores, and none of them is 0")
    scores += [None] * missing
    error = scores.index(0) if 0 in scores else None if None in scores else -1
    yield ImportRow(
        problem=fields.text(row.get("question"), "question"),
        steps=steps.texts,
        generator=UNKNOWN,
        dataset=stem[: fields.MAX_NAME],
        external_id=f"{stem[:150]}-{line}",
        final_answer=extract_answer(steps.texts[-1]),
        labels=(
            SourceLabel(
                "scan", steps.kept(scores), steps.first_error(error, "the first 0"), kind="mc"
            ),
        ),
        line=line,
    )
    yield from steps.remarks()


FORMAT = Format(
    "scan",
    "SCAN: steps with their Monte-Carlo shares, up to the first 0",
    read=rows,
    fields=("question", "steps", "scores"),
)
