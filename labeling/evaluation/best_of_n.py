"""Best-of-N over the responses of a project, by an annotator's scores, or of files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db.annotations import annotations_of
from db.annotators import find_annotator
from db.engine import Database
from db.records import REWARD, AnnotatorRecord, JobRecord
from db.solutions import each_solution
from labeling.answers.grade import grade_all, normalise
from labeling.answers.job import grade_open
from labeling.datasets import require_dataset
from labeling.evaluation.provenance import training_data, training_of
from labeling.evaluation.results import (
    BestOfNJson,
    ResponsesJson,
    curves_json,
    lengths_json,
)
from labeling.evaluation.stored import BEST_OF_N, solutions_hash, store_evaluation
from labeling.formats import fields
from labeling.formats.files.folders import file_stem, files_of
from labeling.formats.reading import open_rows
from labeling.formats.responses import ScoredResponse, scored_responses
from labeling.jobs.context import JobContext, Report

if TYPE_CHECKING:
    from training.metrics.best_of_n import Response, Scorings

TRAINED_ON = "not held out of the annotator's training"


def run_best_of_n(context: JobContext) -> dict[str, Any]:
    """The job form of `evaluate_best_of_n`."""
    params = context.params
    found = evaluate_best_of_n(
        context.database,
        params["annotator"],
        params["n"],
        params.get("dataset"),
        context.report,
        context.job,
    )
    return dict(found)


def evaluate_best_of_n(
    database: Database,
    annotator: str,
    n: int,
    dataset: str | None = None,
    report: Report | None = None,
    job: JobRecord | None = None,
) -> BestOfNJson:
    """Best-of-1 to Best-of-`n` by an annotator's step scores, per data set and their mean; stored.

    Answers that an import left open are graded first. Every response counts, as often as it was
    sampled (`training.metrics.best_of_n`). A problem with fewer than `n` responses, or of which
    something is not known, is left out and counted with the reason, so that each n speaks of the
    same problems. Raises ValueError when no problem is left, and LostJobError when `job`, if any,
    is no longer this process's.
    """
    from training.metrics.best_of_n import REWARD as BY_REWARD
    from training.metrics.best_of_n import SCORINGS

    require_dataset(database, dataset)
    mine = find_annotator(database, annotator)
    graded = grade_open(database, dataset, report)
    training = training_of(database, mine)
    problems = _of_project(database, mine, dataset)
    for problem in problems:
        problem.trained_on = training.seen(problem.text)
    measured, kept = _measured(problems, n, BY_REWARD if mine.gives_rewards else SCORINGS)
    responses = {name: [key for one in used for key in one.keys] for name, used in kept.items()}
    for name, curves in measured["datasets"].items():
        curves["solutions"] = solutions_hash(responses[name])
    result: BestOfNJson = {
        "annotator": mine.label,
        "dataset": dataset,
        "training_data": training_data(mine, training.problems),
        "graded": graded.correct + graded.wrong,
        **measured,
    }
    store_evaluation(
        database,
        BEST_OF_N,
        mine,
        None,
        chain.from_iterable(responses.values()),
        result,
        dataset=dataset,
        held_out=training.problems is not None,
        job=job,
    )
    return result


def best_of_n_of_files(files: Iterable[str | Path], n: int) -> ResponsesJson:
    """The same of the scored responses in files, without a project.

    Responses have the scores of their steps, or one reward each, or neither: then only voting,
    chance and pass@N are measured. Raises ValueError for a bad row, or when no problem is left.
    """
    from training.metrics.best_of_n import NO_SCORES, SCORINGS
    from training.metrics.best_of_n import REWARD as BY_REWARD

    found = [one for given in files for file in files_of(given) for one in read_responses(file)]
    scored = any(one.scores is not None for one in found)
    rewarded = any(one.reward is not None for one in found)
    if scored and rewarded:
        raise ValueError(
            "Some of the responses have scores (one a step) and some a reward (one each). These "
            "cannot be compared: measure them one after the other."
        )
    scorings = SCORINGS if scored else BY_REWARD if rewarded else NO_SCORES
    return _measured(_of_files(found, needs_scores=scored or rewarded), n, scorings)[0]


def read_responses(path: Path) -> Iterator[ScoredResponse]:
    """The responses in a file, one after the other.

    Raises ValueError for the first row that cannot be read, naming its line: without it a problem
    would lack a response, and every figure would be of other responses than the file's.
    """
    for value in open_rows(path):
        try:
            if value.error is not None:
                raise fields.BadRow(value.error)
            yield from scored_responses(value.value, file_stem(path))
        except fields.BadRow as error:
            raise ValueError(f"{path}, line {value.line}: {error}") from None


@dataclass(slots=True)
class _Problem:
    """A problem's responses, and how many samples lack what an evaluation needs."""

    text: str
    dataset: str
    responses: list[Response] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # the responses' fingerprints, in a project
    samples: int = 0
    without_gold: int = 0
    ungraded: int = 0
    unscored: int = 0
    trained_on: bool = False

    def lacks(self, n: int) -> str | None:
        """Why the problem cannot be used; one response that is not known would bias it."""
        if self.samples < n:
            return f"fewer than {n} responses"
        if self.without_gold:
            return "no gold answer, and a response without a grade"
        if self.ungraded:
            return "a response that could not be graded"
        if self.unscored:
            return "a response without scores"
        return TRAINED_ON if self.trained_on else None

    def add(
        self,
        answer: str | None,
        is_correct: bool | None,
        gold: str | None,
        scores: Sequence[float | None] | None,
        samples: int,
        n_steps: int | None,
        key: str = "",
    ) -> None:
        """Take in a response; `scores` is None where it should have some and has none."""
        from training.metrics.best_of_n import Response

        self.samples += samples
        if is_correct is None and gold is None:
            self.without_gold += 1
        elif is_correct is None and answer is not None:
            self.ungraded += 1
        elif scores is None:
            self.unscored += 1
        else:
            # A response without an answer has not reached the right one.
            spelling = normalise(answer) if answer else None
            self.responses.append(Response(spelling, bool(is_correct), scores, samples, n_steps))
            self.keys.append(key)


def _measured(
    problems: Sequence[_Problem], n: int, scorings: Scorings
) -> tuple[ResponsesJson, dict[str, list[_Problem]]]:
    """The figures of the problems that lack nothing, and these. ValueError when none is left."""
    from training.metrics.best_of_n import best_of_n, curve_sizes
    from training.metrics.pick_lengths import pick_lengths

    left_out = Counter(reason for one in problems if (reason := one.lacks(n)) is not None)
    kept: dict[str, list[_Problem]] = defaultdict(list)
    for problem in problems:
        if problem.lacks(n) is None:
            kept[problem.dataset].append(problem)
    if not kept:
        most = max((one.samples for one in problems), default=0)
        raise ValueError(
            f"No problem has {n} responses that are graded and scored"
            + "".join(f"; {count:,}: {reason}" for reason, count in left_out.most_common())
            + (f". The most that any has is {most}: try --n {most}" if 1 < most < n else "")
        )
    names = sorted(kept)
    responses = {name: [one.responses for one in kept[name]] for name in names}
    told = best_of_n(responses, curve_sizes(n), scorings)
    counts = {name: _count(responses[name]) for name in names}
    ways = next(iter(told.chances.values()))
    of_all = {way: [one for name in names for one in told.chances[name][way]] for way in ways}
    every = [group for name in names for group in responses[name]]
    figures: ResponsesJson = {
        "n": n,
        "sizes": list(told.sizes),
        "problems": sum(len(one) for one in kept.values()),
        "responses": sum(counts.values()),
        "left_out": dict(left_out.most_common()),
        "curves": curves_json(told.mean),
        "lengths": lengths_json(pick_lengths(every, of_all, n, scorings)),
        "datasets": {
            name: {
                "problems": len(kept[name]),
                "responses": counts[name],
                "curves": curves_json(told.datasets[name]),
                "lengths": lengths_json(
                    pick_lengths(responses[name], told.chances[name], n, scorings)
                ),
            }
            for name in names
        },
    }
    return figures, kept


def _count(groups: Sequence[Sequence[Response]]) -> int:
    return sum(one.samples for group in groups for one in group)


def _of_project(
    database: Database, annotator: AnnotatorRecord, dataset: str | None
) -> list[_Problem]:
    found: dict[tuple[str, int], _Problem] = {}
    for chunk in each_solution(database, dataset=dataset):
        told = annotations_of(database, [solution.id for solution in chunk])
        scores = {
            one.solution_id: (one.evidence.get(REWARD),) if annotator.gives_rewards else one.scores
            for one in told
            if one.annotator_id == annotator.id
        }
        for one in chunk:
            key = (one.dataset, one.problem_id)
            problem = found.setdefault(key, _Problem(one.problem, one.dataset))
            problem.add(
                one.final_answer,
                one.is_correct,
                one.gold_answer,
                scores.get(one.id),
                one.samples,
                len(one.steps),
                one.fingerprint,
            )
    return list(found.values())


def _of_files(responses: Sequence[ScoredResponse], *, needs_scores: bool) -> list[_Problem]:
    """The problems of files, with what has no grade graded against the gold answer."""
    verdicts = iter(
        grade_all(
            [
                (one.answer, one.gold_answer)
                for one in responses
                if one.is_correct is None and one.answer is not None and one.gold_answer is not None
            ]
        )
    )
    found: dict[tuple[str, str], _Problem] = {}
    for one in responses:
        is_correct = one.is_correct
        if is_correct is None and one.answer is not None and one.gold_answer is not None:
            verdict = next(verdicts)
            is_correct = None if verdict == "unknown" else verdict == "correct"
        scores = one.scores if one.reward is None else (one.reward,)
        if scores is None and not needs_scores:
            scores = ()
        key = (one.dataset, one.problem)
        problem = found.setdefault(key, _Problem(one.problem, one.dataset))
        problem.add(one.answer, is_correct, one.gold_answer, scores, one.samples, one.n_steps)
    return list(found.values())
