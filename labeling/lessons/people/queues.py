"""Corrections of the consensus' labels, drawn from the truth, by one queue or another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from db.annotators import find_annotator
from db.engine import open_database
from labeling.consensus.rule import Candidate, HumanVerdict, Kept, decide, summarise
from labeling.lessons.labels import RULES, Labelled, labelled_solutions, quality_of, write_labels
from labeling.lessons.parts import Result, Task
from labeling.lessons.people.plan import ANYWHERE, DISAGREEMENTS, LEAST_SURE
from labeling.lessons.plan import CONSENSUS
from labeling.lessons.prms import THRESHOLD
from labeling.uncertainty import prm_margin
from training.metrics.processbench.evaluation import NO_ERROR

PERSON = "people"
RULE = RULES[CONSENSUS]
SEGMENT = 256  # solutions scored together


def spend_corrections(task: Task) -> Result:
    """Write an export for each queue and number of corrections, and say what was corrected.

    Whoever is corrected is corrected alike in each of them, mistakes included, and the first
    corrections of a longer queue are those of a shorter one.
    """
    params = task.params
    database = open_database(task.database_url)
    try:
        labelled, _ = labelled_solutions(database, params["training"], params["test"])
        configs = {label: find_annotator(database, label).config for label in RULE.annotators}
    finally:
        database.close()
    scores = _scores(task, labelled)
    order = {
        queue: in_order(queue, labelled, scores, params["seed"])
        for queue in (ANYWHERE, DISAGREEMENTS, LEAST_SURE)
    }
    told = {}
    for name, (queue, n) in params["exports"].items():
        chosen = order[queue][:n]
        corrected = {
            place: correction(labelled[place], params["seed"], params["mistakes"])
            for place in chosen
        }
        decided = [
            (one, decide(RULE, _with(one, corrected.get(place))))
            for place, one in enumerate(labelled)
        ]
        kept = [(one, said) for one, said in decided if isinstance(said, Kept)]
        counts = summarise(said for _, said in decided)
        write_labels(task.folder / "exports" / name, RULE, kept, counts, configs)
        told[name] = {
            "corrected": len(chosen),
            "mistakes": sum(labelled[p].true_error != said for p, said in corrected.items()),
            "disagreements": sum(_differ(labelled[place]) for place in chosen),
            "with_error": sum(labelled[place].true_error != NO_ERROR for place in chosen),
            "labels": quality_of(kept),
        }
    return {"disagreements": len(order[DISAGREEMENTS]), "exports": told}


def in_order(
    queue: str,
    labelled: Sequence[Labelled],
    scores: Sequence[Sequence[float | None]],
    seed: int,
) -> list[int]:
    """The places of the solutions in the order in which a queue shows them.

    That of disagreements ends with the last one; ties are in a random order.
    """
    places = list(range(len(labelled)))
    random.Random(seed).shuffle(places)
    if queue == DISAGREEMENTS:
        return [place for place in places if _differ(labelled[place])]
    if queue == LEAST_SURE:
        return sorted(places, key=lambda place: _margin(scores[place]))
    return places


def correction(one: Labelled, seed: int, mistakes: float) -> int:
    """The first error that a person names: the true one, but for a share of mistakes.

    A mistake is any other step, or that there is none, or some where there is none.
    """
    draw = random.Random(f"{seed}/{one.solution.fingerprint}")
    if draw.random() >= mistakes:
        return one.true_error
    places = range(NO_ERROR, len(one.solution.steps))
    return draw.choice([place for place in places if place != one.true_error])


def _with(one: Labelled, first_error: int | None) -> Candidate:
    if first_error is None:
        return one.candidate
    return replace(one.candidate, humans={PERSON: HumanVerdict((), first_error)})


def _differ(one: Labelled) -> bool:
    said = {one.candidate.verdicts[label].first_error for label in RULE.annotators}
    return len(said) > 1


def _margin(scores: Sequence[float | None]) -> float:
    """How far the verdict is from another one, as the review queue has it."""
    first_error = next((at for at, s in enumerate(scores) if s is not None and s < THRESHOLD), -1)
    margin = prm_margin(scores, first_error, THRESHOLD)
    return 1.0 if margin is None else margin


def _scores(task: Task, labelled: Sequence[Labelled]) -> list[list[float | None]]:
    """What the PRM of the consensus says of each solution; its own training's among them."""
    from models.prm.load import load_scorer

    prm = load_scorer(str(task.folder / "prms" / task.params["prm"]))
    found: list[list[float | None]] = []
    for start in range(0, len(labelled), SEGMENT):
        some = labelled[start : start + SEGMENT]
        found += prm.score([(one.solution.problem, one.solution.steps) for one in some])
        task.report(len(found), len(labelled), "scored")
    return found
