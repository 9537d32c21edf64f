"""A PRM's step scores beside a reference's first errors, as arrays: verdicts at any threshold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from training.metrics.processbench.evaluation import (
    NO_ERROR,
    Hits,
    Offsets,
    ProcessBenchReport,
    harmonic_mean,
    processbench_of_hits,
)

NO_VERDICT = -2
OUTCOMES = Offsets.__slots__  # an outcome is its place in this tuple


@dataclass(frozen=True, slots=True)
class Scored:
    """n solutions of at most s steps, scored by a PRM and labelled by a reference.

    `scores` (n, s) are float64, NaN beyond the last step and where a step has no score; `minima`
    (n, s) the lowest score up to each step, which stops falling where a score is missing;
    `n_steps` (n,) are the steps, `complete` (n,) says that each has a score. `reference` (n,) are
    0-based first errors, NO_ERROR for none.
    """

    scores: np.ndarray
    minima: np.ndarray
    n_steps: np.ndarray
    complete: np.ndarray
    reference: np.ndarray

    def __len__(self) -> int:
        return len(self.reference)

    @property
    def lowest(self) -> np.ndarray:
        """The lowest score (n,) before a missing one; inf where there is none."""
        return self.minima[:, -1] if self.minima.shape[1] else np.full(len(self), np.inf)

    def only(self, which: np.ndarray) -> Scored:
        """Those that `which` names: a mask (n,), or places in the order wanted."""
        return Scored(
            self.scores[which],
            self.minima[which],
            self.n_steps[which],
            self.complete[which],
            self.reference[which],
        )


@dataclass(frozen=True, slots=True)
class Curve:
    """ProcessBench's figures (T,) at each of `thresholds` (T,); NaN without that class."""

    thresholds: np.ndarray
    error_accuracy: np.ndarray
    correct_accuracy: np.ndarray
    f1: np.ndarray


def scored(scores: Sequence[Sequence[float | None]], reference: Sequence[int]) -> Scored:
    """Arrays of these step scores (None where a step has none) and first errors.

    Raises ValueError on unequal lengths.
    """
    if len(scores) != len(reference):
        raise ValueError(f"{len(scores)} scored solutions for {len(reference)} references")
    n_steps = np.array([len(mine) for mine in scores], dtype=int)
    # One array of all scores: an array for each solution would take longer than all else here.
    every = np.array(list(chain.from_iterable(scores)), dtype=float)
    return scored_in_a_row(every, n_steps, np.array(reference, dtype=int))


def scored_in_a_row(every: np.ndarray, n_steps: np.ndarray, reference: np.ndarray) -> Scored:
    """Arrays of the scores of all steps, one solution (n,) after the other, NaN where one has none.

    Raises ValueError unless `every` has as many scores as there are steps.
    """
    if len(every) != n_steps.sum():
        raise ValueError(f"{len(every)} scores for {n_steps.sum()} steps")
    padded = np.full((len(n_steps), n_steps.max(initial=0)), np.nan)
    padded[np.arange(padded.shape[1]) < n_steps[:, None]] = every
    # Nothing is known from the first missing score on, whatever comes after it.
    known = np.logical_and.accumulate(~np.isnan(padded), axis=1)
    minima = np.minimum.accumulate(np.where(known, padded, np.inf), axis=1)
    complete = known.sum(axis=1) == n_steps
    return Scored(padded, minima, n_steps, complete, reference)


def verdicts(these: Scored, threshold: float) -> np.ndarray:
    """First errors (n,) at this threshold: a step, NO_ERROR or NO_VERDICT.

    The rule is that of `training.metrics.processbench.evaluation.first_error_from_scores`.
    """
    first = (these.minima >= threshold).sum(axis=1)
    passed = np.where(these.complete, NO_ERROR, NO_VERDICT)
    return np.where(first < these.minima.shape[1], first, passed)


def outcomes(said: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """What each verdict (n,) comes to beside its reference (n,): places in OUTCOMES (n,)."""
    of_errors = np.select(
        [said == NO_VERDICT, said == NO_ERROR, said == reference, said < reference],
        [_place("no_verdict"), _place("missed"), _place("exact"), _place("early")],
        _place("late"),
    )
    of_others = np.select(
        [said == NO_VERDICT, said == NO_ERROR],
        [_place("no_verdict_right"), _place("right")],
        _place("false_alarm"),
    )
    return np.where(reference == NO_ERROR, of_others, of_errors)


def cross_table(said: np.ndarray, reference: np.ndarray) -> Counter[tuple[int, int]]:
    """(verdict, reference) -> solutions."""
    return Counter(zip(said.tolist(), reference.tolist(), strict=True))


def confidence(these: Scored, said: np.ndarray, threshold: float) -> np.ndarray:
    """How sure of itself each verdict (n,) is, from 0 to 1: mistakes are listed by it.

    Of no error: the lowest score. Of an error: how far the score of its step is under 1, and for
    an early or late one the least that any score up to it need move to change the verdict, as
    `labeling.uncertainty.prm_margin` has it. 0 for no verdict.
    """
    flagged = said >= 0
    steps = np.arange(these.scores.shape[1])
    reach = np.where(flagged[:, None], steps <= said[:, None], False)
    margins = np.min(np.abs(these.scores - threshold), axis=1, where=reach, initial=1.0)
    at_flag = these.lowest.copy()
    rows = np.flatnonzero(flagged)
    at_flag[rows] = these.scores[rows, said[rows]]
    of_errors = np.where(these.reference == NO_ERROR, 1 - at_flag, margins)
    sure = np.where(flagged, of_errors, these.lowest)
    return np.where((said == NO_VERDICT) | ~np.isfinite(sure), 0.0, sure)


def report(these: Scored, groups: np.ndarray, threshold: float) -> ProcessBenchReport:
    """ProcessBench's figures at this threshold, by group (n,), as the command line prints them."""
    said = verdicts(these, threshold)
    right, wrong = said == these.reference, these.reference != NO_ERROR
    hits = {}
    for group in np.unique(groups):
        mine = groups == group
        hits[str(group)] = Hits(
            error=int((right & wrong & mine).sum()),
            n_error=int((wrong & mine).sum()),
            correct=int((right & ~wrong & mine).sum()),
            n_correct=int((~wrong & mine).sum()),
            n_unparsed=int((mine & (said == NO_VERDICT)).sum()),
        )
    return processbench_of_hits(hits)


def right_between(these: Scored) -> tuple[np.ndarray, np.ndarray]:
    """The thresholds at which each verdict is right: low < threshold <= high, (n,) each.

    Both are inf for a verdict that is right at none.
    """
    n, longest = these.minima.shape
    rows = np.arange(n)
    of_error = (these.reference >= 0) & (these.reference < longest)
    at = np.where(of_error, these.reference, 0)
    low, high = np.full(n, np.inf), np.full(n, np.inf)
    if longest:
        before = np.where(at > 0, these.minima[rows, np.maximum(at - 1, 0)], np.inf)
        found = of_error & (these.minima[rows, at] < before)
        low[found], high[found] = these.minima[rows, at][found], before[found]
    passed = (these.reference == NO_ERROR) & these.complete
    low[passed], high[passed] = -np.inf, these.lowest[passed]
    return low, high


def curve(these: Scored, groups: np.ndarray, thresholds: np.ndarray) -> Curve:
    """ProcessBench's figures at each threshold: the unweighted mean over the groups (n,).

    A group is a data set; each figure is averaged over those that define it, as
    `training.metrics.processbench.evaluation.processbench_by_dataset` does.
    """
    low, high = right_between(these)
    wrong = these.reference != NO_ERROR
    figures = []
    for group in np.unique(groups):
        mine = groups == group
        error, correct = (
            _shares_right(low[mine & which], high[mine & which], thresholds)
            for which in (wrong, ~wrong)
        )
        f1 = [harmonic_mean(*pair) for pair in zip(error, correct, strict=True)]
        figures.append([error, correct, np.array(f1)])
    stacked = np.array(figures).reshape(len(figures), 3, len(thresholds))
    defined = ~np.isnan(stacked)
    total = np.where(defined, stacked, 0.0).sum(axis=0)
    n = defined.sum(axis=0)
    mean = np.divide(total, n, out=np.full_like(total, np.nan), where=n > 0)
    return Curve(thresholds, *mean)


def _shares_right(low: np.ndarray, high: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """The share (T,) of verdicts that are right at each threshold; NaN without any."""
    if not low.size:
        return np.full(len(thresholds), np.nan)
    begun = np.searchsorted(np.sort(low), thresholds)
    ended = np.searchsorted(np.sort(high), thresholds)
    return np.asarray((begun - ended) / low.size)


def cross_tables(these: Scored, thresholds: np.ndarray) -> np.ndarray:
    """The cross table of first errors at each of T ascending thresholds.

    An array (T, s + 2, r) of numbers of solutions: by verdict (NO_VERDICT, NO_ERROR, then the
    steps) and by reference (NO_ERROR, then the steps). A verdict holds between two running
    minima, so each solution is counted in where it begins and out where it ends.
    """
    n, longest = these.minima.shape
    shape = (len(thresholds) + 1, longest + 2, int(these.reference.max(initial=NO_ERROR)) + 2)
    before = np.column_stack([np.full(n, np.inf), these.minima])
    rows, steps = np.nonzero(these.minima < before[:, :-1])
    # A step is the verdict from the first threshold above its minimum to where an earlier one is.
    starts = np.searchsorted(thresholds, these.minima[rows, steps], side="right")
    first = np.diff(rows, prepend=-1) > 0
    ends = np.where(first, len(thresholds), np.roll(starts, 1))
    passed = np.searchsorted(thresholds, before[:, -1], side="right")
    said = [steps - NO_VERDICT, np.where(these.complete, NO_ERROR, NO_VERDICT) - NO_VERDICT]
    verdict, expected = np.concatenate(said), these.reference[np.concatenate([rows, np.arange(n)])]
    counted = np.zeros(shape, dtype=int)
    for places, sign in (
        (np.concatenate([starts, np.zeros(n, dtype=int)]), 1),
        (np.concatenate([ends, passed]), -1),
    ):
        flat = np.ravel_multi_index((places, verdict, expected + 1), shape)
        counted += sign * np.bincount(flat, minlength=counted.size).reshape(shape)
    return counted.cumsum(axis=0)[:-1]


def _place(outcome: str) -> int:
    return OUTCOMES.index(outcome)
