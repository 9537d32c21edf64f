"""Math-Shepherd: solutions whose steps were labelled by Monte Carlo, not by people.

Source: arXiv 2312.08935 and the files of peiyi9979/Math-Shepherd: `input` is the question, then
"Step 1: ... ки", "Step 2: ... ки"; `label` is the same text with + or - for each ки (the hard
estimate: + if any completion from there reached the answer); `task` is GSM8K or MATH.
"""

from __future__ import annotations

from collections.abc import Iterator

from db.records import UNKNOWN, ImportRow, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import ExportRow, Format, Json, Remark

TAG = "ки"
FIRST_STEP = "Step 1:"


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """One solution a row; "Step N:" stays in the step, the tag does not. Raises BadRow.

    The labels belong to an annotator of kind mc. They are kept for all steps, as published;
    the first error is the first -.
    """
    row = fields.an_object(value, "the row")
    text = fields.text(row.get("input"), "input")
    parts = text.split(TAG)
    if len(parts) == 1:
        raise fields.BadRow(f"input has no step tag {TAG}")
    if parts.pop().strip():
        raise fields.BadRow(f"input goes on after the last step tag {TAG}")
    signs = _signs(parts, fields.text(row.get("label"), "label"))
    problem, mark, first = parts[0].rpartition(FIRST_STEP)
    if not mark:
        raise fields.BadRow(f'input has no "{FIRST_STEP}" before its first tag')
    steps = fields.steps([part.strip() for part in (mark + first, *parts[1:])])
    yield ImportRow(
        problem=fields.text(problem, "the question in input").strip(),
        steps=steps.texts,
        generator=UNKNOWN,
        dataset="math-shepherd",
        external_id=f"{stem[:150]}-{line}",
        final_answer=extract_answer(steps.texts[-1]),
        labels=(
            SourceLabel(
                "math-shepherd",
                steps.kept([1.0 if sign == "+" else 0.0 for sign in signs]),
                steps.first_error(signs.find("-"), "the first -"),
                kind="mc",
            ),
        ),
        meta={"task": fields.optional_text(row.get("task"), "task")},
        line=line,
    )
    yield from steps.remarks()


def _signs(parts: list[str], label: str) -> str:
    signs, at = "", 0
    for index, part in enumerate(parts):
        if not label.startswith(part, at):
            raise fields.BadRow(f"label is not the text of input in step {index} (0-based)")
        at += len(part)
        if label[at : at + 1] not in ("+", "-"):
            raise fields.BadRow(f"label has no + or - after step {index} (0-based)")
        signs += label[at]
        at += 1
    if label[at:].strip():
        raise fields.BadRow("label goes on after its last sign")
    return signs


def row(kept: ExportRow) -> dict[str, Json] | None:
    """Each step "Step N: ... ки", up to the first error; neutral is +, since it is no error.

    Steps that are numbered so keep their words. There is no sign for a step that nobody judged, and
    no way to write a text with the tag or another "Step 1:" in it.
    """
    if not kept.is_judged_throughout or any(TAG in text for text in (kept.problem, *kept.steps)):
        return None
    end = len(kept.steps) if kept.first_error < 0 else kept.first_error + 1
    texts = [_numbered(step, at) for at, step in enumerate(kept.steps[:end], 1)]
    if texts[0].count(FIRST_STEP) > 1:
        return None
    signs = ["-" if at == kept.first_error else "+" for at in range(end)]
    start = f"{kept.problem} "
    return {
        "input": start + "\n".join(f"{text} {TAG}" for text in texts),
        "label": start + "\n".join(f"{a} {b}" for a, b in zip(texts, signs, strict=True)),
        "task": kept.dataset,
    }


def _numbered(step: str, number: int) -> str:
    text = step.strip()
    return text if text.startswith(f"Step {number}:") else f"Step {number}: {text}"


FORMAT = Format(
    "math-shepherd",
    "steps ending in ки, labelled + or - by Monte Carlo",
    read=rows,
    write=row,
    fields=("input", "label"),
)
