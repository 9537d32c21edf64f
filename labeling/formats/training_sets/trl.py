"""TRL's stepwise supervision: a prompt, its completions, and true or false for each.

Source: the dataset type "stepwise supervision" of huggingface/trl, as it was until September 2026,
when TRL removed it (huggingface/trl#7133). What its fields mean is settled by docs/formats.md now.
"""

from __future__ import annotations

from collections.abc import Iterator

from db.records import UNKNOWN, ImportRow, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import ExportRow, Format, Json, Remark


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """One solution a row, labelled by somebody named after the data set. Raises BadRow."""
    row = fields.an_object(value, "the row")
    steps = fields.steps(row.get("completions"), "completions")
    labels = row.get("labels")
    if not isinstance(labels, list) or len(labels) != steps.given:
        size = len(labels) if isinstance(labels, list) else fields.kind(labels)
        raise fields.BadRow(f"labels must be a list of {steps.given}, one a step, not {size}")
    for at, one in enumerate(labels):
        if not isinstance(one, bool):
            raise fields.BadRow(f"labels[{at}] must be true or false, not {fields.shown(one)}")
    error = labels.index(False) if False in labels else -1
    dataset = stem[: fields.MAX_NAME]
    yield ImportRow(
        problem=fields.text(row.get("prompt"), "prompt"),
        steps=steps.texts,
        generator=UNKNOWN,
        dataset=dataset,
        external_id=f"{stem[:150]}-{line}",
        final_answer=extract_answer(steps.texts[-1]),
        labels=(
            SourceLabel(
                dataset,
                steps.kept([1.0 if one else -1.0 for one in labels]),
                steps.first_error(error, "the first false of labels"),
            ),
        ),
        line=line,
    )
    yield from steps.remarks()


def row(kept: ExportRow) -> dict[str, Json] | None:
    """TRL has no "no label", so the steps end with the first error; neutral is no error."""
    if not kept.is_judged_throughout:
        return None
    end = len(kept.steps) if kept.first_error < 0 else kept.first_error + 1
    return {
        "prompt": kept.problem,
        "completions": list(kept.steps[:end]),
        "labels": [step != kept.first_error for step in range(end)],
    }


FORMAT = Format(
    "trl",
    "stepwise supervision: prompt, completions, boolean labels",
    read=rows,
    write=row,
    fields=("prompt", "completions", "labels"),
)
