"""ProcessBench-style evaluation of an annotator against a reference in the database."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.annotations import annotations_of, first_errors
from db.annotators import find_annotator
from db.engine import Database
from db.lists.browse import each_solution
from db.records import AnnotatorRecord
from db.results import add_evaluation
from labeling.answers.grade import normalise
from labeling.jobs.runner import JobContext

if TYPE_CHECKING:
    from training.best_of_n import Response


def run_evaluate(context: JobContext) -> dict[str, Any]:
    """The job form of `evaluate_processbench`."""
    params = context.params
    return evaluate_processbench(
        context.database, params["annotator"], params["reference"], params.get("dataset")
    )


def evaluate_processbench(
    database: Database, annotator: str, reference: str, dataset: str | None = None
) -> dict[str, Any]:
    """ProcessBench's metric (PB 4.1) over every solution that both have annotated; stored.

    Where the annotator is a PRM of ours, solutions to problems it was trained on are told apart:
    `held_out` is the figure to believe. Raises ValueError when the two share no solution.
    """
    from training.data import fingerprint
    from training.evaluation import processbench_metrics

    mine, other = find_annotator(database, annotator), find_annotator(database, reference)
    trained_on = _training_problems(mine)
    predicted: list[int | None] = []
    truth: list[int] = []
    unseen: list[bool] = []
    for _, problem, _, first_error, expected, _ in first_errors(
        database, mine.id, other.id, dataset
    ):
        if expected is None:
            continue
        predicted.append(first_error)
        truth.append(expected)
        unseen.append(fingerprint(problem) not in trained_on)
    if not truth:
        raise ValueError(
            f"{annotator} and {reference} have no solution in common. Annotate first: "
            "steplens annotate --help"
        )
    result: dict[str, Any] = {
        "annotator": mine.label,
        "reference": other.label,
        "dataset": dataset,
        "threshold": mine.config.get("threshold"),
        "threshold_policy": "fixed" if "threshold" in mine.config else "not a threshold",
        "all": _plain(processbench_metrics(predicted, truth)),
    }
    if trained_on:
        held = [place for place, new in enumerate(unseen) if new]
        result["trained_on_problems"] = len(trained_on)
        result["held_out"] = (
            _plain(processbench_metrics([predicted[i] for i in held], [truth[i] for i in held]))
            if held
            else None
        )
    add_evaluation(database, "processbench", mine.id, other.id, result)
    return result


def evaluate_best_of_n(
    database: Database, annotator: str, n: int, dataset: str | None = None
) -> dict[str, Any]:
    """Best-of-N by an annotator's step scores, over the problems with at least `n` responses.

    Of a problem's graded responses the first `n` count; one that was sampled several times and
    stored once counts as often as it was sampled. Returns problems, trained_on_problems (of
    these, those that the PRM was trained on: left out) and the picks of `training.best_of_n`.
    Raises ValueError when no problem has enough.
    """
    from training.best_of_n import best_of_n
    from training.data import fingerprint

    mine = find_annotator(database, annotator)
    trained_on = _training_problems(mine)
    groups = [group for group in _responses(database, mine, n, dataset) if len(group[1]) == n]
    unseen = [group for problem, group in groups if fingerprint(problem) not in trained_on]
    if not unseen:
        raise ValueError(
            f"No problem has {n} responses that are graded and scored by {mine.label}"
            + (", apart from those it was trained on" if groups else "")
        )
    return {
        "annotator": mine.label,
        "n": n,
        "problems": len(unseen),
        "trained_on_problems": len(groups) - len(unseen),
        "picks": {name: _plain(pick) for name, pick in best_of_n(unseen).items()},
    }


def _responses(
    database: Database, annotator: AnnotatorRecord, n: int, dataset: str | None
) -> list[tuple[str, list[Response]]]:
    from training.best_of_n import Response

    found: dict[int, tuple[str, list[Response]]] = {}
    for chunk in each_solution(database, dataset=dataset):
        told = annotations_of(database, [solution.id for solution in chunk])
        scores = {one.solution_id: one.scores for one in told if one.annotator_id == annotator.id}
        for solution in chunk:
            if solution.is_correct is None or solution.id not in scores:
                continue
            answer = solution.final_answer
            response = Response(
                normalise(answer) if answer else None, solution.is_correct, scores[solution.id]
            )
            _, group = found.setdefault(solution.problem_id, (solution.problem, []))
            group.extend([response] * solution.multiplicity)
            del group[n:]
    return list(found.values())


def _training_problems(annotator: AnnotatorRecord) -> frozenset[str]:
    """Fingerprints of the problems a PRM of ours was trained on; empty where unknown."""
    from models.names import resolve_checkpoint

    if annotator.kind != "prm":
        return frozenset()
    try:
        file = Path(resolve_checkpoint(annotator.config["model"])) / "steplens.json"
        provenance = json.loads(file.read_text("utf-8"))
        # The validation problems chose the best epoch, so they are not held out either.
        return frozenset(provenance["training_problems"] + provenance["validation_problems"])
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def _plain(result: Any) -> dict[str, Any]:
    """As JSON that every database takes: what is not defined is null, not NaN."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: clean(inner) for name, inner in value.items()}
        return None if isinstance(value, float) and math.isnan(value) else value

    return {name: clean(value) for name, value in asdict(result).items()}
