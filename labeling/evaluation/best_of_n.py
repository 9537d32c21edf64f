"""Best-of-N by an annotator's scores over the responses in the database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database
from db.records import AnnotatorRecord, SolutionRecord
from db.solutions import each_solution
from labeling.answers.grade import normalise
from labeling.answers.job import grade_open
from labeling.datasets import require_dataset
from labeling.evaluation.provenance import training_data, training_problems
from labeling.evaluation.results import BestOfNJson, pick_json
from labeling.jobs.context import Report

if TYPE_CHECKING:
    from training.best_of_n import Response


def evaluate_best_of_n(
    database: Database,
    annotator: str,
    n: int,
    dataset: str | None = None,
    report: Report | None = None,
) -> BestOfNJson:
    """Best-of-N by an annotator's step scores, over the problems with at least `n` responses.

    Answers that an import left open are graded first. Every response counts, as often as it was
    sampled (`training.best_of_n`). A problem of which something is not known is left out, and
    counted with the reason. Raises ValueError when no problem is left.
    """
    from training.best_of_n import best_of_n
    from training.data import fingerprint

    require_dataset(database, dataset)
    mine = find_annotator(database, annotator)
    graded = grade_open(database, dataset, report)
    trained_on = training_problems(database, mine)
    kept: list[list[Response]] = []
    left_out: Counter[str] = Counter()
    for problem in _problems(database, mine, dataset):
        reason = problem.lacks(n)
        if reason is None and fingerprint(problem.text) in (trained_on or ()):
            reason = TRAINED_ON
        if reason is None:
            kept.append(problem.responses)
        else:
            left_out[reason] += 1
    if not kept:
        raise ValueError(
            f"No problem has {n} responses that are graded and scored by {mine.label}"
            + "".join(f"; {count:,}: {reason}" for reason, count in left_out.most_common())
        )
    return {
        "annotator": mine.label,
        "dataset": dataset,
        "n": n,
        "problems": len(kept),
        "responses": sum(one.samples for group in kept for one in group),
        "training_data": training_data(mine, trained_on),
        "left_out": dict(left_out.most_common()),
        "graded": graded.correct + graded.wrong,
        "picks": {name: pick_json(pick) for name, pick in best_of_n(kept, n).items()},
    }


TRAINED_ON = "the annotator was trained on it"


@dataclass(slots=True)
class _Problem:
    """A problem's responses, and how many samples lack what an evaluation needs."""

    text: str
    responses: list[Response] = field(default_factory=list)
    samples: int = 0
    without_gold: int = 0
    ungraded: int = 0
    unscored: int = 0

    def lacks(self, n: int) -> str | None:
        """Why the problem cannot be used; one response that is not known would bias it."""
        if self.samples < n:
            return f"fewer than {n} responses"
        if self.without_gold:
            return "no gold answer, and a response without a grade"
        if self.ungraded:
            return "a response that could not be graded"
        if self.unscored:
            return "a response that the annotator has not scored"
        return None

    def add(self, solution: SolutionRecord, scores: tuple[float | None, ...] | None) -> None:
        from training.best_of_n import Response

        answer, is_correct = solution.final_answer, solution.is_correct
        self.samples += solution.samples
        if is_correct is None and solution.gold_answer is None:
            self.without_gold += 1
        elif is_correct is None and answer is not None:
            self.ungraded += 1
        elif scores is None:
            self.unscored += 1
        else:
            # A response without an answer has not reached the right one.
            spelling = normalise(answer) if answer else None
            self.responses.append(Response(spelling, bool(is_correct), scores, solution.samples))


def _problems(
    database: Database, annotator: AnnotatorRecord, dataset: str | None
) -> list[_Problem]:
    found: dict[int, _Problem] = {}
    for chunk in each_solution(database, dataset=dataset):
        told = annotations_of(database, [solution.id for solution in chunk])
        scores = {one.solution_id: one.scores for one in told if one.annotator_id == annotator.id}
        for solution in chunk:
            problem = found.setdefault(solution.problem_id, _Problem(solution.problem))
            problem.add(solution, scores.get(solution.id))
    return list(found.values())
