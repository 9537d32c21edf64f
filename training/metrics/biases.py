"""The three biases of arXiv 2501.07301 (3.2): flawed right answers, tolerance, last steps.

All take arrays over n solutions: `reference` are 0-based first errors, NO_ERROR for none; `answers`
are 1 for a right answer, 0 for a wrong one, anything else where it is not known; `problems` say
which solutions belong together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.metrics.intervals import Mean, Share, mean, share
from training.metrics.processbench.evaluation import NO_ERROR
from training.metrics.processbench.scored import Scored
from training.metrics.ranking import auc

RIGHT, WRONG = 1, 0
# Where in a solution a step lies, from 0 for the first step to 1 for the last.
PLACES = ("first quarter", "second quarter", "third quarter", "fourth quarter", "last step")
AGGREGATIONS = ("product", "min", "last", "mean")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What an annotator makes of right answers: with a wrong step, and without one.

    `caught` is the share of the flawed in which it sees any error, `exact` that in which it names
    the first one; `false_alarms` is the share of the clean in which it sees one.
    """

    caught: Share
    exact: Share
    false_alarms: Share


@dataclass(frozen=True, slots=True)
class LowestPlaces:
    """Where the lowest score of a solution lies, and where its first error does.

    `last` is the share of solutions with the lowest score on the last step: `every` solution, those
    with a right and with a wrong answer; `last_error` the share of solutions with an error whose
    first one is in the last step. `lowest` and `errors` (5,) are the shares of the solutions with
    an error whose lowest score and whose first error lies in each of PLACES.
    """

    last: Share
    last_of_right: Share
    last_of_wrong: Share
    last_error: Share
    lowest: tuple[Share, ...]
    errors: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Aggregation:
    """How well a solution's score tells right from wrong: areas under the ROC curve.

    `of_answers` tells right answers from wrong ones, `of_processes` solutions without an error from
    those with one; NaN without both. A PRM that has become an outcome model tells answers best by
    its last score.
    """

    name: str
    of_answers: float
    of_processes: float


def flawed_right_answers(reference: np.ndarray, answers: np.ndarray) -> Share:
    """Bias 1: the share of solutions with a right answer that have a wrong step (3.2.1)."""
    return share(reference[answers == RIGHT] != NO_ERROR)


def tolerance(said: np.ndarray, reference: np.ndarray, answers: np.ndarray) -> Tolerance:
    """Bias 2: what the verdicts `said` (n,) make of right answers (3.2.2).

    A verdict is a step, NO_ERROR, or any other negative number for none, which catches nothing.
    """
    right = answers == RIGHT
    flawed, clean = right & (reference != NO_ERROR), right & (reference == NO_ERROR)
    return Tolerance(
        caught=share(said[flawed] >= 0),
        exact=share(said[flawed] == reference[flawed]),
        false_alarms=share(said[clean] >= 0),
    )


def lowest_places(these: Scored, answers: np.ndarray) -> LowestPlaces:
    """Bias 3: how often the lowest score is on the last step (3.2.3), and the true errors' places.

    Over solutions with a score for each of at least two steps: in one step there is no other place.
    Of equally low scores the first counts.
    """
    n_steps = these.n_steps
    used = these.complete & (n_steps > 1)
    lowest = lowest_steps(these)
    on_last = lowest == n_steps - 1
    wrong = used & (these.reference != NO_ERROR)
    ends = n_steps[wrong] - 1
    return LowestPlaces(
        last=share(on_last[used]),
        last_of_right=share(on_last[used & (answers == RIGHT)]),
        last_of_wrong=share(on_last[used & (answers == WRONG)]),
        last_error=share(these.reference[wrong] == ends),
        lowest=_spread(lowest[wrong], ends),
        errors=_spread(these.reference[wrong], ends),
    )


def lowest_steps(these: Scored) -> np.ndarray:
    """The step (n,) with the lowest score of each solution, the first of equally low ones."""
    if not these.scores.shape[1]:
        return np.zeros(len(these), dtype=int)
    return np.argmin(np.where(np.isnan(these.scores), np.inf, these.scores), axis=1)


def places(steps: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Which of PLACES (n,) the 0-based `steps` lie in, of solutions whose last is `ends` > 0."""
    return np.minimum(4 * steps // ends, len(PLACES) - 1)


def mean_lowest(
    these: Scored, answers: np.ndarray, problems: np.ndarray
) -> dict[tuple[bool, bool], Mean]:
    """(process right, answer right) -> mean lowest score, over solutions with every score.

    A PRM that judges the process keeps the two columns of an answer apart; one that judges the
    outcome keeps the two rows.
    """
    found = {}
    for process in (True, False):
        for answer in (True, False):
            which = these.complete & (these.n_steps > 0)
            which &= (these.reference == NO_ERROR) == process
            which &= answers == (RIGHT if answer else WRONG)
            found[process, answer] = mean(these.lowest[which], problems[which])
    return found


def aggregations(these: Scored, answers: np.ndarray) -> list[Aggregation]:
    """What each way to make one score of a solution's steps tells apart.

    The paper compares them by Best-of-N (appendix A); this needs no second response to a problem.
    """
    used = these.complete & (these.n_steps > 0)
    graded = used & np.isin(answers, (RIGHT, WRONG))
    clean = these.reference == NO_ERROR
    found = []
    for name in AGGREGATIONS:
        one = aggregated(these, name)
        found.append(
            Aggregation(
                name,
                auc(one[graded], answers[graded] == RIGHT),
                auc(one[used], clean[used]),
            )
        )
    return found


def aggregated(these: Scored, name: str) -> np.ndarray:
    """One score (n,) of each solution's steps: product, lowest (min), last or mean.

    NaN where a step has no score. Raises ValueError for another name.
    """
    if name == "product":
        one = np.where(np.isnan(these.scores), 1.0, these.scores).prod(axis=1)
    elif name == "min":
        one = these.lowest
    elif name == "last":
        ends = np.maximum(these.n_steps - 1, 0)
        one = np.take_along_axis(_padded(these.scores), ends[:, None], axis=1)[:, 0]
    elif name == "mean":
        one = np.nansum(these.scores, axis=1) / np.maximum(these.n_steps, 1)
    else:
        raise ValueError(f"{name} is none of {', '.join(AGGREGATIONS)}")
    return np.where(these.complete & (these.n_steps > 0), one, np.nan)


def _padded(scores: np.ndarray) -> np.ndarray:
    """The scores with at least one column, so that a last step can be taken of no steps at all."""
    return scores if scores.shape[1] else np.full((len(scores), 1), np.nan)


def _spread(steps: np.ndarray, ends: np.ndarray) -> tuple[Share, ...]:
    mine = places(steps, ends) if len(steps) else np.zeros(0, dtype=int)
    return tuple(share(mine == place) for place in range(len(PLACES)))


def by_group(
    names: Sequence[str], groups: np.ndarray, reference: np.ndarray, answers: np.ndarray
) -> dict[str, Share]:
    """`flawed_right_answers` of each group; `groups` (n,) are places in `names`."""
    return {
        name: flawed_right_answers(reference[groups == place], answers[groups == place])
        for place, name in enumerate(names)
        if (groups == place).any()
    }
