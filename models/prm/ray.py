"""Scores by copies of a PRM over a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable

from models.cluster import Cluster
from models.prm.base import Scorer, Scores, Solutions
from models.replicas import Replicas


class ReplicatedScorer:
    """A PRM whose scores are computed by copies of what `load` returns."""

    def __init__(self, cluster: Cluster, load: Callable[[], Scorer]) -> None:
        self._replicas = Replicas(load, cluster)
        self.warning = next(filter(None, self._replicas.each(lambda prm: prm.warning)), "")
        self.scheme, self.revision = self._replicas.same(lambda prm: (prm.scheme, prm.revision))

    def score(self, solutions: Solutions) -> Scores:
        """P(correct) of every step of every (problem, steps), as the PRM alone gives them."""
        return self._replicas.spread(lambda prm, part: prm.score(part), solutions)
