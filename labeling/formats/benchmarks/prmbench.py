"""PRMBench: correct solutions that were changed to go wrong, in one of nine ways.

Source: arXiv 2501.03124 and the rows of ssmisya/PRMBench: `{modified_question, modified_process[],
error_steps[], reason, idx, classification}`, steps counted from 1. What was changed
(`original_process`, `modified_steps`) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from db.records import UNKNOWN, ImportRow, SourceLabel
from labeling.answers.extract import extract_answer
from labeling.formats import fields
from labeling.formats.base import Format, Json, Remark

# The classes by their names in the files, and the error types of a review that they are.
ERROR_TYPES = {
    "redundency": "non_redundancy",
    "circular": "non_circular_logic",
    "counterfactual": "empirical_soundness",
    "step_contradiction": "step_consistency",
    "domain_inconsistency": "domain_consistency",
    "confidence": "confidence_invariance",
    "missing_condition": "prerequisite_sensitivity",
    "deception": "deception_resistance",
    "multi_solutions": "multi_solution_consistency",
}


def rows(value: Json, stem: str, line: int) -> Iterator[ImportRow | Remark]:
    """One solution a row: -1 for each of its error steps, 1 for every other.

    Raises BadRow, also for an error step outside the solution: its others cannot be trusted then.
    """
    row = fields.an_object(value, "the row")
    steps = fields.steps(row.get("modified_process"), "modified_process")
    wrong = _error_steps(row.get("error_steps"), steps)
    kind = fields.text(row.get("classification"), "classification")
    if kind not in ERROR_TYPES:
        raise fields.BadRow(
            f"classification is {fields.shown(kind)}; known are {', '.join(ERROR_TYPES)}"
        )
    yield ImportRow(
        problem=fields.text(row.get("modified_question"), "modified_question"),
        steps=steps.texts,
        generator=UNKNOWN,
        dataset="prmbench",
        external_id=fields.optional_name(row.get("idx"), "idx"),
        final_answer=extract_answer(steps.texts[-1]),
        labels=(
            SourceLabel(
                "prmbench",
                steps.kept([-1.0 if place in wrong else 1.0 for place in range(steps.given)]),
                steps.first_error(min(wrong, default=-1), "the first of error_steps"),
            ),
        ),
        meta={
            "error_type": ERROR_TYPES[kind],
            "reason": fields.optional_text(row.get("reason"), "reason"),
        },
        line=line,
    )
    yield from steps.remarks()


def _error_steps(value: Json, steps: fields.Steps) -> set[int]:
    if not isinstance(value, list):
        raise fields.BadRow(f"error_steps must be a list of numbers, not {fields.kind(value)}")
    return {
        fields.step_from_1(one, steps.given, f"error_steps[{at}]") for at, one in enumerate(value)
    }


FORMAT = Format(
    "prmbench",
    "PRMBench: a solution made wrong in one of nine ways, its error steps",
    read=rows,
    fields=("modified_question", "modified_process", "error_steps"),
)
