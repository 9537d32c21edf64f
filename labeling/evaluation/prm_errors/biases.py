"""The paper's three biases (arXiv 2501.07301, 3.2) of a PRM and its rivals in a project."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from db.annotators import list_annotators
from db.engine import Database
from db.lists.scores import verdicts_on_answers
from labeling.evaluation.prm_errors.source import MeasuredOn, Source, load, store
from labeling.evaluation.stored import BIASES
from training.metrics.biases import (
    RIGHT,
    Aggregation,
    LowestPlaces,
    Tolerance,
    aggregations,
    by_group,
    flawed_right_answers,
    lowest_places,
    mean_lowest,
    tolerance,
)
from training.metrics.intervals import Mean, Share
from training.metrics.processbench.scored import NO_VERDICT, verdicts


@dataclass(frozen=True, slots=True)
class Biases:
    """All three, and what the measure rests on.

    `flawed` is the share of right answers with a wrong step; `tolerances` are by annotator, each
    over what it has a word on of the same solutions, the PRM at its threshold first; `mean_lowest`
    is by process and answer, as `CELLS` names them.
    """

    measured: MeasuredOn
    flawed: Share
    flawed_by_dataset: dict[str, Share]
    flawed_by_generator: dict[str, Share]
    tolerances: dict[str, Tolerance]
    lowest: LowestPlaces
    mean_lowest: dict[str, Mean]
    aggregations: list[Aggregation]


CELLS = {
    (True, True): "process right, answer right",
    (True, False): "process right, answer wrong",
    (False, True): "process wrong, answer right",
    (False, False): "process wrong, answer wrong",
}


def evaluate_biases(
    database: Database,
    annotator: str,
    reference: str,
    dataset: str | None = None,
    *,
    everything: bool = False,
) -> Biases:
    """The three biases of a PRM beside a reference; stored. Raises as `source.load` does."""
    source = load(database, annotator, reference, dataset, everything=everything)
    result = biases(source, tolerances(database, source))
    store(database, BIASES, source, result)
    return result


def biases(source: Source, by_annotator: dict[str, Tolerance]) -> Biases:
    """Every figure of what was loaded."""
    found = source.found
    these, expected = found.scored, found.scored.reference
    return Biases(
        measured=source.measured,
        flawed=flawed_right_answers(expected, found.answers),
        flawed_by_dataset=by_group(found.dataset_names, found.datasets, expected, found.answers),
        flawed_by_generator=by_group(
            found.generator_names, found.generators, expected, found.answers
        ),
        tolerances=by_annotator,
        lowest=lowest_places(these, found.answers),
        mean_lowest={
            CELLS[cell]: mean
            for cell, mean in mean_lowest(these, found.answers, found.problems).items()
        },
        aggregations=aggregations(these, found.answers),
    )


def tolerances(database: Database, source: Source) -> dict[str, Tolerance]:
    """What everybody but the reference makes of the same right answers, the PRM first."""
    found, expected = source.found, source.found.scored.reference
    mine = verdicts(found.scored, source.measured.threshold)
    result = {source.prm.label: tolerance(mine, expected, found.answers)}
    right = np.flatnonzero(found.answers == RIGHT)
    place = dict(zip(found.ids[right].tolist(), right.tolist(), strict=True))
    said: dict[int, dict[int, int]] = {}
    for annotator, solution, first_error in verdicts_on_answers(
        database, source.reference.id, right=True
    ):
        if solution in place:
            verdict = NO_VERDICT if first_error is None else first_error
            said.setdefault(annotator, {})[place[solution]] = verdict
    for other in list_annotators(database, with_work=True):
        if other.id in (source.prm.id, source.reference.id) or other.hidden:
            continue
        if of_other := said.get(other.id):
            rows = np.array(list(of_other), dtype=int)
            told = np.array(list(of_other.values()), dtype=int)
            result[other.label] = tolerance(told, expected[rows], found.answers[rows])
    return result
