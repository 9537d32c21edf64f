"""A PRM's score among those that it gives labelled steps."""

from __future__ import annotations

import pytest

from db.annotators import ensure_reviewer
from db.corrections import append_corrections
from db.engine import Database
from labeling.review.items import evidence
from labeling.review.scores import labelled_steps, places
from tests.support.rows import correction, fill, machine


def test_steps_count_up_to_the_first_error_that_people_name(database: Database) -> None:
    fill(database, 4)
    scores = {1: (0.9, 0.2), 2: (0.4, 0.8), 3: (0.7, 0.6), 4: (0.1, 0.1)}
    prm = machine(database, "prm", dict.fromkeys(scores, -1), scores)
    # Who came with the data says none of 1 and 2 is wrong; ann finds step 2 of the first wrong.
    machine(database, "human", {1: -1, 2: -1})
    ann = ensure_reviewer(database, "ann")
    acts = [
        correction(1, ann.id, "token-1"),
        correction(3, ann.id, "token-3", labels=(-1, None), first_error=0),
    ]
    append_corrections(database, acts)
    among = labelled_steps(database, prm.id)
    told = list(zip(among.scores, among.solutions, among.steps, among.right, strict=True))
    assert told == [
        (0.2, 1, 1, False),
        (0.4, 2, 0, True),
        (0.7, 3, 0, False),  # what comes after it is not judged
        (0.8, 2, 1, True),
        (0.9, 1, 0, True),
    ]
    # Its own steps are not among a solution's neighbours.
    first, second, third = places(among, 1, [0.9, 0.45, None])
    assert (first["n"], first["below"]) == (3, 1.0)
    assert second["below"] == pytest.approx(1 / 3)
    assert second["wrong"] == pytest.approx(1 / 3)
    assert [(near["solution_id"], near["step"]) for near in second["near"]] == [
        (2, 0),
        (3, 0),
        (2, 1),
    ]
    assert third == {"n": 3, "below": None, "wrong": None, "near": []}
    assert [one["n"] for one in evidence(database, 4, prm)["places"]] == [5, 5]


def test_without_labels_there_is_nothing_to_stand_among(database: Database) -> None:
    fill(database, 1)
    prm = machine(database, "prm", {1: -1}, {1: (0.9, 0.2)})
    (place, _) = evidence(database, 1, prm)["places"]
    assert place == {"n": 0, "below": None, "wrong": None, "near": []}
