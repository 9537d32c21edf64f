"""What 200 people did in the project of `benchmarks.million`: 50,000 acts, and their labels."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import timedelta

from sqlalchemy import select, text

from db.annotators import count_annotations, ensure_reviewer
from db.engine import Database
from db.schema import Solution, utcnow

PEOPLE, ACTS = 200, 50_000
LABELLED_AMONG = 40_000  # solutions that the acts are on, so that many have several
CORRECTION = (
    "INSERT INTO correction (token, solution_id, annotator_id, action, labels, first_error, flags, "
    "seconds, scores_visible, undoes, is_current, created_at) VALUES (:token, :solution_id, "
    ":annotator_id, :action, :labels, :first_error, :flags, :seconds, false, :undoes, :is_current, "
    ":created_at)"
)
LABELS = (
    "INSERT INTO annotation (solution_id, annotator_id, scores, first_error, status, lowest, "
    "evidence, created_at) VALUES (:solution_id, :annotator_id, :scores, :first_error, 'ok', "
    ":lowest, '{}', :created_at)"
)


def fill_people(database: Database, solutions: int) -> None:
    """Labels, skips and labels taken back by PEOPLE on the first solutions, ACTS in all.

    Each person acts once on a solution, so an act counts unless it was taken back.
    """
    chance = random.Random(2)
    people = [ensure_reviewer(database, f"person {n}").id for n in range(PEOPLE)]
    among = range(1, min(LABELLED_AMONG, solutions) + 1)
    with database.read() as session:
        query = select(Solution.id, Solution.n_steps).where(Solution.id <= among[-1])
        n_steps = dict(session.execute(query).all())
    each = min(ACTS // PEOPLE, len(among))
    acts: list[dict[str, object]] = []
    for person in people:
        for place in chance.sample(among, each):
            acts += person_acts(place, n_steps[place], person, len(acts), chance)
    labels = [one for one in acts if one["is_current"] and one["action"] == "label"]
    with database.write() as session:
        session.execute(text(CORRECTION), acts)
        session.execute(
            text(LABELS),
            [
                {**one, "scores": one["labels"], "lowest": 1 if one["first_error"] == -1 else -1}
                for one in labels
            ],
        )
        for person, many in Counter(int(str(one["annotator_id"])) for one in labels).items():
            count_annotations(session, person, many)


def person_acts(
    solution_id: int, n_steps: int, person: int, number: int, chance: random.Random
) -> list[dict[str, object]]:
    """What a person does on one solution: a label, a skip, or a label and its undo."""
    what = chance.random()
    first = chance.randint(-1, min(n_steps - 1, 1))
    labels = [1] * n_steps if first < 0 else [*[1] * first, -1]
    act: dict[str, object] = {
        "token": f"token-{number:08}",
        "solution_id": solution_id,
        "annotator_id": person,
        "action": "skip" if what < 0.06 else "label",
        "labels": None if what < 0.06 else json.dumps(labels),
        "first_error": None if what < 0.06 else first,
        "flags": json.dumps(["unsure"] if what < 0.03 else []),
        "seconds": round(chance.lognormvariate(3, 0.7), 1),
        "undoes": None,
        "is_current": what < 0.96,
        "created_at": str(utcnow() - timedelta(minutes=chance.randint(0, 40_000))),
    }
    if what < 0.96:
        return [act]
    undo = {"labels": None, "first_error": None, "flags": "[]", "is_current": False}
    token = {"token": f"token-{number + 1:08}", "action": "undo", "undoes": act["token"]}
    return [act, {**act, **undo, **token}]
