"""Best-of-N by an annotator's scores over the responses in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database
from db.records import AnnotatorRecord
from db.solutions import each_solution
from labeling.answers.grade import normalise
from labeling.evaluation.datasets import require_dataset
from labeling.evaluation.provenance import training_problems
from labeling.evaluation.results import BestOfNJson, pick_json

if TYPE_CHECKING:
    from training.best_of_n import Response


def evaluate_best_of_n(
    database: Database, annotator: str, n: int, dataset: str | None = None
) -> BestOfNJson:
    """Best-of-N by an annotator's step scores, over the problems with at least `n` responses.

    Of a problem's graded responses the first `n` count; one that was sampled several times and
    stored once counts as often as it was sampled. Returns problems, trained_on_problems (of
    these, those that the PRM was trained on: left out) and the picks of `training.best_of_n`.
    Raises ValueError when no problem has enough.
    """
    from training.best_of_n import best_of_n
    from training.data import fingerprint

    require_dataset(database, dataset)
    mine = find_annotator(database, annotator)
    trained_on = training_problems(mine)
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
        "picks": {name: pick_json(pick) for name, pick in best_of_n(unseen).items()},
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
            group.extend([response] * solution.samples)
            del group[n:]
    return list(found.values())
