"""TRL's stepwise supervision: a prompt, its completions, and true or false for each.

Source: the dataset type "stepwise supervision" of huggingface/trl.
"""

from __future__ import annotations

from labeling.formats.base import ExportRow, Format, Json


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


FORMAT = Format("trl", "stepwise supervision: prompt, completions, boolean labels", write=row)
