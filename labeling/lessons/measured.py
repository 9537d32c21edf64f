"""What one PRM comes to on the test, problem by problem: the sums that figures are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database
from db.records import AnnotationRecord, SolutionRecord
from db.solutions import each_solution
from labeling.answers.grade import normalise
from labeling.lessons.findings import BASELINES, LAST_LOWEST, TOLERANCE, WAYS
from labeling.lessons.labels import TRUTH_LABEL
from training.metrics.best_of_n import SCORINGS, Response, chances
from training.metrics.biases import lowest_steps
from training.metrics.processbench.evaluation import NO_ERROR, Offsets, first_error_offsets
from training.metrics.processbench.scored import scored


@dataclass(frozen=True, slots=True)
class Test:
    """Solutions by problem, with their exact first errors by id; None where there is none."""

    problems: list[list[SolutionRecord]]
    true: dict[int, int | None]


@dataclass(frozen=True, slots=True)
class Measured:
    """One PRM on the test: by problem, in one order for all PRMs.

    `counts` (problems, 4) are those of `estimates.f1_of`. `shares` has (problems, 2), the solutions
    for which something holds and those asked about, by the name in `findings`. `chances` has the
    chance (problems of Best-of-N,) of a right pick by the way to choose; `offsets` are over all.
    """

    counts: np.ndarray
    shares: dict[str, np.ndarray]
    chances: dict[str, np.ndarray]
    offsets: Offsets


def test_of(database: Database, dataset: str) -> Test:
    """The solutions of a data set with what the exact checker says."""
    truth = find_annotator(database, TRUTH_LABEL).id
    problems: dict[int, list[SolutionRecord]] = {}
    true: dict[int, int | None] = {}
    for chunk in each_solution(database, dataset=dataset):
        for solution in chunk:
            problems.setdefault(solution.problem_id, []).append(solution)
            true[solution.id] = None
        for one in annotations_of(database, [solution.id for solution in chunk]):
            if one.annotator_id == truth:
                true[one.solution_id] = one.first_error
    return Test(list(problems.values()), true)


def said_by(database: Database, test: Test, label: str) -> dict[int, AnnotationRecord]:
    """What an annotator says of each solution of the test, by id."""
    who = find_annotator(database, label).id
    ids = list(test.true)
    return {
        one.solution_id: one for one in annotations_of(database, ids) if one.annotator_id == who
    }


def measured(test: Test, said: Mapping[int, AnnotationRecord], n: int) -> Measured:
    """One PRM's annotations by solution, against the exact labels and the answers."""
    counts = np.zeros((len(test.problems), 4))
    shares = {name: np.zeros((len(test.problems), 2)) for name in (TOLERANCE, LAST_LOWEST)}
    pairs: list[tuple[int | None, int]] = []
    picks: list[dict[str, np.ndarray]] = []
    for place, problem in enumerate(test.problems):
        for one in problem:
            true, told = test.true[one.id], said[one.id]
            if told.scores and None not in told.scores and len(one.steps) > 1:
                shares[LAST_LOWEST][place] += _is_lowest_at_last(told), 1
            if true is None:
                continue
            pairs.append((told.first_error, true))
            hit = told.first_error == true
            column = 0 if true != NO_ERROR else 2
            counts[place, column : column + 2] += hit, 1
            if true != NO_ERROR and one.is_correct:
                shares[TOLERANCE][place] += hit, 1
        if sum(one.samples for one in problem) >= n:
            group = [_response(one, said[one.id]) for one in problem]
            # Votes are drawn: alike for each PRM.
            picks.append(chances(group, [n], SCORINGS, np.random.default_rng([0, place])))
    ways = (*WAYS, *BASELINES)
    by_way = {way: np.array([float(one[way][0]) for one in picks]) for way in ways}
    return Measured(counts, shares, by_way, first_error_offsets(pairs))


def flaws(test: Test) -> np.ndarray:
    """Right answers with a wrong step, and right answers: (problems, 2), as often as sampled."""
    found = np.zeros((len(test.problems), 2))
    for place, problem in enumerate(test.problems):
        for one in problem:
            true = test.true[one.id]
            if one.is_correct and true is not None:
                found[place] += one.samples * (true != NO_ERROR), one.samples
    return found


def _is_lowest_at_last(told: AnnotationRecord) -> bool:
    these = scored([told.scores], [NO_ERROR])
    return int(lowest_steps(these)[0]) == len(told.scores) - 1


def _response(solution: SolutionRecord, said: AnnotationRecord) -> Response:
    answer = solution.final_answer
    return Response(
        normalise(answer) if answer else None,
        bool(solution.is_correct),
        said.scores,
        solution.samples,
    )
