"""Monte-Carlo labels at other thresholds: how many of K completions make a step wrong?"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from db.annotations import compare
from db.annotators import find_annotator
from db.engine import Database
from labeling.montecarlo.planner import has_whole_steps
from training.metrics.processbench.evaluation import ProcessBenchReport, processbench_by_dataset
from training.metrics.processbench.scored import NO_VERDICT, scored, verdicts

USUAL_SAMPLES = 8  # of labels that came with a data set, which do not say


@dataclass(frozen=True, slots=True)
class MCThresholds:
    """ProcessBench's figures of the hard labels at each share of successes that is still wrong."""

    annotator: str
    reference: str
    solutions: int
    thresholds: tuple[float, ...]
    reports: tuple[ProcessBenchReport, ...]


def mc_thresholds(database: Database, annotator: str, reference: str) -> MCThresholds:
    """A step is wrong when its share of successes is at most 0, 1/K, ... (K-1)/K (2.1, 2.5).

    The last step is wrong when the answer is, at any threshold. Raises ValueError for an annotator
    whose shares say nothing above 0, or one that shares no solution with the reference.
    """
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
    these = scored([one.scores for one in told], expected)
    samples = int(mc.config.get("samples", USUAL_SAMPLES))
    thresholds = tuple(successes / samples for successes in range(samples))
    reports = []
    for threshold in thresholds:
        # `verdicts` asks for scores under a threshold, and here an equal one is wrong too.
        said = verdicts(these, float(np.nextafter(threshold, 1)))
        pairs: dict[str, list[tuple[int | None, int]]] = defaultdict(list)
        for one, verdict, truth in zip(told, said.tolist(), expected, strict=True):
            pairs[one.dataset].append((None if verdict == NO_VERDICT else verdict, truth))
        reports.append(processbench_by_dataset(dict(sorted(pairs.items()))))
    return MCThresholds(mc.label, other.label, len(told), thresholds, tuple(reports))
