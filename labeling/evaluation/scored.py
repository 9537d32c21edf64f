"""A project's solutions as a PRM scored them beside a reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from db.engine import Database
from db.lists.filters import SolutionFilter
from db.lists.scores import problem_texts, scored_rows
from db.records import AnnotatorRecord
from labeling.evaluation.provenance import TrainingData, training_data, training_of
from training.metrics.processbench.scored import Scored, scored_in_a_row

UNGRADED = -1


@dataclass(frozen=True, slots=True)
class ScoredSolutions:
    """n solutions that both have annotated, by id, the reference with a verdict.

    `ids`, `problems` (n,) are ids in the project; `datasets` and `generators` (n,) are places in
    `dataset_names` and `generator_names`; `answers` (n,) are 1 for a right answer, 0 for a wrong
    one, UNGRADED; `trained_on` (n,) says that the problem is not held out of the PRM's training
    (`Training.seen`), as far as `training` knows. `threshold` is the annotator's own.
    """

    scored: Scored
    threshold: float
    ids: np.ndarray
    problems: np.ndarray
    datasets: np.ndarray
    dataset_names: tuple[str, ...]
    generators: np.ndarray
    generator_names: tuple[str, ...]
    answers: np.ndarray
    trained_on: np.ndarray
    training: TrainingData

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, which: np.ndarray) -> ScoredSolutions:
        """Those that `which` names: a mask (n,), or places in the order wanted."""
        return ScoredSolutions(
            self.scored.only(which),
            self.threshold,
            self.ids[which],
            self.problems[which],
            self.datasets[which],
            self.dataset_names,
            self.generators[which],
            self.generator_names,
            self.answers[which],
            self.trained_on[which],
            self.training,
        )


def scored_solutions(
    database: Database,
    prm: AnnotatorRecord,
    reference: AnnotatorRecord,
    wanted: SolutionFilter | None = None,
) -> ScoredSolutions:
    """Every solution that both have annotated and the filter leaves.

    Raises ValueError for an annotator without a threshold: there are no step scores to cut.
    """
    threshold = prm.config.get("threshold")
    if threshold is None:
        raise ValueError(f"{prm.label} has no threshold; only who scores steps has")
    parts = list(scored_rows(database, prm.id, reference.id, wanted or SolutionFilter()))
    known = training_of(database, prm)
    texts = problem_texts(database, prm.id) if known.problems is not None else ()
    seen = [problem for problem, text in texts if known.seen(text)]
    datasets, dataset_names = _coded([name for part in parts for name in part.datasets])
    generators, generator_names = _coded([name for part in parts for name in part.generators])
    answers = (answer for part in parts for answer in part.is_correct)
    problems = _whole(part.problem_ids for part in parts)
    read = [_read(part.scores) for part in parts]
    return ScoredSolutions(
        scored_in_a_row(
            np.concatenate([every for every, _ in read]) if read else np.empty(0),
            np.concatenate([n_steps for _, n_steps in read]) if read else np.empty(0, dtype=int),
            _whole(part.expected for part in parts),
        ),
        float(threshold),
        _whole(part.solution_ids for part in parts),
        problems,
        datasets,
        dataset_names,
        generators,
        generator_names,
        np.fromiter((UNGRADED if one is None else one for one in answers), dtype=int),
        np.isin(problems, seen),
        training_data(prm, known.problems),
    )


def _whole(columns: Iterable[Sequence[int]]) -> np.ndarray:
    return np.fromiter(chain.from_iterable(columns), dtype=int)


def _read(lists: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The numbers in lists (n,) of JSON, one after the other, null as NaN; and how many each has.

    Several times as fast as making lists of them, which is most of what opening a page takes.
    """
    inner = [one.strip()[1:-1].strip() for one in lists]
    sizes = np.fromiter((one.count(",") + 1 if one else 0 for one in inner), dtype=int)
    joined = ",".join(one for one in inner if one).replace("null", "nan")
    numbers = np.fromstring(joined, sep=",") if joined else np.empty(0)
    return numbers, sizes


def places_of(ids: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Where each of `ids` (n,) stands in the ascending ids `among`; -1 where it does not."""
    if not among.size:
        return np.full(len(ids), -1)
    places = np.minimum(np.searchsorted(among, ids), len(among) - 1)
    return np.where(among[places] == ids, places, -1)


def in_common(
    one: ScoredSolutions, other: ScoredSolutions
) -> tuple[ScoredSolutions, ScoredSolutions]:
    """The solutions that two PRMs have scored, in the same order."""
    places = places_of(one.ids, other.ids)
    return one.only(places >= 0), other.only(places[places >= 0])


def _coded(words: list[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Each word's place among the different ones, and those."""
    names = tuple(sorted(set(words)))
    places = {name: at for at, name in enumerate(names)}
    return np.array([places[word] for word in words], dtype=int), names
