"""How far two PRMs agree: the order of their scores, their verdicts, their first errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from db.annotators import find_annotator
from db.engine import Database
from db.lists.scores import paired_scores
from db.records import AnnotatorRecord
from labeling.compare.agreement import Figure, kappa, share
from labeling.datasets import require_dataset
from training.metrics.intervals import groups_of
from training.metrics.processbench.evaluation import NO_ERROR, Interval
from training.metrics.processbench.scored import NO_VERDICT, cross_table, scored, verdicts
from training.metrics.ranking import correlation, correlation_interval, ranks


@dataclass(frozen=True, slots=True)
class PrmAgreement:
    """Two PRMs, each at its own threshold, on the solutions that both have scored.

    `correlation` is Spearman's of the lowest scores, over the `n_ranked` solutions of which both
    have every score; `same` the share with the same first error (or none) and `kappa` Cohen's,
    where both have a verdict.
    """

    first: str
    second: str
    dataset: str | None
    n: int
    n_ranked: int
    correlation: float
    correlation_interval: Interval
    same: Figure
    kappa: Figure


def compare_prms(
    database: Database, first: str, second: str, dataset: str | None = None
) -> PrmAgreement:
    """How far two PRMs agree; no reference is needed.

    Raises ValueError for an annotator that is no PRM, a data set that is not there, or without a
    solution that both have scored.
    """
    require_dataset(database, dataset)
    one, other = find_annotator(database, first), find_annotator(database, second)
    thresholds = [_threshold(who) for who in (one, other)]
    rows = list(paired_scores(database, one.id, other.id, dataset))
    if not rows:
        raise ValueError(f"{first} and {second} have scored no solution in common")
    nothing = [NO_ERROR] * len(rows)
    mine, theirs = (scored([row[place] for row in rows], nothing) for place in (0, 1))
    ranked = mine.complete & theirs.complete & (mine.n_steps > 0) & (theirs.n_steps > 0)
    lows = [each.lowest[ranked] for each in (mine, theirs)]
    first_ranks, second_ranks = (ranks(one) for one in lows)
    said = [verdicts(each, t) for each, t in zip((mine, theirs), thresholds, strict=True)]
    both = (said[0] != NO_VERDICT) & (said[1] != NO_VERDICT)
    pairs = cross_table(said[0][both], said[1][both])
    agreed = sum(count for (a, b), count in pairs.items() if a == b)
    return PrmAgreement(
        first=one.label,
        second=other.label,
        dataset=dataset,
        n=len(rows),
        n_ranked=int(ranked.sum()),
        correlation=correlation(first_ranks, second_ranks),
        correlation_interval=correlation_interval(
            first_ranks, second_ranks, groups_of(np.arange(len(first_ranks)))
        ),
        same=share(agreed, int(both.sum())),
        kappa=kappa(pairs),
    )


def _threshold(who: AnnotatorRecord) -> float:
    threshold = who.config.get("threshold")
    if threshold is None:
        raise ValueError(f"{who.label} has no threshold; only who scores steps has")
    return float(threshold)
