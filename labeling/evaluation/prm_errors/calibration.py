"""Whether a PRM's scores in a project are the probabilities they claim to be, and of what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from db.engine import Database
from labeling.evaluation.prm_errors.slices import CHARACTERS, FIRST_ERRORS, STEPS, Texts, texts_of
from labeling.evaluation.prm_errors.source import MeasuredOn, Source, load, store
from labeling.evaluation.scored import ScoredSolutions
from labeling.evaluation.stored import CALIBRATION
from training.metrics.biases import RIGHT, WRONG
from training.metrics.calibration import (
    AtFirstErrors,
    Calibration,
    Detection,
    Group,
    at_first_errors,
    by_group,
    calibration,
    detection,
    solutions,
    steps_to_error,
)
from training.metrics.length import LengthEffect, length_effects
from training.metrics.slices import ranges


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """Scores of steps up to the first error, and of solutions by their lowest score.

    `by_answer` are the steps of solutions with a right and with a wrong answer; `detection` is how
    well a low score finds a first error, None where nothing or everything is one; `by_position`
    are scores of steps, `by_steps` and `by_characters` the lowest ones of solutions.
    """

    measured: MeasuredOn
    steps: Calibration
    solutions: Calibration
    by_answer: dict[str, Calibration]
    at_first_errors: AtFirstErrors
    detection: Detection | None
    by_position: list[Group]
    by_steps: list[Group]
    by_characters: list[Group]
    length_in_steps: list[LengthEffect]
    length_in_characters: list[LengthEffect]


def evaluate_calibration(
    database: Database,
    annotator: str,
    reference: str,
    dataset: str | None = None,
    *,
    everything: bool = False,
) -> CalibrationReport:
    """A PRM's calibration beside a reference; stored. Raises as `source.load` does."""
    source = load(database, annotator, reference, dataset, everything=everything)
    result = report(source, texts_of(database, source.prm.id, source.found.ids))
    store(database, CALIBRATION, source, result)
    return result


def report(source: Source, texts: Texts) -> CalibrationReport:
    """Every figure of what was loaded."""
    found = source.found
    these, problems = found.scored, found.problems
    steps, whole = steps_to_error(these), solutions(these)
    answers = found.answers[steps.rows]
    positions = ranges(steps.steps + 1, FIRST_ERRORS, "step {}")
    n_steps = ranges(these.n_steps[whole.rows], STEPS, "{} steps")
    characters = ranges(texts.characters[whole.rows], CHARACTERS, "{} characters")
    return CalibrationReport(
        measured=source.measured,
        steps=calibration(steps, problems),
        solutions=calibration(whole, problems),
        by_answer={
            "right answer": calibration(steps.only(answers == RIGHT), problems),
            "wrong answer": calibration(steps.only(answers == WRONG), problems),
        },
        at_first_errors=at_first_errors(steps, problems),
        detection=detection(steps, problems),
        by_position=by_group(steps, positions.places, positions.names, problems),
        by_steps=by_group(whole, n_steps.places, n_steps.names, problems),
        by_characters=by_group(whole, characters.places, characters.names, problems),
        length_in_steps=_effects(found, these.n_steps),
        length_in_characters=_effects(found, texts.characters),
    )


def _effects(found: ScoredSolutions, lengths: np.ndarray) -> list[LengthEffect]:
    return length_effects(found.scored, lengths, found.problems)
