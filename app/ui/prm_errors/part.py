"""Parts of the solutions that figures count, by name: what a number or a mark opens."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labeling.evaluation.scored import ScoredSolutions
from training.metrics.biases import PLACES, RIGHT, WRONG, lowest_steps, places
from training.metrics.calibration import BINS, solutions, steps_to_error
from training.metrics.processbench.evaluation import NO_ERROR
from training.metrics.processbench.scored import verdicts

Mask = Callable[[ScoredSolutions, float], np.ndarray]


def _with_error(found: ScoredSolutions, t: float) -> np.ndarray:
    return found.scored.reference != NO_ERROR


def _scored(found: ScoredSolutions, t: float) -> np.ndarray:
    return found.scored.complete & (found.scored.n_steps > 0)


def _flagged_step(found: ScoredSolutions, t: float) -> np.ndarray:
    steps = steps_to_error(found.scored)
    return np.isin(np.arange(len(found)), steps.rows[steps.scores < t])


def _flawed(found: ScoredSolutions, t: float) -> np.ndarray:
    return (found.answers == RIGHT) & (found.scored.reference != NO_ERROR)


def _clean(found: ScoredSolutions, t: float) -> np.ndarray:
    return (found.answers == RIGHT) & (found.scored.reference == NO_ERROR)


def _flagged(found: ScoredSolutions, t: float) -> np.ndarray:
    return verdicts(found.scored, t) >= 0


def _exact(found: ScoredSolutions, t: float) -> np.ndarray:
    return verdicts(found.scored, t) == found.scored.reference


def _used(found: ScoredSolutions, t: float) -> np.ndarray:
    return found.scored.complete & (found.scored.n_steps > 1)


def _lowest_last(found: ScoredSolutions, t: float) -> np.ndarray:
    return _used(found, t) & (lowest_steps(found.scored) == found.scored.n_steps - 1)


def _answer(which: int) -> Mask:
    return lambda found, t: found.answers == which


def _process(right: bool) -> Mask:
    return lambda found, t: (
        found.scored.complete
        & (found.scored.n_steps > 0)
        & ((found.scored.reference == NO_ERROR) == right)
    )


def _lies(place: int, *, lowest: bool) -> Mask:
    def mask(found: ScoredSolutions, t: float) -> np.ndarray:
        these = found.scored
        wrong = _used(found, t) & (these.reference != NO_ERROR)
        step = lowest_steps(these) if lowest else these.reference
        return wrong & (places(step, np.maximum(these.n_steps - 1, 1)) == place)

    return mask


def _step_in(bin: int) -> Mask:
    def mask(found: ScoredSolutions, t: float) -> np.ndarray:
        steps = steps_to_error(found.scored)
        inside = np.clip((steps.scores * BINS).astype(int), 0, BINS - 1) == bin
        return np.isin(np.arange(len(found)), steps.rows[inside])

    return mask


def _lowest_in(bin: int) -> Mask:
    def mask(found: ScoredSolutions, t: float) -> np.ndarray:
        whole = solutions(found.scored)
        inside = np.clip((whole.scores * BINS).astype(int), 0, BINS - 1) == bin
        return np.isin(np.arange(len(found)), whole.rows[inside])

    return mask


def _both(*masks: Mask) -> Mask:
    def mask(found: ScoredSolutions, t: float) -> np.ndarray:
        return np.logical_and.reduce([one(found, t) for one in masks])

    return mask


def _not(mask: Mask) -> Mask:
    return lambda found, t: ~mask(found, t)


def _bin(bin: int) -> str:
    return f"{bin / BINS:.1f} to {(bin + 1) / BINS:.1f}"


# Name in the address -> (words, which solutions).
PARTS: dict[str, tuple[str, Mask]] = {
    "measured": ("solutions that the figures are over", lambda found, _: np.full(len(found), True)),
    "with-error": ("solutions with an error", _with_error),
    "scored": ("solutions with a score for each step", _scored),
    "flagged-step": ("a step up to the first error flagged", _flagged_step),
    "right-answer": ("right answers", _answer(RIGHT)),
    "wrong-answer": ("wrong answers", _answer(WRONG)),
    "without-error": ("solutions without an error", _not(_with_error)),
    "flawed": ("right answers with a wrong step", _flawed),
    "flawed-caught": ("flawed right answers that it flags", _both(_flawed, _flagged)),
    "flawed-exact": ("flawed right answers, exact step", _both(_flawed, _exact)),
    "flawed-passed": ("flawed right answers that pass", _both(_flawed, _not(_flagged))),
    "clean": ("clean right answers", _clean),
    "clean-flagged": ("clean right answers that it flags", _both(_clean, _flagged)),
    "last": ("lowest score on the last step", _lowest_last),
    "last-right": (
        "lowest score on the last step, right answer",
        _both(_lowest_last, _answer(RIGHT)),
    ),
    "last-wrong": (
        "lowest score on the last step, wrong answer",
        _both(_lowest_last, _answer(WRONG)),
    ),
    **{
        f"process-{process}-answer-{answer}": (
            f"process {process}, answer {answer}",
            _both(_process(process == "right"), _answer(RIGHT if answer == "right" else WRONG)),
        )
        for process in ("right", "wrong")
        for answer in ("right", "wrong")
    },
    **{
        f"lowest-{place}": (f"lowest score in the {name}", _lies(place, lowest=True))
        for place, name in enumerate(PLACES)
    },
    **{
        f"error-{place}": (f"first error in the {name}", _lies(place, lowest=False))
        for place, name in enumerate(PLACES)
    },
    **{f"step-{bin}": (f"a step scored {_bin(bin)}", _step_in(bin)) for bin in range(BINS)},
    **{f"low-{bin}": (f"lowest score {_bin(bin)}", _lowest_in(bin)) for bin in range(BINS)},
}


def mask(name: str, found: ScoredSolutions, t: float) -> np.ndarray:
    """Which of the solutions (n,) are in a part, at the threshold `t`. KeyError for no part."""
    return PARTS[name][1](found, t)
