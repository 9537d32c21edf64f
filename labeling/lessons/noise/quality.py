"""What labels are worth by the exact ones, with intervals over the problems."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labeling.lessons.noise.completions import Case
from labeling.lessons.parts import Result
from training.metrics.estimates import f1_of, samples_of, share_of
from training.metrics.processbench.evaluation import NO_ERROR


class Quality:
    """Measures labels of the same solutions, on the same samples of their problems."""

    def __init__(self, cases: Sequence[Case]):
        self.cases = cases
        places: dict[int, int] = {}
        self.places = [places.setdefault(c.solution.problem_id, len(places)) for c in cases]
        self.samples = samples_of(len(places))

    def share(self, counts: Sequence[tuple[float, float]]) -> Result:
        """The share of two numbers of each solution, summed over all of them."""
        sums = self._sums(np.array(counts, dtype=float))
        return share_of([sums], self.samples).estimate.to_json()

    def of(self, said: Sequence[int | None], kept: Sequence[bool] | None = None) -> Result:
        """How good first errors are, of the solutions whose true one is known.

        None is no verdict, and no hit. What is not `kept` is not measured.
        """
        counts = np.zeros((len(self.cases), 4))
        for at, (case, one) in enumerate(zip(self.cases, said, strict=True)):
            if case.true is not None and (kept is None or kept[at]):
                column = 0 if case.true != NO_ERROR else 2
                counts[at, column : column + 2] = one == case.true, 1
        sums = self._sums(counts)
        exact = np.stack([sums[:, 0] + sums[:, 2], sums[:, 1] + sums[:, 3]], axis=1)
        return {
            "solutions": int(exact[:, 1].sum()),
            "exact": share_of([exact], self.samples).estimate.to_json(),
            "f1": f1_of([sums], self.samples).estimate.to_json(),
        }

    def _sums(self, counts: np.ndarray) -> np.ndarray:
        found = np.zeros((self.samples.shape[1], counts.shape[1]))
        np.add.at(found, self.places, counts)
        return found
