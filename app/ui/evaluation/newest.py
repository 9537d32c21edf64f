"""The newest evaluation of each annotator, as Overview shows them."""

from __future__ import annotations

import math
from typing import Any

from app.components.data_table import data_table
from app.ui import formatting
from app.ui.evaluation.project import OUTDATED, in_common, shared
from db.annotators import list_annotators
from db.engine import Database
from db.records import AnnotatorRecord
from db.results import EvaluationRecord
from labeling.evaluation.results import too_few
from labeling.evaluation.stored import basis, outdated, warning


def table(database: Database, found: list[EvaluationRecord], hues: dict[int, str]) -> None:
    """The newest evaluation of each annotator, with its interval, and whether it is outdated."""
    rows: list[list[data_table.Cell]] = []
    annotators = {one.id: one for one in list_annotators(database)}
    for one in found[:12]:
        held_out = one.result.get("held_out")
        figures = held_out or one.result.get("all") or {}
        f1 = figures.get("f1")
        if not isinstance(f1, float) or math.isnan(f1):
            f1 = None
        hue = hues.get(one.annotator_id, "none")
        rows.append(
            [
                data_table.kind(
                    hue,
                    _name(one.result.get("annotator", "")),
                    title=one.result.get("annotator", ""),
                    href=data_table.page_href("browse", by=one.result.get("annotator")),
                ),
                data_table.text(_name(one.result.get("reference", "")), "muted"),
                data_table.link(
                    "–" if f1 is None else f"{f1:.3f}",
                    _errors_href(one),
                    "strong quiet",
                    title=formatting.f1_by_dataset(figures),
                ),
                _interval(figures, f1, hue),
                data_table.link(
                    _percent(figures.get("error_accuracy")),
                    _measured_href(one, "exact"),
                    "quiet",
                    title=f"of {figures.get('n_error', 0):,}; see those it names exactly",
                ),
                data_table.link(
                    _percent(figures.get("correct_accuracy")),
                    _measured_href(one, "right"),
                    "quiet",
                    title=f"of {figures.get('n_correct', 0):,}; see those it rightly leaves be",
                ),
                data_table.link(
                    f"{figures.get('n_error', 0) + figures.get('n_correct', 0):,}",
                    _measured_href(one, "measured"),
                    "quiet",
                ),
                _problems(one, old=_is_outdated(database, one, annotators[one.annotator_id])),
            ]
        )
    data_table.table(
        [
            "Annotator",
            "Reference",
            data_table.column(
                "F1",
                "right",
                title="Harmonic mean of the two accuracies; the mean over several data sets",
            ),
            data_table.column("95% interval"),
            data_table.column(
                "On wrong", "right", title="Exact first error, on solutions with an error"
            ),
            data_table.column(
                "On right", "right", title="No error found, on solutions without one"
            ),
            data_table.column("Solutions", "right"),
            "",
        ],
        rows,
        key="evaluations",
        empty="Nothing has been evaluated yet.",
    )
    beside = [one for one in found[:12] if one.measured.dataset is None]
    for reference in dict.fromkeys(str(one.result.get("reference")) for one in beside):
        same = [one for one in beside if one.result.get("reference") == reference]
        doubt = warning({_name(str(one.result.get("annotator"))): basis(one) for one in same})
        if doubt:
            data_table.line(data_table.text(f"? {doubt}", "warn wrap"), key=f"doubt {reference}")


def _is_outdated(database: Database, one: EvaluationRecord, annotator: AnnotatorRecord) -> bool:
    if one.reference_id is None:
        return False
    return outdated(one, annotator, shared(in_common(database, one.reference_id), annotator))


def _problems(one: EvaluationRecord, *, old: bool) -> data_table.Cell:
    """Which problems it is of; of an old one that its doors open what there is now."""
    which = data_table.text(formatting.which_problems(one.result), "muted")
    if not old:
        return which
    title = "Its numbers open the solutions of now. Measure again on Evaluation"
    again = data_table.link(OUTDATED, "evaluation", title=title)
    return data_table.stack(which, again)


def _errors_href(one: EvaluationRecord) -> str:
    """Where the mistakes behind an evaluation are: a PRM's own page, else all evaluations."""
    who, reference = str(one.result.get("annotator")), one.result.get("reference")
    if who.startswith("prm:"):
        return data_table.page_href("prm_errors", prm=who, ref=reference)
    return data_table.page_href("evaluation")


def _measured_href(one: EvaluationRecord, outcome: str) -> str:
    """Browse with the solutions that an evaluation measured, those of an outcome."""
    who = str(one.result.get("annotator"))
    return data_table.page_href(
        "browse",
        outcome=outcome,
        of=who,
        against=one.result.get("reference"),
        dataset=one.measured.dataset,
        held_out=who if one.result.get("held_out") else None,
    )


def _name(label: str) -> str:
    """The name of a label."""
    return label.partition(":")[2]


def _interval(figures: dict[str, Any], f1: float | None, hue: str) -> data_table.Cell | None:
    """The 95% interval of F1 as a bar; in words where there are too few solutions for one."""
    if f1 is None:
        return None
    span = (figures.get("intervals") or {}).get("f1") or {}
    low, high = span.get("low"), span.get("high")
    if low is None or high is None:
        return None
    if too_few(figures):
        return data_table.text(f"too few ({low:.2f} to {high:.2f})", "muted")
    return data_table.interval(f1, low, high, hue)


def _percent(value: object) -> str:
    """A share as a percentage; a dash where it is not defined."""
    return "–" if not isinstance(value, float) or math.isnan(value) else f"{value:.1%}"
