"""Where a PRM is worse than on the whole: its figures on parts of the solutions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from training.metrics.few import FEW
from training.metrics.intervals import UNKNOWN, Share, share
from training.metrics.processbench.evaluation import DRAWS, NO_ERROR, Interval, harmonic_mean

FigureName = Literal["exact", "clean", "f1"]
FIGURES: tuple[FigureName, ...] = ("exact", "clean", "f1")


class Attribute(NamedTuple):
    """What solutions are parted by: `places` (n,) in `names`, -1 where it is not known."""

    places: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """ProcessBench's figures of some solutions (arXiv 2412.06559, 4.1).

    `exact` is the share of those with an error whose first error is named, `clean` that of those
    without one in which none is seen, `f1` their harmonic mean, NaN without both.
    """

    n: int
    exact: Share
    clean: Share
    f1: float
    f1_interval: Interval

    def value(self, figure: FigureName) -> float:
        """One of FIGURES."""
        return (
            self.f1 if figure == "f1" else (self.exact if figure == "exact" else self.clean).value
        )

    def interval(self, figure: FigureName) -> Interval:
        """Its 95% interval."""
        if figure == "f1":
            return self.f1_interval
        return (self.exact if figure == "exact" else self.clean).interval

    def too_few(self, figure: FigureName) -> bool:
        """Whether fewer than FEW solutions of a class that it needs are behind it."""
        needed = {"exact": [self.exact.n], "clean": [self.clean.n]}
        return min(needed.get(figure, [self.exact.n, self.clean.n])) < FEW


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the solutions, and how far each figure is below that of all (`loss`)."""

    attribute: str
    name: str
    figures: Figures
    loss: dict[FigureName, float]


def figures(said: np.ndarray, reference: np.ndarray, seed: int = 0) -> Figures:
    """The figures of verdicts (n,) beside a reference (n,), as first errors; NO_ERROR for none.

    Any other negative verdict is none, and wrong. Intervals are Jeffreys'; that of F1 is what
    accuracies drawn from their posteriors give, as in `training.metrics.processbench.evaluation`.
    """
    wrong = reference != NO_ERROR
    exact, clean = (share(said[which] == reference[which]) for which in (wrong, ~wrong))
    f1 = harmonic_mean(exact.value, clean.value)
    return Figures(len(said), exact, clean, f1, _f1_interval(exact, clean, f1, seed))


def slices(
    said: np.ndarray, reference: np.ndarray, attributes: Mapping[str, Attribute]
) -> list[Slice]:
    """Every part by each attribute, as `figures` has it, in the order of attributes and names.

    What holds for all of them is no part.
    """
    whole = figures(said, reference)
    found = []
    for attribute, (places, names) in attributes.items():
        for place, name in enumerate(names):
            which = places == place
            if which.any() and not which.all():
                mine = figures(said[which], reference[which])
                loss: dict[FigureName, float] = {
                    one: whole.value(one) - mine.value(one) for one in FIGURES
                }
                found.append(Slice(attribute, name, mine, loss))
    return found


def by_loss(found: Sequence[Slice], figure: FigureName) -> list[Slice]:
    """The slices that define a figure, the greatest loss first, those of too few last."""
    defined = [one for one in found if not math.isnan(one.loss[figure])]
    return sorted(defined, key=lambda one: (one.figures.too_few(figure), -one.loss[figure]))


def ranges(values: np.ndarray, starts: Sequence[int], words: str) -> Attribute:
    """Whole numbers (n,) in ranges that begin at `starts`, rising; below the first is unknown.

    `words` names a range, as "{} steps" does.
    """
    names = []
    for place, low in enumerate(starts):
        if place + 1 == len(starts):
            names.append(words.format(f"{low:,} or more"))
        elif starts[place + 1] == low + 1:
            names.append(words.format(f"{low:,}"))
        else:
            names.append(words.format(f"{low:,} to {starts[place + 1] - 1:,}"))
    return Attribute(np.searchsorted(np.array(starts), values, side="right") - 1, tuple(names))


def _f1_interval(exact: Share, clean: Share, f1: float, seed: int) -> Interval:
    if math.isnan(f1):
        return UNKNOWN
    random = np.random.default_rng(seed)
    one, other = (
        random.beta(part.count + 0.5, part.n - part.count + 0.5, DRAWS) for part in (exact, clean)
    )
    low, high = np.quantile(2 * one * other / (one + other), [0.025, 0.975])
    return Interval(min(float(low), f1), max(float(high), f1))
