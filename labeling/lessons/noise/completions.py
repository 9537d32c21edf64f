"""All completions of all steps, and what else is known of the solutions that they begin with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from db.annotations import annotations_of, rollouts_of, save_wave
from db.annotators import ensure_annotator, find_annotator
from db.engine import Database, open_database
from db.jobs import create_job
from db.records import AnnotationRecord, RolloutRecord, SolutionRecord
from db.solutions import each_solution
from labeling.jobs.runner import run_job
from labeling.lessons.labels import TRUTH_LABEL
from labeling.lessons.parts import Result, Task
from labeling.lessons.solutions import JUDGE, MC

EXHAUSTIVE, NAME = "mc:lessons-exhaustive", "lessons-exhaustive"
WHOLE_STEPS = "exhaustive"  # the strategy that samples every step


@dataclass(frozen=True, slots=True)
class Case:
    """A solution with what the exact checker, the judge and Monte Carlo say of it.

    `true` is None where the checker cannot tell; `completions` has those of each step but the last,
    where nothing is left to complete.
    """

    solution: SolutionRecord
    true: int | None
    judge: AnnotationRecord | None
    mc: AnnotationRecord
    completions: tuple[tuple[RolloutRecord, ...], ...]

    @property
    def judged(self) -> int | None:
        """The judge's first error."""
        return None if self.judge is None else self.judge.first_error

    @property
    def last(self) -> int:
        """The last step, which the answer decides."""
        return len(self.solution.steps) - 1

    def successes(self, step: int) -> list[RolloutRecord]:
        """The completions of a step that reached the answer."""
        return [one for one in self.completions[step] if one.outcome == "correct"]


def complete_the_rest(task: Task) -> Result:
    """Monte Carlo at every step: what `scan` has sampled is copied, and only the rest is sampled.

    A completion's random numbers follow from its prefix, so this is what `exhaustive` would have
    sampled. Its job is told that it was interrupted: it finds the copies and goes on from there.
    """
    params = task.params
    database = open_database(task.database_url)
    try:
        scanned = find_annotator(database, MC)
        config = {name: value for name, value in scanned.config.items() if name != "chunk"}
        annotator = ensure_annotator(database, "mc", NAME, {**config, "strategy": WHOLE_STEPS})
        for chunk in each_solution(database, dataset=params["dataset"]):
            copies = [one for of in chunk for one in rollouts_of(database, of.id, scanned.id)]
            save_wave(database, annotator.id, None, [], copies)
        asked = {**params, "strategy": WHOLE_STEPS, "name": NAME}
        return run_job(database, create_job(database, "annotate_mc", asked).id, task.report)
    finally:
        database.close()


def cases(database: Database, dataset: str) -> Iterator[Case]:
    """Every solution, in the order in which jobs take them."""
    by = {find_annotator(database, one).id: one for one in (EXHAUSTIVE, JUDGE, TRUTH_LABEL)}
    exhaustive = find_annotator(database, EXHAUSTIVE).id
    for chunk in each_solution(database, dataset=dataset):
        said: dict[int, dict[str, AnnotationRecord]] = {}
        for one in annotations_of(database, [solution.id for solution in chunk]):
            if one.annotator_id in by:
                said.setdefault(one.solution_id, {})[by[one.annotator_id]] = one
        for solution in chunk:
            mine = said[solution.id]
            truth = mine.get(TRUTH_LABEL)
            stored = rollouts_of(database, solution.id, exhaustive)
            yield Case(
                solution,
                None if truth is None else truth.first_error,
                mine.get(JUDGE),
                mine[EXHAUSTIVE],
                tuple(
                    tuple(one for one in stored if one.step == step)
                    for step in range(len(solution.steps) - 1)
                ),
            )
