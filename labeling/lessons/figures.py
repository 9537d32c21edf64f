"""What the PRMs of a run are worth on its test: F1, kinds of mistakes, Best-of-N, and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database, open_database
from db.records import AnnotationRecord, SolutionRecord
from db.solutions import each_solution
from labeling.answers.grade import normalise
from labeling.lessons.estimates import Figure, f1_of, mean_of, samples_of
from labeling.lessons.findings import (
    BASELINES,
    F1,
    FINDINGS,
    VOTE,
    WAYS,
    Finding,
    Place,
    verdict_of,
    why,
)
from labeling.lessons.labels import TRUTH_LABEL
from labeling.lessons.parts import Result, Task
from labeling.lessons.plan import prm_name
from training.metrics.best_of_n import SCORINGS, Response, chances
from training.metrics.processbench.evaluation import NO_ERROR, Offsets, first_error_offsets

ACCURACIES = ("error_accuracy", "correct_accuracy")


@dataclass(frozen=True, slots=True)
class Measured:
    """One PRM on the test: by problem, in one order for all PRMs.

    `counts` (problems, 4) are those of `estimates.f1_of`; `chances` has the chance (problems of
    Best-of-N,) of a right pick by the way to choose; `offsets` are over all solutions.
    """

    counts: np.ndarray
    chances: dict[str, np.ndarray]
    offsets: Offsets


@dataclass(frozen=True, slots=True)
class _Test:
    """The test's solutions by problem, with their exact first errors by id; None without one."""

    problems: list[list[SolutionRecord]]
    true: dict[int, int | None]


def measure(task: Task) -> Result:
    """All figures of the sources' PRMs, and what they decide."""
    sources, seeds, n = (task.params[name] for name in ("sources", "seeds", "n"))
    database = open_database(task.database_url)
    try:
        test = _read(database, task.params["dataset"])
        prms: dict[str, list[Measured]] = {}
        for done, source in enumerate(sources):
            prms[source] = [
                measured_prm(test, _said(database, test, prm_name(source, seed)), n)
                for seed in seeds
            ]
            task.report(done + 1, len(sources), source)
    finally:
        database.close()
    return figures_of(prms) | {
        "n": n,
        "solutions": sum(map(len, test.problems)),
        "with_error": sum(one is not None and one != NO_ERROR for one in test.true.values()),
    }


def figures_of(prms: Mapping[str, Sequence[Measured]]) -> Result:
    """The figures of each source over its seeds, the baselines, and the findings."""
    first = next(iter(prms.values()))[0]
    voted = len(first.chances[BASELINES[0]])
    if not voted:
        raise ValueError("no problem of the test has enough responses for Best-of-N")
    by_f1, by_vote = samples_of(len(first.counts)), samples_of(voted)

    def figure(place: Place) -> Figure:
        source, name = place
        if source == VOTE:  # the same whatever PRM stands beside it
            one = mean_of([first.chances[name]], by_vote)
            seeds = max(map(len, prms.values()))
            return Figure(np.repeat(one.points, seeds), np.repeat(one.draws, seeds, axis=0))
        mine = prms[source]
        if name == F1:
            return f1_of([one.counts for one in mine], by_f1)
        return mean_of([one.chances[name] for one in mine], by_vote)

    return {
        "problems": len(first.counts),
        "best_of_n_problems": voted,
        "baselines": {
            name: mean_of([first.chances[name]], by_vote).estimate.to_json() for name in BASELINES
        },
        "sources": {
            source: {
                "figures": {
                    name: figure((source, name)).estimate.to_json() for name in (F1, *WAYS)
                },
                "accuracies": _accuracies(mine),
                "offsets": [
                    {name: getattr(one.offsets, name) for name in Offsets.__slots__} for one in mine
                ],
            }
            for source, mine in prms.items()
        },
        "findings": [_decided(one, figure(one.higher), figure(one.lower)) for one in FINDINGS],
    }


def measured_prm(test: _Test, said: Mapping[int, AnnotationRecord], n: int) -> Measured:
    """One PRM's annotations by solution, against the exact labels and the answers."""
    counts = np.zeros((len(test.problems), 4))
    pairs: list[tuple[int | None, int]] = []
    picks: list[dict[str, np.ndarray]] = []
    for place, problem in enumerate(test.problems):
        for one in problem:
            true = test.true[one.id]
            if true is None:
                continue
            first_error = said[one.id].first_error
            pairs.append((first_error, true))
            column = 0 if true != NO_ERROR else 2
            counts[place, column] += first_error == true
            counts[place, column + 1] += 1
        if sum(one.samples for one in problem) >= n:
            group = [_response(one, said[one.id]) for one in problem]
            # Votes are drawn: alike for each PRM.
            random = np.random.default_rng([0, place])
            picks.append(chances(group, [n], SCORINGS, random))
    ways = (*WAYS, *BASELINES)
    return Measured(
        counts,
        {way: np.array([float(one[way][0]) for one in picks]) for way in ways},
        first_error_offsets(pairs),
    )


def _response(solution: SolutionRecord, said: AnnotationRecord) -> Response:
    answer = solution.final_answer
    return Response(
        normalise(answer) if answer else None,
        bool(solution.is_correct),
        said.scores,
        solution.samples,
    )


def _read(database: Database, dataset: str) -> _Test:
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
    return _Test(list(problems.values()), true)


def _said(database: Database, test: _Test, name: str) -> dict[int, AnnotationRecord]:
    prm = find_annotator(database, f"prm:{name}").id
    ids = list(test.true)
    return {
        one.solution_id: one for one in annotations_of(database, ids) if one.annotator_id == prm
    }


def _accuracies(prms: Sequence[Measured]) -> dict[str, list[float | None]]:
    """ProcessBench's two accuracies of each seed."""
    found: dict[str, list[float | None]] = {name: [] for name in ACCURACIES}
    for one in prms:
        sums = one.counts.sum(axis=0)
        for name, hits, n in zip(ACCURACIES, sums[::2], sums[1::2], strict=True):
            found[name].append(float(hits / n) if n else None)
    return found


def _decided(finding: Finding, higher: Figure, lower: Figure) -> dict[str, Any]:
    difference = (higher - lower).estimate
    verdict = verdict_of(*difference.both)
    return {
        "key": finding.key,
        "verdict": verdict,
        "higher": float(higher.points.mean()),
        "lower": float(lower.points.mean()),
        "difference": difference.to_json(),
        "why": why(verdict, difference),
    }
