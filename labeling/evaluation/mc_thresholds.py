"""Monte-Carlo labels at other thresholds: how many of K completions make a step wrong?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from db.annotations import compare
from db.annotators import find_annotator
from db.engine import Database
from db.lists.filters import MISTAKEN, OUTCOMES
from db.records import AnnotatorRecord
from labeling.montecarlo.planner import has_whole_steps
from training.metrics.processbench.evaluation import (
    Offsets,
    ProcessBenchReport,
    first_error_offsets,
    processbench_by_dataset,
)
from training.metrics.processbench.scored import NO_VERDICT, Scored, outcomes, scored, verdicts

USUAL_SAMPLES = 8  # of labels that came with a data set, which do not say


@dataclass(frozen=True, slots=True)
class MCThresholds:
    """ProcessBench's figures of the hard labels at each share of successes that is still wrong.

    `offsets` are what the verdicts come to at each threshold, by data set.
    """

    annotator: str
    reference: str
    solutions: int
    thresholds: tuple[float, ...]
    reports: tuple[ProcessBenchReport, ...]
    offsets: tuple[Mapping[str, Offsets], ...]


@dataclass(frozen=True, slots=True)
class _Shares:
    """The shares of n solutions beside a reference's first errors, with their ids and data sets."""

    mc: AnnotatorRecord
    reference: str
    ids: np.ndarray
    datasets: list[str]
    scored: Scored

    def verdicts(self, threshold: float) -> np.ndarray:
        """First errors (n,) where a step is wrong up to this share."""
        # `verdicts` asks for scores under a threshold, and here an equal one is wrong too.
        return verdicts(self.scored, float(np.nextafter(threshold, 1)))


def mc_thresholds(database: Database, annotator: str, reference: str) -> MCThresholds:
    """A step is wrong when its share of successes is at most 0, 1/K, ... (K-1)/K (2.1, 2.5).

    The last step is wrong when the answer is, at any threshold. Raises ValueError for an annotator
    whose shares say nothing above 0, or one that shares no solution with the reference.
    """
    found = _shares(database, annotator, reference)
    samples = int(found.mc.config.get("samples", USUAL_SAMPLES))
    thresholds = tuple(successes / samples for successes in range(samples))
    expected = found.scored.reference.tolist()
    reports, offsets = [], []
    for threshold in thresholds:
        pairs: dict[str, list[tuple[int | None, int]]] = {
            one: [] for one in sorted(set(found.datasets))
        }
        said = found.verdicts(threshold).tolist()
        for dataset, verdict, truth in zip(found.datasets, said, expected, strict=True):
            pairs[dataset].append((None if verdict == NO_VERDICT else verdict, truth))
        reports.append(processbench_by_dataset(pairs))
        offsets.append({name: first_error_offsets(these) for name, these in pairs.items()})
    return MCThresholds(
        found.mc.label,
        found.reference,
        len(expected),
        thresholds,
        tuple(reports),
        tuple(offsets),
    )


def solutions_at(
    database: Database, annotator: str, reference: str, threshold: float, outcome: str
) -> list[int]:
    """The ids of the solutions that an outcome counts where a step is wrong up to `threshold`.

    `outcome` is a field of `Offsets`, or MISTAKEN. Raises ValueError as `mc_thresholds` does, and
    for another outcome.
    """
    if outcome not in (*OUTCOMES, MISTAKEN):
        raise ValueError(f"{outcome!r} is no outcome at a threshold")
    found = _shares(database, annotator, reference)
    said = found.verdicts(threshold)
    if outcome == MISTAKEN:
        which = said != found.scored.reference
    else:
        which = outcomes(said, found.scored.reference) == Offsets.__slots__.index(outcome)
    return [int(one) for one in found.ids[which]]


def _shares(database: Database, annotator: str, reference: str) -> _Shares:
    mc, other = find_annotator(database, annotator), find_annotator(database, reference)
    if mc.kind != "mc" or not has_whole_steps(mc.config):
        raise ValueError(
            f"{mc.label} stopped at first successes (strategy {mc.config.get('strategy')}), so its "
            "shares say nothing above 0. Annotate with --strategy exhaustive"
        )
    told = [one for one in compare(database, mc.id, other.id) if one.expected is not None]
    if not told:
        raise ValueError(f"{annotator} and {reference} have no solution in common")
    expected = [one.expected for one in told if one.expected is not None]
    return _Shares(
        mc,
        other.label,
        np.array([one.solution_id for one in told]),
        [one.dataset for one in told],
        scored([one.scores for one in told], expected),
    )
