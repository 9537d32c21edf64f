"""The ProcessBench metric, and from step scores to the index of the first error."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

NO_ERROR = -1
THRESHOLD = 0.5
DRAWS = 1000  # that intervals are made from


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95% interval; NaN at both ends where the quantity is not defined."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ProcessBenchResult:
    """Accuracies and F1 as fractions; NaN where the samples that define them are missing.

    `intervals` has the keys "error_accuracy", "correct_accuracy" and "f1".
    """

    error_accuracy: float
    correct_accuracy: float
    f1: float
    n_error: int
    n_correct: int
    n_unparsed: int
    intervals: dict[str, Interval]


@dataclass(frozen=True, slots=True)
class ProcessBenchReport:
    """The figures of each data set, and their unweighted mean with the numbers added up."""

    mean: ProcessBenchResult
    datasets: dict[str, ProcessBenchResult]


@dataclass(frozen=True, slots=True)
class Hits:
    """How many verdicts are right (`error`, `correct`) of those with and without an error."""

    error: int
    n_error: int
    correct: int
    n_correct: int
    n_unparsed: int


def harmonic_mean(error_accuracy: float, correct_accuracy: float) -> float:
    """ProcessBench's F1 (arXiv 2412.06559, section 4.1): 0 when both are 0, NaN with a NaN.

    Not a classifier's F1: it balances the two accuracies (QwenLM/ProcessBench#6).
    """
    if math.isnan(error_accuracy) or math.isnan(correct_accuracy):
        return math.nan
    total = error_accuracy + correct_accuracy
    return 2 * error_accuracy * correct_accuracy / total if total else 0.0


def processbench_metrics(
    predicted: Sequence[int | None],
    reference: Sequence[int],
    seed: int = 0,
    samples: int = DRAWS,
) -> ProcessBenchResult:
    """Accuracy on erroneous and on correct samples, and their harmonic mean.

    `predicted` and `reference` hold 0-based first-error indices, -1 for "no error"; a None
    (no verdict, an unparsed reply) counts as wrong. An erroneous sample is right only at its
    exact index. Intervals are Jeffreys' (see `_draws`). Without erroneous or without correct
    samples the accuracy of that class and the F1 are NaN. Raises ValueError on unequal lengths
    or an index below -1.
    """
    counts = count_hits(predicted, reference)
    return _result(_measure(counts, samples, np.random.default_rng(seed)))


def processbench_by_dataset(
    verdicts: Mapping[str, Sequence[tuple[int | None, int]]],
    seed: int = 0,
    samples: int = DRAWS,
) -> ProcessBenchReport:
    """`processbench_metrics` of each data set, and their unweighted mean.

    `verdicts` holds the pairs (predicted, reference) of each data set. ProcessBench averages
    the F1 of its subsets (arXiv 2412.06559, 4.1), so a large one weighs no more than a small
    one; pooled solutions give another number. A figure is averaged over the data sets that
    define it.
    """
    hits = {
        name: count_hits([p for p, _ in pairs], [r for _, r in pairs])
        for name, pairs in verdicts.items()
    }
    return processbench_of_hits(hits, seed, samples)


def processbench_of_hits(
    hits: Mapping[str, Hits], seed: int = 0, samples: int = DRAWS
) -> ProcessBenchReport:
    """`processbench_by_dataset` of what is counted already."""
    random = np.random.default_rng(seed)
    measured = {name: _measure(counts, samples, random) for name, counts in hits.items()}
    every = list(measured.values())
    together = _Measured(
        n_error=sum(one.n_error for one in every),
        n_correct=sum(one.n_correct for one in every),
        n_unparsed=sum(one.n_unparsed for one in every),
        points=_mean_of_defined([one.points for one in every]),
        draws=_mean_of_defined([one.draws for one in every]),
    )
    return ProcessBenchReport(
        _result(together), {name: _result(one) for name, one in measured.items()}
    )


@dataclass(frozen=True, slots=True)
class Offsets:
    """Where verdicts lie beside the first error; numbers of solutions.

    `early`, `exact`, `late`, `missed` (no error seen) and `no_verdict` are of those with an error,
    `right`, `false_alarm` and `no_verdict_right` of those without one.
    """

    early: int
    exact: int
    late: int
    missed: int
    no_verdict: int
    right: int
    false_alarm: int
    no_verdict_right: int


def first_error_offsets(pairs: Iterable[tuple[int | None, int]]) -> Offsets:
    """Count the pairs (predicted, reference) of first errors by where the prediction lies."""
    found = Counter(_offset(predicted, reference) for predicted, reference in pairs)
    return Offsets(**{name: found[name] for name in Offsets.__slots__})


def _offset(predicted: int | None, reference: int) -> str:
    if reference == NO_ERROR:
        if predicted is None:
            return "no_verdict_right"
        return "right" if predicted == NO_ERROR else "false_alarm"
    if predicted is None:
        return "no_verdict"
    if predicted == NO_ERROR:
        return "missed"
    if predicted == reference:
        return "exact"
    return "early" if predicted < reference else "late"


def first_error_from_scores(
    scores: Sequence[float | None], threshold: float = THRESHOLD
) -> int | None:
    """The first step whose P(no error so far) is below `threshold`, -1 when there is none.

    None (no verdict) when no score is low and some step has no score: the error may be in a
    step that was cut off.
    """
    for index, score in enumerate(scores):
        if score is None or math.isnan(score):
            return None
        if score < threshold:
            return index
    return NO_ERROR


FIGURES = ("error_accuracy", "correct_accuracy", "f1")


@dataclass(frozen=True, slots=True)
class _Measured:
    """`points` (3,) and what else they could be, `draws` (3, samples), in the order of FIGURES."""

    n_error: int
    n_correct: int
    n_unparsed: int
    points: np.ndarray
    draws: np.ndarray


def count_hits(predicted: Sequence[int | None], reference: Sequence[int]) -> Hits:
    """The verdicts that are right. Raises ValueError as `processbench_metrics` does."""
    if len(predicted) != len(reference):
        raise ValueError(
            f"{len(predicted)} predictions cannot be compared with {len(reference)} references"
        )
    if any(index < NO_ERROR for index in reference):
        raise ValueError("A reference is the 0-based index of the first error, or -1 for none")
    pairs = list(zip(predicted, reference, strict=True))
    return Hits(
        error=sum(p == r for p, r in pairs if r != NO_ERROR),
        n_error=sum(r != NO_ERROR for r in reference),
        correct=sum(p == r for p, r in pairs if r == NO_ERROR),
        n_correct=sum(r == NO_ERROR for r in reference),
        n_unparsed=sum(p is None for p in predicted),
    )


def _measure(hits: Hits, samples: int, random: np.random.Generator) -> _Measured:
    error = hits.error / hits.n_error if hits.n_error else math.nan
    correct = hits.correct / hits.n_correct if hits.n_correct else math.nan
    errors = _draws(hits.error, hits.n_error, samples, random)
    corrects = _draws(hits.correct, hits.n_correct, samples, random)
    total = errors + corrects
    f1s = np.divide(2 * errors * corrects, total, out=np.zeros_like(total), where=total != 0)
    return _Measured(
        n_error=hits.n_error,
        n_correct=hits.n_correct,
        n_unparsed=hits.n_unparsed,
        points=np.array([error, correct, harmonic_mean(error, correct)]),
        draws=np.stack([errors, corrects, f1s]),
    )


def _result(measured: _Measured) -> ProcessBenchResult:
    error, correct, f1 = (float(point) for point in measured.points)
    return ProcessBenchResult(
        error_accuracy=error,
        correct_accuracy=correct,
        f1=f1,
        n_error=measured.n_error,
        n_correct=measured.n_correct,
        n_unparsed=measured.n_unparsed,
        intervals={
            name: _interval(float(point), draws)
            for name, point, draws in zip(FIGURES, measured.points, measured.draws, strict=True)
        },
    )


def _mean_of_defined(values: Sequence[np.ndarray]) -> np.ndarray:
    """The mean of equally shaped arrays, element by element, over those that are not NaN."""
    stacked = np.stack(values)
    defined = ~np.isnan(stacked)
    n = defined.sum(axis=0)
    total = np.where(defined, stacked, 0.0).sum(axis=0)
    return np.divide(total, n, out=np.full(total.shape, math.nan), where=n > 0)


def _draws(hits: int, n: int, samples: int, random: np.random.Generator) -> np.ndarray:
    """Accuracies (samples,) that could have given `hits` of `n`; NaN where there are none.

    From the posterior under Jeffreys' prior, Beta(k + 1/2, n - k + 1/2): a bootstrap of n equal
    hits never varies, and would be certain of 100% after two (Brown, Cai and DasGupta 2001).
    """
    if not n:
        return np.full(samples, math.nan)
    return random.beta(hits + 0.5, n - hits + 0.5, samples)


def _interval(point: float, draws: np.ndarray) -> Interval:
    """The middle 95% of the draws, widened to the estimate where that is 0 or 1."""
    if np.isnan(draws).any():
        return Interval(math.nan, math.nan)
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(min(float(low), point), max(float(high), point))
